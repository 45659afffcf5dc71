"""Categories that are far from those of neighbours: a mug that sits in Lighting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.categories import SEPARATOR
from catalog.doctor.checks import Check, Found, Slice, register_check
from catalog.models import Category
from recommendations.doctor.neighbourhoods import Neighbour, by_design, read_neighbourhoods

COMPARED = 15  # designs
LEAST_COMPARED = 6
LEAST_SHARE = 0.6  # of the votes, for a category to be proposed
MOST_OWN = 0.1  # of the votes: a category that more of the neighbours have is not wrong
SHOWN = 3  # neighbours beside it


class Proposal(NamedTuple):
    """A category that neighbours vote for, and with which share."""

    category_id: int
    share: float
    own_share: float


def vote(own: str, neighbours: Sequence[Neighbour], paths: Mapping[int, str]) -> Proposal | None:
    """Return the category that a product of the category `own` (its path) should be in; None: it is well where it is.

    Each neighbour votes for its own category with the square of its similarity. Votes for categories above and below
    the product's own, and for those beside it, are no votes against it: a mug may well be among the cups.
    """
    votes: dict[int, float] = defaultdict(float)
    for neighbour in neighbours:
        if neighbour.category_id is not None and neighbour.category_id in paths:
            votes[neighbour.category_id] += max(neighbour.similarity, 0.0) ** 2
    total = sum(votes.values())
    if not total:
        return None
    best = max(votes, key=lambda category_id: (votes[category_id], -category_id))
    of_own = sum(weight for category_id, weight in votes.items() if own and _is_related(own, paths[category_id]))
    proposal = Proposal(best, votes[best] / total, of_own / total)
    return proposal if proposal.share >= LEAST_SHARE and proposal.own_share <= MOST_OWN else None


def _is_related(path: str, other: str) -> bool:
    """Is one above the other, or are they beside each other below the same one?"""
    above, other_above = path.rpartition(SEPARATOR)[0], other.rpartition(SEPARATOR)[0]
    if path == other or (above and above == other_above):
        return True
    return path.startswith(other + SEPARATOR) or other.startswith(path + SEPARATOR)


def find_odd_categories(part: Slice) -> Iterator[Found]:
    neighbourhoods = read_neighbourhoods(part)
    near = {product_id: by_design(found)[:COMPARED] for product_id, found in neighbourhoods.items()}
    named = {one.category_id for found in near.values() for one in found if one.category_id}
    paths = dict(Category.objects.filter(pk__in=named).values_list("pk", "path"))
    for product in part.products:
        found = near.get(product.pk, [])
        own = product.category.path if product.category else ""
        proposal = vote(own, found, paths) if len(found) >= LEAST_COMPARED else None
        if proposal is not None:
            yield Found(
                product_id=product.pk,
                about=f"{product.category_id or ''} {proposal.category_id}",
                severity=round(proposal.share, 3),
                details={
                    "category": own,
                    "category_id": proposal.category_id,
                    "proposed": paths[proposal.category_id],
                    "share": round(proposal.share, 2),
                    "beside": [one.product_id for one in found if one.category_id == proposal.category_id][:SHOWN],
                },
            )


def describe(details: Mapping[str, Any]) -> str:
    values = {**details, "percent": round(100 * details["share"])}
    if not details["category"]:
        return gettext("It has no category; %(percent)d%% of what is like it sits in %(proposed)s.") % values
    return gettext("It sits in %(category)s; %(percent)d%% of what is like it in %(proposed)s.") % values


register_check(
    Check(
        name="odd_category",
        title=_("Odd categories"),
        advice=_("What is like them sits in another category: shoppers who browse do not find them."),
        describe=describe,
        deeds=("move_category", "hide"),
        examine=find_odd_categories,
    )
)
