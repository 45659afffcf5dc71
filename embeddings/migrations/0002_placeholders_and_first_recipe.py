from django.db import migrations, models

# Which pictures count as missing in a catalogue that is there already: its products become stale and are embedded again.
FIND_PLACEHOLDERS = """
INSERT INTO embeddings_placeholderpicture (sha256, found_at)
SELECT i.sha256, now() FROM catalog_productimage AS i JOIN catalog_product AS p ON p.id = i.product_id
WHERE i.sha256 <> '' GROUP BY i.sha256 HAVING count(DISTINCT CASE WHEN p.variant_group <> ''
    THEN 'group ' || p.variant_group
    ELSE 'title ' || coalesce(p.category_id, 0) || ' ' || lower(left(p.title, 10)) END) >= 5
"""
# A shop whose live space is fitted has had its first recipe; of an unfitted one, the settings still say what it will be.
KEEP_RECIPE = """
INSERT INTO embeddings_firstrecipe (id, text_encoder, image_encoder, fusion, declared_at)
SELECT 1, text_encoder, image_encoder, fusion, now() FROM embeddings_embeddingspace
WHERE status = 'live' AND fitted_on > 0
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("embeddings", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlaceholderPicture",
            fields=[
                (
                    "sha256",
                    models.CharField(
                        help_text="Of the picture's file", max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("found_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"ordering": ["found_at", "sha256"]},
        ),
        migrations.CreateModel(
            name="FirstRecipe",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("text_encoder", models.CharField(max_length=300)),
                ("image_encoder", models.CharField(max_length=300)),
                ("fusion", models.CharField(max_length=20)),
                ("declared_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_first_recipe")],
            },
        ),
        migrations.RunSQL(FIND_PLACEHOLDERS, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_RECIPE, migrations.RunSQL.noop),
    ]
