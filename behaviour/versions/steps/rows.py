"""Rows as steps write them: into the live version, by the rules that the nightly build has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from behaviour.learners.item_rows import TOO_ALIKE
from behaviour.versions.version import Neighbours, Version

FIND_BARRED = """
SELECT one.id, other.id FROM unnest(%(ones)s::bigint[], %(others)s::bigint[]) AS pair(one_id, other_id)
JOIN catalog_product AS one ON one.id = one_id JOIN catalog_product AS other ON other.id = other_id
LEFT JOIN embeddings_productembedding AS here
    ON here.product_id = one_id AND here.space_id = %(space)s AND here.modality = 'fused'
LEFT JOIN embeddings_productembedding AS there
    ON there.product_id = other_id AND there.space_id = %(space)s AND there.modality = 'fused'
WHERE (one.variant_group <> '' AND one.variant_group = other.variant_group)
    OR 1 - (here.vector <=> there.vector) > %(alike)s
"""
COMPLEMENTS = (Neighbours.Kind.BUNDLE, Neighbours.Kind.CART)


def find_barred(version: Version, pairs: Sequence[tuple[int, int]], *, kind: str) -> set[tuple[int, int]]:
    """Return the pairs that no row may hold: a bundle is of complements, never of variants or near-duplicates."""
    if kind not in COMPLEMENTS or not pairs:
        return set()
    ones, others = zip(*pairs, strict=True)
    asked: dict[str, Any] = {"ones": list(ones), "others": list(others)}
    asked |= {"space": version.space_id or 0, "alike": TOO_ALIKE}
    with connection.cursor() as cursor:
        cursor.execute(FIND_BARRED, asked)
        return set(cursor.fetchall())


def upsert_rows(rows: Sequence[Neighbours]) -> None:
    """Write rows in the place of those that are there."""
    Neighbours.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["version_id", "kind", "product_id"],
        update_fields=["neighbour_ids", "scores", "shares", "evidence"],
        batch_size=500,
    )
