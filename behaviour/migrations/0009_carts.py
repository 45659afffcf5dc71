"""Neighbours of a product in a cart are of a kind of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("behaviour", "0008_privacy")]

    operations = [
        migrations.AlterField(
            model_name="neighbours",
            name="kind",
            field=models.CharField(
                choices=[
                    ("bundle", "Bought in one order"),
                    ("cart", "Lacking in a cart with it"),
                    ("viewed", "Looked at in one session"),
                    ("personal", "For whoever has looked at or bought it"),
                ],
                max_length=10,
            ),
        ),
    ]
