"""Products queue themselves when their sounds change, as they do for their pictures (0003)."""

from django.db import migrations

TRIGGERS = """
CREATE TRIGGER queue_added AFTER INSERT ON catalog_productaudio REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION kindred_pictures_touched();
CREATE TRIGGER queue_removed AFTER DELETE ON catalog_productaudio REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION kindred_pictures_touched();
CREATE TRIGGER queue_changed AFTER UPDATE ON catalog_productaudio FOR EACH ROW
WHEN ((OLD.product_id, OLD.sha256, OLD.position) IS DISTINCT FROM (NEW.product_id, NEW.sha256, NEW.position))
EXECUTE FUNCTION kindred_picture_changed();
CREATE TRIGGER sweep_emptied AFTER TRUNCATE ON catalog_productaudio
FOR EACH STATEMENT EXECUTE FUNCTION kindred_much_changed()
"""
DROP = "; ".join(
    f"DROP TRIGGER {name} ON catalog_productaudio"
    for name in ("queue_added", "queue_removed", "queue_changed", "sweep_emptied")
)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0018_sounds"), ("embeddings", "0010_similarity_scales")]

    operations = [migrations.RunSQL(TRIGGERS, DROP)]
