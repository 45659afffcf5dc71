"""Products queue themselves when what is encoded of them changes, whoever changes it; what concerns many asks for a sweep.

And one index of vectors by space and modality in place of the one by space: lists and counts of the admin use it, and
whether a modality has vectors at all is found without reading the others.
"""

from django.db import migrations, models

# Names have their schema: a restored dump runs with an empty search path.

# The generation of a new row is in microseconds since 1970, then raised by 1 with each change: a row that is made again
# after its deletion is not taken for the old one. Of a product that waits already and has become another one, the lease
# goes: whoever encodes the old one may finish, but cannot take it off the queue any more. Without `anew` those that
# are due stay as they are. Products that do not exist (any more) are left out.
QUEUE_PRODUCTS = """
CREATE FUNCTION kindred_queue_products(ids bigint[], anew boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    queued bigint;
BEGIN
    INSERT INTO public.embeddings_pendingembedding AS waiting (product_id, generation)
    SELECT id, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM public.catalog_product WHERE id = ANY (ids) ORDER BY id
    ON CONFLICT (product_id) DO UPDATE SET generation = waiting.generation + 1,
        leased_until = NULL, attempts = 0, retry_at = now(), reason = ''
    WHERE anew OR waiting.retry_at IS NULL;
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END $$
"""
REQUEST_SWEEP = """
CREATE FUNCTION kindred_request_sweep() RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.embeddings_cataloguesweep AS sweep (id, position, is_urgent, requests) VALUES (1, 0, true, 1)
    ON CONFLICT (id) DO UPDATE SET position = 0, is_urgent = true, requests = sweep.requests + 1
$$
"""
PRODUCTS_ADDED = """
CREATE FUNCTION kindred_products_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.kindred_queue_products(ARRAY(SELECT id FROM touched), anew => true);
    RETURN NULL;
END $$;
CREATE TRIGGER queue_added AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION kindred_products_added()
"""
# For each row, so that a change of prices costs a comparison of a few columns: transition tables would copy every row
# twice. What a fingerprint is made of, and the group, which decides what a placeholder is.
PRODUCT_CHANGED = """
CREATE FUNCTION kindred_product_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.kindred_queue_products(ARRAY[NEW.id], anew => true);
    RETURN NULL;
END $$;
CREATE TRIGGER queue_changed AFTER UPDATE ON catalog_product FOR EACH ROW
WHEN ((OLD.id, OLD.content_hash, OLD.collection, OLD.category_id, OLD.variant_group)
    IS DISTINCT FROM (NEW.id, NEW.content_hash, NEW.collection, NEW.category_id, NEW.variant_group))
EXECUTE FUNCTION kindred_product_changed()
"""
PICTURES = """
CREATE FUNCTION kindred_pictures_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.kindred_queue_products(ARRAY(SELECT product_id FROM touched), anew => true);
    RETURN NULL;
END $$;
CREATE TRIGGER queue_added AFTER INSERT ON catalog_productimage REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION kindred_pictures_touched();
CREATE TRIGGER queue_removed AFTER DELETE ON catalog_productimage REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION kindred_pictures_touched();
CREATE FUNCTION kindred_picture_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.kindred_queue_products(ARRAY[OLD.product_id, NEW.product_id], anew => true);
    RETURN NULL;
END $$;
CREATE TRIGGER queue_changed AFTER UPDATE ON catalog_productimage FOR EACH ROW
WHEN ((OLD.product_id, OLD.sha256, OLD.position) IS DISTINCT FROM (NEW.product_id, NEW.sha256, NEW.position))
EXECUTE FUNCTION kindred_picture_changed()
"""
# What may concern any number of products costs who does it one row: a worker finds out which.
SWEEPS = """
CREATE FUNCTION kindred_much_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.kindred_request_sweep();
    RETURN NULL;
END $$;
CREATE FUNCTION kindred_categories_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM before JOIN after USING (id) WHERE before.path <> after.path) THEN
        PERFORM public.kindred_request_sweep();
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER sweep_moved AFTER UPDATE ON catalog_category REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION kindred_categories_changed();
CREATE TRIGGER sweep_first AFTER INSERT ON embeddings_embeddingspace FOR EACH ROW
WHEN (NEW.status = 'live') EXECUTE FUNCTION kindred_much_changed();
CREATE TRIGGER sweep_changed AFTER UPDATE ON embeddings_embeddingspace FOR EACH ROW
WHEN ((OLD.status, OLD.category_text_weights) IS DISTINCT FROM (NEW.status, NEW.category_text_weights))
EXECUTE FUNCTION kindred_much_changed();
CREATE TRIGGER sweep_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON embeddings_placeholderpicture
FOR EACH STATEMENT EXECUTE FUNCTION kindred_much_changed();
CREATE TRIGGER sweep_emptied AFTER TRUNCATE ON catalog_productimage
FOR EACH STATEMENT EXECUTE FUNCTION kindred_much_changed();
CREATE TRIGGER sweep_emptied AFTER TRUNCATE ON embeddings_productembedding
FOR EACH STATEMENT EXECUTE FUNCTION kindred_much_changed()
"""
# With the rights of who migrated: a role that may write products need not know of the queue.
RIGHTS = [
    f"ALTER FUNCTION kindred_{name}() SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
    for name in (
        "products_added",
        "product_changed",
        "pictures_touched",
        "picture_changed",
        "categories_changed",
        "much_changed",
    )
]
DROP = """
DROP FUNCTION kindred_much_changed() CASCADE;
DROP FUNCTION kindred_categories_changed() CASCADE;
DROP FUNCTION kindred_picture_changed() CASCADE;
DROP FUNCTION kindred_pictures_touched() CASCADE;
DROP FUNCTION kindred_product_changed() CASCADE;
DROP FUNCTION kindred_products_added() CASCADE;
DROP FUNCTION kindred_request_sweep();
DROP FUNCTION kindred_queue_products(bigint[], boolean)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0009_product_filters"),
        ("embeddings", "0002_placeholders_and_first_recipe"),
    ]

    operations = [
        migrations.CreateModel(
            name="CatalogueSweep",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                (
                    "position",
                    models.BigIntegerField(default=0, help_text="Id of the product that was compared last"),
                ),
                (
                    "is_urgent",
                    models.BooleanField(
                        default=True, help_text="To be gone through at once, not in the course of a day"
                    ),
                ),
                (
                    "requests",
                    models.PositiveBigIntegerField(default=0, help_text="Raised by each request to begin anew"),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_catalogue_sweep")]
            },
        ),
        migrations.RunSQL(
            [QUEUE_PRODUCTS, REQUEST_SWEEP, PRODUCTS_ADDED, PRODUCT_CHANGED, PICTURES, SWEEPS, *RIGHTS],
            DROP,
        ),
        migrations.AlterField(
            model_name="productembedding",
            name="space",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=models.DO_NOTHING,
                related_name="embeddings",
                to="embeddings.embeddingspace",
            ),
        ),
        migrations.AddIndex(
            model_name="productembedding",
            index=models.Index(fields=["space", "modality", "id"], name="embeddings_of_space"),
        ),
    ]
