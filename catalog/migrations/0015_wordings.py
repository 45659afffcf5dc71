"""What names of the catalogue are called in other languages."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0014_uploads"),
    ]

    operations = [
        migrations.CreateModel(
            name="Wording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("category", "Category"),
                            ("attribute", "Attribute"),
                            ("value", "Value of an attribute"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As products have it: a category's name or path, an attribute, or a value; a value of one attribute alone as attribute:value",
                        max_length=300,
                        verbose_name="name",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        help_text="Such as zh",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z]{2,3}(?:-[a-z0-9]{2,8})?\\Z", "Name a language as in zh or pt-br."
                            )
                        ],
                        verbose_name="language",
                    ),
                ),
                ("text", models.CharField(help_text="What visitors read", max_length=300, verbose_name="text")),
            ],
            options={
                "verbose_name": "wording",
                "verbose_name_plural": "wordings",
                "ordering": ["kind", "name", "language"],
                "constraints": [
                    models.UniqueConstraint(fields=("language", "kind", "name"), name="one_wording_of_a_name")
                ],
            },
        ),
    ]
