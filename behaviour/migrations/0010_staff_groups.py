"""Viewer, merchandiser, analyst and operator, with what each may do."""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

from behaviour.staff_groups import SHOP, make_groups


def make_permissions_and_groups(apps: Any, schema_editor: Any) -> None:
    """Django makes permissions after all migrations: those that the groups need are made now."""
    for label in ("api", *SHOP):
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0, using=schema_editor.connection.alias)
        config.models_module = None
    make_groups(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("behaviour", "0009_carts"),
        ("api", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("catalog", "0017_untranslated"),
        ("embeddings", "0008_dial_of_the_shop"),
        ("recommendations", "0017_listed_products"),
    ]
    operations = [migrations.RunPython(make_permissions_and_groups, migrations.RunPython.noop)]
