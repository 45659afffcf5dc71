"""Products that came after a version was learned: they borrow the rows of those that are most like them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection

from behaviour.learners.content_prior import NEIGHBOURS
from behaviour.learners.item_rows import RowSettings
from behaviour.versions.chosen import read_settings
from behaviour.versions.steps.rows import find_barred, upsert_rows
from behaviour.versions.version import VECTORS_SETTLE, Neighbours, Version
from embeddings.models import EmbeddingSpace

NEWCOMERS = 200  # vectors of a step: each may cost a search
FIND_NEW = """
SELECT id, product_id FROM embeddings_productembedding
WHERE space_id = %s AND modality = 'fused' AND id > %s AND updated_at < now() - make_interval(secs => %s)
ORDER BY id LIMIT %s
"""
# The index is partial and of one dim, so both stand in the statement as numbers.
FIND_LENDERS = """
SELECT asked.product_id, lender.product_id, greatest(1 - (lender.vector <=> asked.vector), 0)
FROM embeddings_productembedding AS asked, LATERAL (
    SELECT product_id, vector FROM embeddings_productembedding AS near
    WHERE space_id = {space} AND modality = 'fused'
    ORDER BY near.vector::halfvec({dim}) <=> asked.vector::halfvec({dim}) LIMIT {most}
) AS lender
WHERE asked.product_id = ANY(%s) AND asked.space_id = {space} AND asked.modality = 'fused'
    AND lender.product_id <> asked.product_id
ORDER BY 1, 3 DESC, 2
"""


def lend_to_newcomers(version: Version) -> tuple[int, int]:
    """Write rows for products whose vectors came since; return how many, and the last vector that was looked at."""
    space = EmbeddingSpace.objects.filter(pk=version.space_id).first()
    if space is None:
        return 0, version.borrowed_to
    with connection.cursor() as cursor:
        cursor.execute(FIND_NEW, [space.pk, version.borrowed_to, VECTORS_SETTLE.total_seconds(), NEWCOMERS])
        found = cursor.fetchall()
    if not found:
        return 0, version.borrowed_to
    product_ids = [product_id for _, product_id in found]
    lenders = find_lenders(product_ids, space=space)
    helped = {pk for kind in Neighbours.Kind.values for pk in _lend(version, kind, lenders)}
    return len(helped), found[-1][0]


def find_lenders(product_ids: Sequence[int], *, space: EmbeddingSpace) -> dict[int, list[tuple[int, float]]]:
    """Return the nearest products of each and their cosines, nearest first."""
    statement = FIND_LENDERS.format(space=int(space.pk), dim=int(space.dim), most=NEIGHBOURS + 1)
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(product_ids)])
        for product_id, lender, cosine in cursor.fetchall():
            found[product_id].append((lender, float(cosine)))
    return found


def _lend(version: Version, kind: str, lenders: Mapping[int, list[tuple[int, float]]]) -> list[int]:
    """Write the rows of one kind for products that have none; return whose."""
    wanted = set(lenders) | {lender for near in lenders.values() for lender, _ in near}
    known = Neighbours.objects.filter(version_id=version.pk, kind=kind, product_id__in=list(wanted))
    rows = {row.product_id: row for row in known}
    borrowed = {
        product_id: borrow_row(product_id, [(rows[lender], cosine) for lender, cosine in near if lender in rows])
        for product_id, near in lenders.items()
        if product_id not in rows
    }
    barred = find_barred(version, [(one, other) for one, row in borrowed.items() for other in row], kind=kind)
    settings: RowSettings = getattr(read_settings(version), kind)
    made = []
    for product_id, row in borrowed.items():
        kept = [(other, score) for other, score in row.items() if (product_id, other) not in barred][: settings.length]
        if kept:
            ids, scores = zip(*kept, strict=True)
            made.append(
                Neighbours(
                    version_id=version.pk,
                    kind=kind,
                    product_id=product_id,
                    neighbour_ids=list(ids),
                    scores=[score * settings.prior.lent_weight for score in scores],
                    shares=[0.0] * len(kept),
                )
            )
    upsert_rows(made)
    return [row.product_id for row in made]


def borrow_row(product_id: int, lenders: Sequence[tuple[Neighbours, float]]) -> dict[int, float]:
    """Return the mean of the lenders' rows, weighted by cosine, best first, as strong at its best as theirs are."""
    whole = sum(cosine for _, cosine in lenders)
    scores: dict[int, float] = defaultdict(float)
    for row, cosine in lenders:
        for other, score in zip(row.neighbour_ids, row.scores, strict=True):
            if other != product_id:
                scores[other] += score * cosine / whole
    if not scores:
        return {}
    stretch = sum(row.scores[0] * cosine / whole for row, cosine in lenders) / max(scores.values())
    return {other: score * stretch for other, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))}
