"""What staff look for because it is rare: products without a picture, or by what is left of them.

And a lock for those who add titles, so that words which no title has any more can be forgotten meanwhile.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.expressions import RawSQL

FILL = """
INSERT INTO catalog_unpicturedproduct SELECT id FROM catalog_product p
    WHERE NOT EXISTS (SELECT FROM catalog_productimage i WHERE i.product_id = p.id);
ANALYZE catalog_unpicturedproduct
"""
FUNCTIONS = """
CREATE FUNCTION kindred_products_unpictured() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.catalog_unpicturedproduct SELECT id FROM touched ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION kindred_unpictured_deleted() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public.catalog_unpicturedproduct WHERE product_id = OLD.id;
    RETURN NULL;
END $$;
CREATE FUNCTION kindred_pictures_added() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public.catalog_unpicturedproduct WHERE product_id = ANY (ARRAY(SELECT product_id FROM touched));
    RETURN NULL;
END $$;
CREATE FUNCTION kindred_pictures_removed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.catalog_unpicturedproduct SELECT id FROM public.catalog_product p
        WHERE id = ANY (ARRAY(SELECT product_id FROM touched))
          AND NOT EXISTS (SELECT FROM public.catalog_productimage i WHERE i.product_id = p.id)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION kindred_picture_moved() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public.catalog_unpicturedproduct WHERE product_id = NEW.product_id;
    INSERT INTO public.catalog_unpicturedproduct SELECT id FROM public.catalog_product p
        WHERE id = OLD.product_id
          AND NOT EXISTS (SELECT FROM public.catalog_productimage i WHERE i.product_id = p.id)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION kindred_pictures_emptied() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.catalog_unpicturedproduct SELECT id FROM public.catalog_product ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
# Postgres fires triggers by their names: these of pictures after those by which products queue themselves, which have
# two who change the pictures of one product at once wait for each other. So the second sees what the first has done.
TRIGGERS = """
CREATE TRIGGER unpictured_made AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION kindred_products_unpictured();
CREATE TRIGGER unpictured_deleted AFTER DELETE ON catalog_product
    FOR EACH ROW EXECUTE FUNCTION kindred_unpictured_deleted();
CREATE TRIGGER unpictured_added AFTER INSERT ON catalog_productimage REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION kindred_pictures_added();
CREATE TRIGGER unpictured_removed AFTER DELETE ON catalog_productimage REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION kindred_pictures_removed();
CREATE TRIGGER unpictured_moved AFTER UPDATE ON catalog_productimage FOR EACH ROW
    WHEN (OLD.product_id <> NEW.product_id) EXECUTE FUNCTION kindred_picture_moved();
CREATE TRIGGER unpictured_emptied AFTER TRUNCATE ON catalog_productimage
    FOR EACH STATEMENT EXECUTE FUNCTION kindred_pictures_emptied()
"""
DROP = """
DROP FUNCTION kindred_products_unpictured() CASCADE;
DROP FUNCTION kindred_unpictured_deleted() CASCADE;
DROP FUNCTION kindred_pictures_added() CASCADE;
DROP FUNCTION kindred_pictures_removed() CASCADE;
DROP FUNCTION kindred_picture_moved() CASCADE;
DROP FUNCTION kindred_pictures_emptied() CASCADE
"""
# As in 0008, and shared by all who add titles: see `catalog/title_words.py`.
KEEP_WORDS = """
CREATE OR REPLACE FUNCTION kindred_keep_title_words() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    {lock}
    INSERT INTO public.catalog_titleword SELECT lexeme FROM unnest(to_tsvector('pg_catalog.simple', NEW.search_title))
        WHERE lexeme !~ '[0-9]' AND length(lexeme) BETWEEN 3 AND 40
          AND NOT EXISTS (SELECT FROM public.catalog_titleword k WHERE k.word = lexeme);
    RETURN NULL;
END $$
"""
WORDS_LOCK = 0x6B696E_02  # of `catalog/title_words.py`


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_product_filters")]

    operations = [
        migrations.CreateModel(
            name="UnpicturedProduct",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="unpictured",
                        serialize=False,
                        to="catalog.product",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, DROP),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
        migrations.RunSQL(
            KEEP_WORDS.format(lock=f"PERFORM pg_advisory_xact_lock_shared({WORDS_LOCK});"), KEEP_WORDS.format(lock="")
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                RawSQL("(CASE WHEN stock = 0 THEN 0 WHEN stock <= 3 THEN 1 ELSE 2 END)", ()),
                models.F("sku"),
                name="product_stock_level",
            ),
        ),
    ]
