"""Second listings of one product, found as `find_duplicates` finds them, for the products of a slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.doctor.checks import Check, Found, Slice, register_check
from embeddings.models import EmbeddingSpace
from recommendations.duplicate_thresholds import find_thresholds
from recommendations.near_duplicates import (
    drop_distinct,
    find_mutual,
    find_outstanding,
    look_again,
    read_pairs,
)


def find_duplicates(part: Slice) -> Iterator[Found]:
    """Yield the pairs that stand out on both sides, the older product first."""
    space = EmbeddingSpace.objects.live()
    if space is None:
        return
    thresholds = find_thresholds(space)
    found = list(find_outstanding(read_pairs(space, part.ids), thresholds=thresholds))
    # The other side of each is looked at as well: whether it leads back is not known from a slice.
    back = list(look_again(space, found, thresholds=thresholds))
    for pair in drop_distinct(find_mutual([*found, *back])):
        first, second = sorted([pair.listing_id, pair.other_id])
        details = {"text": _round(pair.text), "image": _round(pair.image)}
        severity = round(min(max(pair.strength, 0.0), 1.0), 3)
        yield Found(product_id=first, other_id=second, severity=severity, details=details)


def _round(similarity: float | None) -> float | None:
    return None if similarity is None else round(similarity, 2)


def describe(details: Mapping[str, Any]) -> str:
    known = {name: value for name, value in details.items() if value is not None}
    if "image" not in known:
        return gettext("Their texts are %(text).2f alike; a picture is lacking.") % known
    return gettext("Alike: texts %(text).2f, pictures %(image).2f of 1") % known


register_check(
    Check(
        name="near_duplicate",
        title=_("Near-duplicates"),
        advice=_(
            "Two listings of what is probably one product: they take each other's places in lists. Merge them, hide "
            "one, or say that they are not the same; that is remembered."
        ),
        describe=describe,
        deeds=("merge", "not_same", "hide"),
        examine=find_duplicates,
    )
)
