"""Which pictures say "no picture": one that many different designs share says nothing of any of them.

Such a picture would make everything that has it alike. So it counts as missing wherever pictures are encoded, compared
or learned from: `embeddings.inputs` leaves it out, of a product's fingerprint too, so that its products become stale
when a picture becomes a placeholder or ceases to be one. `embeddings.freshness.placeholders` finds them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, models

# Designs that share a picture before it counts as a placeholder. Measured: of the 1,586 pictures of four catalogues
# (homeware, apparel with and without its variants, groceries) none is shared by more than two designs. With one fewer
# than this many sharing it, three products at most come wrongly into a list of ten.
PLACEHOLDER_DESIGNS = 5
# A design is a variant group; where a shop names none, the products of a category whose titles begin alike, for sizes
# and colours come last: twelve sizes of a shirt are one design.
DESIGN_TITLE = 10  # characters
DESIGN = (
    "CASE WHEN p.variant_group <> '' THEN 'group ' || p.variant_group "
    f"ELSE 'title ' || coalesce(p.category_id, 0) || ' ' || lower(left(p.title, {DESIGN_TITLE})) END"
)

# Goes from design to design and stops at the last one that matters: the picture of 50,000 products is judged by a
# handful of rows, found by the index on its hash.
COUNT_DESIGNS = (
    "WITH RECURSIVE found(designs) AS (SELECT ARRAY[]::text[] UNION ALL "
    "SELECT found.designs || next.design FROM found, LATERAL ("
    f"SELECT {DESIGN} AS design FROM catalog_productimage AS i JOIN catalog_product AS p ON p.id = i.product_id "
    f"WHERE i.sha256 = candidate.sha256 AND NOT {DESIGN} = ANY(found.designs) LIMIT 1) AS next "
    f"WHERE cardinality(found.designs) < {PLACEHOLDER_DESIGNS}) SELECT max(cardinality(designs)) FROM found"
)


class PlaceholderPicture(models.Model):
    """A picture that counts as missing. Written by `embeddings.freshness.placeholders` alone."""

    sha256 = models.CharField(primary_key=True, max_length=64, help_text="Of the picture's file")
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["found_at", "sha256"]

    def __str__(self) -> str:
        return f"placeholder {self.sha256[:12]}"


def find_shared(candidates: Collection[str]) -> set[str]:
    """Return those of the pictures, by sha256, that are shared by PLACEHOLDER_DESIGNS designs or more."""
    return _fetch(
        f"SELECT sha256 FROM unnest(%s::text[]) AS candidate(sha256) WHERE ({COUNT_DESIGNS}) >= {PLACEHOLDER_DESIGNS}",
        [sorted(candidates)],
    )


def find_used_by(product_ids: Sequence[int]) -> set[str]:
    """Return the sha256 of the pictures of these products."""
    return _fetch(
        "SELECT DISTINCT sha256 FROM catalog_productimage WHERE product_id = ANY(%s) AND sha256 <> ''",
        [list(product_ids)],
    )


def find_candidates() -> set[str]:
    """Return the sha256 of all pictures that so many products have. Reads the whole index of their hashes."""
    return _fetch(
        "SELECT sha256 FROM catalog_productimage WHERE sha256 <> '' GROUP BY sha256 HAVING count(*) >= %s",
        [PLACEHOLDER_DESIGNS],
    )


def _fetch(sql: str, parameters: Sequence[Any]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return {row[0] for row in cursor.fetchall()}
