from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0015_blind_votes")]

    operations = [
        migrations.AddIndex(
            model_name="rule",
            index=models.Index(fields=["kind", "position", "-id"], name="rule_by_kind"),
        ),
    ]
