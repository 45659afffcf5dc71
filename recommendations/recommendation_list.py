"""A list of recommendations as services return it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import numpy as np

from catalog.attributes import localize_title
from catalog.conditions import is_in_stock, is_on_sale
from catalog.models import Product, ProductImage
from recommendations.explanations.pairs import PairExplanation

NEIGHBOUR, BROUGHT, LISTED, PLACED, FALLBACK = "neighbour", "brought", "listed", "placed", "fallback"
OK, EMBEDDING_PENDING = "ok", "embedding_pending"
# In the order of the model's own fields, as from_db takes them.
CARD_FIELDS = tuple(
    field.attname
    for field in Product._meta.concrete_fields
    if field.name in {
        "id", "sku", "title", "translations", "brand", "category", "price", "list_price", "currency", "stock",
        "variant_group", "collection", "url", "created_at",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a product is in a list. `rule_id` names the merchandising rule, if it was one."""

    code: str
    text: str
    rule_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A product that may be shown, as the search returned it. `distance` is None for one that was not compared."""

    product_id: int
    sku: str = ""
    title: str = ""
    brand: str = ""
    category_id: int | None = None
    price: Decimal | None = None
    list_price: Decimal | None = None
    currency: str = ""
    stock: int | None = None  # None: not counted
    variant_group: str = ""
    collection: str = ""
    url: str = ""  # the shop's own page, where one is known
    created_at: datetime | None = None
    translations: str = field(default="{}", compare=False)  # JSON
    image: str = ""  # path of the first picture in media storage
    image_id: int | None = None
    image_sha256: str = ""
    image_source_url: str = ""  # where the shop has it, where that is known
    image_width: int = 0  # pixels
    image_height: int = 0
    distance: float | None = None  # 0 is best
    vector: np.ndarray | None = field(default=None, compare=False)  # (dim,), when a step needs it
    distinct_from: tuple[int, ...] = ()  # ids of products that are not the same, however alike: staff have said so
    weighted_by: tuple[int, ...] = ()  # ids of the boosts and buries that mean it
    source: str = NEIGHBOUR
    score: float = 0.0  # what the list is ordered by
    prior: float = 0.0  # by which share a search raises its score, whatever was searched for
    share: float | None = None  # how much of the score is behaviour; None: nothing of the kind was asked
    because: int | None = None  # id of the product that led to it, in the visitor's history or among the anchors
    because_title: str = ""
    because_translations: str = field(default="{}", compare=False)
    reasons: tuple[Reason, ...] = ()

    @property
    def similarity(self) -> float | None:
        return None if self.distance is None else 1.0 - self.distance

    @property
    def sources(self) -> tuple[float, float]:
        """How much of its place is behaviour, and how much content, 0 to 1; neither where it is for another reason."""
        if self.share is not None:
            return self.share, 1.0 - self.share
        return 0.0, float(self.distance is not None and self.source != PLACED)

    @property
    def localized_title(self) -> str:
        return localize_title(self.title, self.translations)

    @property
    def in_stock(self) -> bool:
        return is_in_stock(self.stock)

    @property
    def on_sale(self) -> bool:
        return is_on_sale(price=self.price, list_price=self.list_price)


@dataclass(frozen=True)
class Recommendation:
    """One product of the list. `position` counts from 1 through all pages."""

    position: int
    candidate: Candidate

    @cached_property
    def product(self) -> Product:
        """The product with what cards show, picture included; other fields are read when they are asked for."""
        candidate = self.candidate
        own = {"id": candidate.product_id, "translations": json.loads(candidate.translations)}
        values = [own[name] if name in own else getattr(candidate, name) for name in CARD_FIELDS]
        product = Product.from_db("default", CARD_FIELDS, values)
        images = ProductImage.objects.all()
        images._result_cache = [self.image] if self.image else []  # as prefetch_related leaves it
        product._prefetched_objects_cache = {"images": images}  # type: ignore[attr-defined]
        return product

    @cached_property
    def image(self) -> ProductImage | None:
        """The picture that cards show, None where there is none."""
        candidate = self.candidate
        if candidate.image_id is None:
            return None
        return ProductImage(
            id=candidate.image_id,
            product_id=candidate.product_id,
            file=candidate.image,
            sha256=candidate.image_sha256,
            source_url=candidate.image_source_url,
            width=candidate.image_width,
            height=candidate.image_height,
        )

    @property
    def distance(self) -> float | None:
        return self.candidate.distance

    @property
    def similarity(self) -> float | None:
        return self.candidate.similarity

    @property
    def score(self) -> float:
        return self.candidate.score

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.candidate.reasons


@dataclass(frozen=True, kw_only=True)
class RecommendationList:
    """The answer to one request. Iterating gives its recommendations in order."""

    recommendation_id: str
    strategy: str
    anchors: tuple[str, ...]  # SKUs of those that the list is for
    space: str | None
    search: str  # exact or approximate
    status: str = OK
    fallback_used: bool = False
    results: tuple[Recommendation, ...] = ()
    missing_anchors: tuple[str, ...] = ()  # SKUs that were asked for too, and are not there or not for sale
    more: bool = False  # a further page may have something
    experiment: str = ""  # that the list is part of, with its arm
    arm: str = ""
    explanations: Mapping[int, PairExplanation] = field(default_factory=dict)  # by product id, where asked for

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)


def number_results(candidates: Sequence[Candidate], *, offset: int) -> tuple[Recommendation, ...]:
    return tuple(Recommendation(offset + place, candidate) for place, candidate in enumerate(candidates, start=1))
