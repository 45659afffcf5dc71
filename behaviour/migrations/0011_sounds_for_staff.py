"""The groups of staff may do with sounds what they may do with pictures."""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

from behaviour.staff_groups import GROUPS, list_rights

SOUNDS = "catalog.productaudio"


def give_rights(apps: Any, schema_editor: Any) -> None:
    """Give the groups that there are the rights of the new table alone: staff may have changed the others."""
    config = apps.get_app_config("catalog")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__model="productaudio")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        actions = {action for _model, action in list_rights(group.name, models=[SOUNDS])}
        group.permissions.add(*[one for one in permissions if one.codename.partition("_")[0] in actions])


class Migration(migrations.Migration):
    dependencies = [("behaviour", "0010_staff_groups"), ("catalog", "0018_sounds")]
    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]
