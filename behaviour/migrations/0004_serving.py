"""What serving needs."""

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("behaviour", "0003_versions")]

    operations: list[Any] = []
