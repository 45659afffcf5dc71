"""The checks of products: each app registers its own as it starts.

A check is given a slice of products and yields what is amiss with them; what it does not find any more is taken off the
list. It says nothing of products that are not in the slice, but for those beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from api.field import current_field

if TYPE_CHECKING:
    from catalog.models import Product


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that is amiss. `about` tells it from others of the same product; the details are for `describe`."""

    product_id: int
    other_id: int | None = None
    about: str = ""
    severity: float = 0.5  # 0 to 1
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Slice:
    """Products on sale that are looked at together, with category and pictures, and whatever several checks share."""

    products: Sequence[Product]
    round_began_at: datetime | None = None  # None: they are looked at out of their turn
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        return [product.pk for product in self.products]

    def recall(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what was made under this name before, or make it."""
        if name not in self.memory:
            self.memory[name] = make()
        return self.memory[name]


Examine = Callable[[Slice], Iterable[Found]]
Describe = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that may be amiss with products, in the words of the page."""

    name: str
    title: str | Promise
    advice: str | Promise
    describe: Describe  # details -> what is said of one finding
    deeds: tuple[str, ...]  # names of what mends it, the best first
    examine: Examine
    part: str = ""  # of a field (`hidden` in api/field.py), without which nobody is shown it
    is_late: bool = False  # it needs what a whole round has noted, and is asked at the end of one


CHECKS: dict[str, Check] = {}  # by name, in the order of the page
OBSERVERS: list[Callable[[Slice], None]] = []


def register_check(check: Check) -> Check:
    """Add a check; a second one of the same name takes the place of the first."""
    CHECKS[check.name] = check
    return check


def list_checks() -> list[Check]:
    """Return those that the field of this installation has something for."""
    hidden = current_field().hidden
    return [check for check in CHECKS.values() if check.part not in hidden]


def register_observer(observe: Callable[[Slice], None]) -> Callable[[Slice], None]:
    """Have a function see every slice of a round, for what late checks need to have noted."""
    OBSERVERS.append(observe)
    return observe
