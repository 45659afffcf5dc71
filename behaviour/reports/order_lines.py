"""Which lines of an order count: what two have told, the page and the server, was bought once.

Told twice is a line of the same product, number, price and currency in the same order. Lines that are the same and
that one has told, of one person at one moment, are as many as they are; where two tell several, it is the greater
number. A purchase that names no order is one by itself.
"""

from __future__ import annotations

_LINE = "order_key, sku, quantity, price, currency"
_TELLER = "user_key, session_key, recommendation_id, occurred_at"


def number_told(within: str) -> str:
    """SQL: the column `nth`, which of the same lines that one has told it is. `within`: columns that set apart."""
    return f"row_number() OVER (PARTITION BY {within}, {_LINE}, {_TELLER} ORDER BY event_key) AS nth"


def number_copies(within: str) -> str:
    """SQL: the column `copy` of rows that have `nth`: 1 for a line that counts, more where it was told before."""
    return f"row_number() OVER (PARTITION BY {within}, {_LINE}, nth ORDER BY occurred_at, event_key) AS copy"


# SQL: of rows that have `copy`, whether something was bought: what came back has the quantity 0.
IS_SALE = "type = 'purchase' AND quantity > 0 AND (order_key IS NULL OR copy = 1)"
