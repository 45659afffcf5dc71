"""Versions with their rows, for tests that are not about how they are learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from behaviour.versions.version import Neighbours, Ranking, Version

Scored = Iterable[tuple[int, float, float]]  # product, score, share


def add_version(
    *,
    name: str = "first",
    status: str = "live",
    neighbours: Mapping[tuple[str, int], Scored] | None = None,
    rankings: Mapping[str, Iterable[tuple[int, float]]] | None = None,
    **fields: Any,
) -> Version:
    """Write a version. `neighbours` by (kind, product), `rankings` by kind: products with their scores, best first."""
    now = timezone.now()
    filled = {"facts_until": now, "last_event_id": 0, "finished_at": now, "promoted_at": now, **fields}
    version = Version.objects.create(name=name, status=status, **filled)
    for (kind, product_id), scored in (neighbours or {}).items():
        ids, scores, shares = zip(*scored, strict=True)
        Neighbours.objects.create(
            version_id=version.pk,
            kind=kind,
            product_id=product_id,
            neighbour_ids=list(ids),
            scores=list(scores),
            shares=list(shares),
        )
    Ranking.objects.bulk_create(
        Ranking(version_id=version.pk, kind=kind, product_id=product_id, score=score, support=1, place=place)
        for kind, ranked in (rankings or {}).items()
        for place, (product_id, score) in enumerate(ranked, start=1)
    )
    return version
