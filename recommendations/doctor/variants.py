"""Variant groups that are mixed up: a variant unlike its group, or two groups that are one design."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.doctor.checks import Check, Found, Slice, register_check
from embeddings.fusion.similarity_scale import AS_IT_IS, SimilarityScale
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.unit_rows import unit_rows
from recommendations.doctor.neighbourhoods import Neighbour, by_design, read_near, read_neighbourhoods

MOST_VARIANTS = 100  # of a group, that are compared
NEARER_DESIGNS = 10  # than the nearest of its own group: so many are chance no more
LEAST_APART = 0.2  # of similarity, below the nearest other design
CLEARLY = 0.02  # of similarity, by which another group has to be nearer than a variant's own


class Member(NamedTuple):
    """A variant with what is nearest to it: of its own group by similarity, and of other designs."""

    product_id: int
    own: float
    others: Sequence[Neighbour]  # one of each design, nearest first


def read_groups(part: Slice) -> Mapping[str, Mapping[int, float]]:
    """Return by group and product how near the nearest other variant is, for the groups that the slice has part in."""
    names = sorted({product.variant_group for product in part.products if product.variant_group})
    space = EmbeddingSpace.objects.live()
    if space is None or not names:
        return {}
    rows = ProductEmbedding.objects.filter(
        space=space, modality=FUSED, product__variant_group__in=names, product__is_active=True
    )
    vectors: dict[str, dict[int, Any]] = defaultdict(dict)
    for group, product_id, vector in rows.order_by("product_id").values_list(
        "product__variant_group", "product_id", "vector"
    ):
        if len(vectors[group]) < MOST_VARIANTS:
            vectors[group][product_id] = np.asarray(vector, dtype=np.float32)
    scale = space.scale_of(FUSED)
    return {group: find_nearest_variants(members, scale) for group, members in vectors.items() if len(members) > 1}


def find_nearest_variants(
    vectors: Mapping[int, npt.NDArray[Any]], scale: SimilarityScale = AS_IT_IS
) -> dict[int, float]:
    """Return how similar each variant is to the nearest other one of its group. `vectors`: (dim,) by product id."""
    rows = unit_rows(list(vectors.values()))  # (n, dim)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -1.0)
    return dict(zip(vectors, scale.show(cosines.max(axis=1)).tolist(), strict=True))


def is_stray(member: Member) -> bool:
    """Are many designs nearer to it than any variant of its own group, and the nearest of them much nearer?"""
    if len(member.others) < NEARER_DESIGNS:
        return False
    return (
        member.others[NEARER_DESIGNS - 1].similarity > member.own
        and member.others[0].similarity - member.own >= LEAST_APART
    )


def find_interleaved(members: Sequence[Member]) -> str:
    """Return the other group that at least half of a group's variants, and two, are nearer to than to their own."""
    nearer = Counter(
        member.others[0].variant_group
        for member in members
        if member.others and member.others[0].variant_group and member.others[0].similarity > member.own + CLEARLY
    )
    group, count = nearer.most_common(1)[0] if nearer else ("", 0)
    return group if count >= max(2, len(members) / 2) else ""


def find_mixed(part: Slice) -> Iterator[Found]:
    """Yield strays of the slice, and the groups that begin in it and interleave with others."""
    groups, of_slice = read_groups(part), set(part.ids)
    leading = {group for group, members in groups.items() if min(members) in of_slice}
    beyond = [number for group in leading for number in groups[group] if number not in of_slice]
    near = {**read_neighbourhoods(part), **(read_near(beyond) if beyond else {})}
    for group, nearest in groups.items():
        members = [Member(number, own, by_design(near[number])) for number, own in nearest.items() if number in near]
        other = find_interleaved(members) if group in leading else ""
        if other:
            yield make_interleaved(group, other, members)
        yield from (make_stray(group, one) for one in members if one.product_id in of_slice and is_stray(one))


def make_stray(group: str, member: Member) -> Found:
    details = {
        "group": group,
        "own": round(member.own, 2),
        "nearest": round(member.others[0].similarity, 2),
        "beside": [one.product_id for one in member.others[:3]],
    }
    severity = round(min(max(member.others[0].similarity - member.own, 0.0), 1.0), 3)
    return Found(product_id=member.product_id, about=group[:80], severity=severity, details=details)


def make_interleaved(group: str, other: str, members: Sequence[Member]) -> Found:
    beside = [one.others[0].product_id for one in members if one.others and one.others[0].variant_group == other]
    details = {"group": group, "other_group": other, "beside": beside[:3]}
    return Found(product_id=members[0].product_id, about=f"{group} + {other}"[:80], severity=0.5, details=details)


def describe(details: Mapping[str, Any]) -> str:
    if "other_group" in details:
        return gettext("The variants of %(group)s are nearer to those of %(other_group)s than to each other.") % details
    return (
        gettext("It is unlike the others of its group %(group)s: %(own).2f, while other designs reach %(nearest).2f.")
        % details
    )


register_check(
    Check(
        name="mixed_variants",
        title=_("Mixed-up variants"),
        advice=_("Lists show one variant of a group: what is in the wrong one hides, or hides another product."),
        describe=describe,
        deeds=("leave_group", "join_groups", "hide"),
        examine=find_mixed,
        part="variants",
    )
)
