"""Having Postgres refuse a product, for reasons that no check of ours would let through."""

from __future__ import annotations

from django.db import connection


def refuse(sku: str, *, code: str) -> None:
    """Have Postgres refuse rows with this SKU, with this SQLSTATE, until the test's transaction ends."""
    body = f"BEGIN IF NEW.sku = '{sku}' THEN RAISE 'of no use' USING ERRCODE = '{code}'; END IF; RETURN NEW; END"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON catalog_product "
            "FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()"
        )
