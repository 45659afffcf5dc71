"""What another connection meets at a product's row."""

from __future__ import annotations

from django.db import OperationalError, connection

LOCKED = "55P03"  # SQLSTATE lock_not_available


def try_row(product_id: int) -> str | None:
    """Ask for the row's lock from a connection of its own, without waiting. Returns the SQLSTATE of the refusal."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM catalog_product WHERE id = %s FOR UPDATE NOWAIT", [product_id])
    except OperationalError as error:
        return error.__cause__.sqlstate
    finally:
        other.close()
    return None
