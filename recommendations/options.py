"""What a caller may choose beside filters, checked once for every way in: API, template tag, command, Python."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from recommendations.anchors import MODALITIES
from recommendations.distances import METRICS
from recommendations.rerank import OUT_OF_STOCK, VARIANTS
from recommendations.rules import ActiveRule

MAX_LIMIT = 100
MAX_ANCHORS = 50
MAX_SHOWN = 500  # recommendations that one list can be paged through
MAX_WEIGHT = 1000  # of an anchor
NEAR_DUPLICATES = ("show", "hide")


class OptionError(ValueError):
    """A choice that does not exist. `name` is the option, the message says what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True)
class Page:
    """What earlier pages of the same list have shown. The next page is the best of the rest."""

    shown_ids: tuple[int, ...] = ()
    recommendation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to search and rerank. The defaults are those of every endpoint."""

    modality: str | None = None  # None: what the strategy compares
    metric: str = "cosine"
    exact: bool = False
    variants: str = "collapse"
    diversity: float = 0.0  # 0: by similarity alone, 1: by difference alone
    near_duplicates: str = "show"
    price_proximity: float = 0.0  # 0: price plays no part, 1: it alone decides
    out_of_stock: str | None = None  # None: the setting KINDRED_OUT_OF_STOCK
    fallback: bool | None = None  # None: fill, unless a minimum similarity is asked for
    explain: bool = False
    inactive_anchors: bool = True  # False: products that are not for sale are unknown, as shoppers know it
    page: Page = Page()
    weights: Mapping[str, float] = field(default_factory=dict)  # of anchors, by SKU; 1 where nothing is said
    rules: tuple[ActiveRule, ...] | None = None  # None: those in force; staff preview others

    def check(self) -> None:
        """Raise OptionError for the first choice that does not exist."""
        choices = {
            "modality": (self.modality, (*MODALITIES, None)),
            "metric": (self.metric, METRICS),
            "variants": (self.variants, VARIANTS),
            "near_duplicates": (self.near_duplicates, NEAR_DUPLICATES),
            "out_of_stock": (self.out_of_stock, (*OUT_OF_STOCK, None)),
        }
        for name, (value, known) in choices.items():
            if value not in known:
                raise OptionError(name, f"Unknown: {value}. Known: {', '.join(word for word in known if word)}.")
        for name, share in (("diversity", self.diversity), ("price_proximity", self.price_proximity)):
            if not 0 <= share <= 1:
                raise OptionError(name, "Has to be between 0 and 1.")
        if not all(math.isfinite(weight) and abs(weight) <= MAX_WEIGHT for weight in self.weights.values()):
            raise OptionError("weights", f"Weights have to be numbers from -{MAX_WEIGHT} to {MAX_WEIGHT}.")


def check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise OptionError("limit", f"Has to be between 1 and {MAX_LIMIT}.")
