"""Which two spaces are compared, and on which products: their lists as shoppers would see them, without rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Value, When

from catalog.admin_lists import find_words
from catalog.models import Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.drawing import draw_few
from recommendations.recommendation_list import Recommendation
from recommendations.requests import ListRequest, Options
from recommendations.services import UnknownAnchor, answer_plainly
from recommendations.spaces_desk.changes import Change, count_shared, mark_changes

SHOWN = 8  # pictures of a list
SAMPLED = 8  # products of a page
MAX_PICKED = 12
DRAWN = 4  # times as many, for of what is drawn not everything is for sale
Status = EmbeddingSpace.Status
AS_COMPARED = Options(cacheable=False, fallback=False)  # what fills up says nothing of a space


@dataclass(frozen=True)
class Pair:
    """Two spaces that are compared."""

    left: EmbeddingSpace
    right: EmbeddingSpace

    @property
    def names(self) -> tuple[str, str]:
        return self.left.name, self.right.name


@dataclass(frozen=True)
class SpaceList:
    """What one space shows beside a product. Without a vector of the product there is nothing to show."""

    items: tuple[Recommendation, ...]
    changes: tuple[Change, ...] = ()  # of each, where it stands in the other space's list
    is_embedded: bool = True

    @property
    def marked(self) -> list[tuple[Recommendation, Change]]:
        return list(zip(self.items, self.changes, strict=True))

    @property
    def product_ids(self) -> list[int]:
        return [item.candidate.product_id for item in self.items]


@dataclass(frozen=True)
class Row:
    """A product with its two lists."""

    product: Product
    left: SpaceList
    right: SpaceList

    @property
    def shared(self) -> int:
        return count_shared(self.left.product_ids, self.right.product_ids)

    @property
    def longest(self) -> int:
        return max(len(self.left.items), len(self.right.items))

    @property
    def differs(self) -> bool:
        """Whether a person sees a difference, and both have something to show."""
        return bool(self.left.items and self.right.items) and self.left.product_ids != self.right.product_ids


def list_comparable() -> list[EmbeddingSpace]:
    """Return the spaces that were built to the end: the live one, those that wait, those served before."""
    order = [When(status=status, then=Value(place)) for place, status in enumerate((Status.LIVE, Status.READY))]
    spaces = EmbeddingSpace.objects.filter(status__in=(Status.LIVE, Status.READY, Status.RETIRED))
    return list(spaces.order_by(Case(*order, default=Value(2), output_field=IntegerField()), "-created_at", "-pk"))


def choose_pair(left: str, right: str) -> Pair | None:
    """Return the spaces of these names; for one that is not named or not there, the live one and what waits beside it.

    None where there are no two.
    """
    spaces = list_comparable()
    by_name = {space.name: space for space in spaces}
    target = EmbeddingSpace.objects.rollback_target()
    usual = [space for space in spaces if space.status != Status.RETIRED]
    usual += [target] if target else []
    usual += [space for space in spaces if space not in usual]
    second = by_name.get(right)
    first = by_name.get(left) or next((space for space in usual if space != second), None)
    if second is None or second == first:
        second = next((space for space in usual if space != first), None)
    return Pair(first, second) if first and second else None


def sample_products(count: int, *, seed: int) -> list[Product]:
    """Return up to `count` products that are for sale, always the same for a seed."""
    drawn = draw_few(DRAWN * count, seed=seed)
    found = Product.objects.filter(is_active=True).select_related("category").prefetch_related("images").in_bulk(drawn)
    return [found[product_id] for product_id in drawn if product_id in found][:count]


def find_picked(skus: Sequence[str]) -> tuple[list[Product], list[str]]:
    """Return the products that staff named, and which of the names mean none.

    Each is named by its SKU, or by words of which the first product that has them all is meant.
    """
    products: list[Product] = []
    unknown = []
    known = Product.objects.select_related("category").prefetch_related("images")
    for name in dict.fromkeys(skus):
        is_readable = bool(name) and name.isprintable()
        found = known.filter(sku=name).first() if is_readable else None
        if found is None and is_readable:
            found = known.filter(find_words(name)).first()
        if found is None:
            unknown.append(name)
        elif found not in products:
            products.append(found)
    return products, unknown


def compare_lists(pair: Pair, product: Product, *, limit: int = SHOWN) -> Row:
    """Return what both spaces show beside a product, each place compared with the other list."""
    lists = [_read_list(space, product, limit=limit) for space in (pair.left, pair.right)]
    ids = [found.product_ids for found in lists]
    left, right = (
        SpaceList(found.items, tuple(mark_changes(own, other)), found.is_embedded)
        for found, own, other in zip(lists, ids, reversed(ids), strict=True)
    )
    return Row(product, left, right)


def _read_list(space: EmbeddingSpace, product: Product, *, limit: int) -> SpaceList:
    request = ListRequest(
        anchors=(product.sku,), limit=limit, options=AS_COMPARED, space=space.name, without_rules=True, retired=True
    )
    try:
        found = answer_plainly(request)
    except UnknownAnchor:  # deleted this moment
        return SpaceList((), is_embedded=False)
    return SpaceList(found.results, is_embedded=found.status == "ok")
