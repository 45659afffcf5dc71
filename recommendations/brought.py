"""The SQL of what a strategy brings: it passes the conditions that all else does, and ends in the same cards."""

from __future__ import annotations

from dataclasses import replace

from recommendations.statements import MAX_ROWS, OUT_OF_STOCK, Extra, Retrieval, Where, listed_part
from recommendations.strategies import Brought

BROUGHT_PER_ROW, MAX_BROUGHT = 5, 20_000  # candidates of a strategy that are looked at for each row, and at most
# What is not for sale is not named: titles of what a shop prepares are nobody's business. Where nothing may be shown
# there is one row without a product, which says how much was brought all the same.
CARD = Extra(
    columns=""", b.score, b.share, b.because, y.title AS because_title, y.translations::text AS because_translations,
            whole.brought_rows""",
    joins="""LEFT JOIN brought b ON b.product_id = n.product_id
        LEFT JOIN catalog_product y ON y.id = b.because AND y.is_active""",
    beside="(SELECT count(*) AS brought_rows FROM brought) whole",
)


def brought_cte(retrieval: Retrieval, brought: Brought) -> str:
    """What a strategy brings, the best of all with a score of 1, whatever the list leaves out.

    The best few are looked at first: each asks for its product, and there may be thousands.
    """
    return f"""brought AS MATERIALIZED (SELECT product_id, score / max(score) OVER () AS score, share, because
        FROM ({brought.sql}) of_strategy WHERE score > 0
        ORDER BY score DESC, product_id LIMIT {most_brought(retrieval)})"""


def most_brought(retrieval: Retrieval) -> int:
    """Return how many candidates are looked at; all of them where as many rows are asked for as there can be."""
    return MAX_BROUGHT if retrieval.limit >= MAX_ROWS else BROUGHT_PER_ROW * int(retrieval.limit)


def brought_part(retrieval: Retrieval, where: Where) -> str:
    """Of what a strategy brings, what may be shown, the best first."""
    stock = f"{OUT_OF_STOCK}, " if retrieval.sold_out_last else ""
    return f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'brought' AS via
        FROM brought b JOIN catalog_product p ON p.id = b.product_id WHERE {where.searched}
        ORDER BY {stock}b.score DESC, p.id LIMIT {int(retrieval.limit)}"""


def ranked_part(retrieval: Retrieval, where: Where, *, brought: Brought, order: str) -> str:
    """A ranking that a strategy brings, then what it has no place for, in an order of its own."""
    limit, rankings = int(retrieval.limit), [sql for sql in (brought.first, brought.sql) if sql]
    parts = [
        f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'ranked' AS via
        FROM ({sql}) r JOIN catalog_product p ON p.id = r.product_id WHERE {where.searched}
        ORDER BY r.place, p.id LIMIT {limit}"""
        for sql in rankings
    ]
    if order:
        placeless = [f" AND NOT EXISTS (SELECT FROM ({sql}) r WHERE r.product_id = p.id)" for sql in rankings]
        parts.append(listed_part(retrieval, replace(where, searched=where.searched + "".join(placeless)), order=order))
    return f"SELECT * FROM ({' UNION ALL '.join(f'({part})' for part in parts)}) in_turn LIMIT {limit}"
