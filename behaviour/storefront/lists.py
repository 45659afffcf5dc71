"""The lists of the storefront, each with the words above it. One that cannot be made is left out of its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from catalog.page_parts import make_or_leave_out
from recommendations.headings import name_strategy
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Options
from recommendations.services import UnknownAnchor, recommend
from recommendations.visitors import Visitor

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ROW = 6  # cards
OF_OTHERS = _("What others buy: we know nothing of you yet.")
NEWCOMERS = "storefront:newcomers"  # where the cache has what newcomers see: the name of a list, or NOTHING
NEWCOMERS_KEEP_S = 60
NOTHING = "nothing"
RECENT = 12


@dataclass(frozen=True)
class ShownList:
    """A list with its heading. `note` says what it is where the heading could be misunderstood."""

    name: str
    heading: StrPromise | str
    shown: RecommendationList
    note: StrPromise | str = ""


def ask(
    strategy: str,
    *,
    placement: str,
    visitor: Visitor,
    anchors: Sequence[Product | str] = (),
    strict: bool = False,
) -> RecommendationList | None:
    """Return what there is to be bought by this strategy alone, None where that is nothing."""

    def make() -> RecommendationList:
        options = Options(
            placement=placement,
            visitor=visitor,
            strict=strict,
            out_of_stock="hidden",
            near_duplicates="hide",
            fallback=False,  # it would be another list under this one's heading
            inactive_anchors=False,
        )
        return recommend(strategy, anchors=anchors, limit=ROW, options=options)

    found = make_or_leave_out(make, what=f"the list {placement!r}", expected=(UnknownAnchor,))
    return found if found and found.results else None


def make_bundle(product: Product, *, visitor: Visitor) -> RecommendationList | None:
    """Return what is often bought together with a product: nothing that merely is like it."""
    return ask("bundle", placement="product-bundle", anchors=[product.sku], visitor=visitor, strict=True)


def make_together(product: Product, *, visitor: Visitor) -> ShownList | None:
    """Return the same as a list, for a field without a cart to put it into."""
    found = make_bundle(product, visitor=visitor)
    return ShownList("bundle", name_strategy("bundle"), found) if found else None


def make_cart_list(skus: Sequence[str], *, visitor: Visitor) -> ShownList | None:
    """Return what others bought together with what is in the cart."""
    found = ask("bundle", placement="cart", anchors=skus, visitor=visitor) if skus else None
    return ShownList("cart", _("Goes with your cart"), found) if found else None


def make_trending(visitor: Visitor, *, note: StrPromise | str = "") -> ShownList | None:
    """Return what is asked for more than usual."""
    found = ask("trending", placement="trending", visitor=visitor)
    return ShownList("trending", _("Trending now"), found, note) if found else None


def make_for_you(visitor: Visitor) -> ShownList | None:
    """Return what suits the visitor; for a newcomer what all the others look at, and says that it is that."""
    found = ask("personal", placement="for-you", visitor=visitor) if visitor.is_known else None
    if found:
        return ShownList("for-you", _("For you"), found, _("From what you looked at and bought here."))
    return make_for_newcomer(visitor)


def make_for_newcomer(visitor: Visitor) -> ShownList | None:
    """Return the first list that has something. Which that is, is kept for a minute: a page asks for one, or none."""
    known = cache.get(NEWCOMERS)
    makers = {"trending": make_trending_for_newcomer, "popular": make_popular}
    for name, make in makers.items():
        if known in (None, name) and (found := make(visitor)):
            if known is None:
                cache.set(NEWCOMERS, name, NEWCOMERS_KEEP_S)
            return found
    if known != NOTHING:
        cache.set(NEWCOMERS, NOTHING, NEWCOMERS_KEEP_S)
    return None


def make_trending_for_newcomer(visitor: Visitor) -> ShownList | None:
    return make_trending(visitor, note=OF_OTHERS)


def make_popular(visitor: Visitor) -> ShownList | None:
    """Return what is bought most. Until something is bought, what is in stock would stand in for it: no list then."""
    found = ask("popular", placement="popular", visitor=visitor)
    bought = tuple(item for item in found if item.candidate.share is not None) if found else ()
    if not found or not bought:
        return None
    return ShownList("popular", _("Popular"), replace(found, results=bought), OF_OTHERS)
