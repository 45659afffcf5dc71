"""What was learned, as rows that a reader can check in the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from behaviour.versions.version import Neighbours, Profile, Ranking, Status, Version
from catalog.models import Product

Scored = tuple[str, float] | tuple[str, float, float]  # SKU, score, share of behaviour


def make_version(*, status: str = Status.LIVE, name: str = "v1", **fields) -> Version:
    return Version.objects.create(name=name, status=status, facts_until=timezone.now(), last_event_id=0, **fields)


def teach_neighbours(version: Version, kind: str, rows: Mapping[str, Sequence[Scored]]) -> None:
    """`rows`: SKU -> its neighbours, best first; a share that is not said is 1."""
    ids = dict(Product.objects.values_list("sku", "id"))
    Neighbours.objects.bulk_create(
        Neighbours(
            version_id=version.pk,
            kind=kind,
            product_id=ids[sku],
            neighbour_ids=[ids[one[0]] for one in found],
            scores=[one[1] for one in found],
            shares=[one[2] if len(one) > 2 else 1.0 for one in found],
        )
        for sku, found in rows.items()
    )


def teach_ranking(version: Version, kind: str, skus: Sequence[str]) -> None:
    ids = dict(Product.objects.values_list("sku", "id"))
    Ranking.objects.bulk_create(
        Ranking(version_id=version.pk, kind=kind, product_id=ids[sku], score=1 / place, support=10, place=place)
        for place, sku in enumerate(skus, start=1)
    )


def teach_profile(version: Version, user_key: UUID, found: Sequence[Scored]) -> None:
    ids = dict(Product.objects.values_list("sku", "id"))
    Profile.objects.create(
        version_id=version.pk,
        user_key=user_key,
        product_ids=[ids[one[0]] for one in found],
        scores=[one[1] for one in found],
        shares=[one[2] if len(one) > 2 else 1.0 for one in found],
    )
