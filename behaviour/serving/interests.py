"""From what somebody did to what they are interested in, what to buy again, and what not to show: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from behaviour.events.event import Event
from recommendations.visitors import History, Interest

Kind = Event.Kind
# What a deed says of interest, beside a page seen.
DEED_WEIGHTS = {Kind.VIEW: 1.0, Kind.CLICK: 1.0, Kind.WISHLIST: 2.0, Kind.CART: 2.0, Kind.PURCHASE: 3.0}
HALF_LIFE_DAYS = 60.0  # of an interest
AGAIN_HALF_LIFE_DAYS = 120.0  # of a purchase, for buying again
MOST_INTERESTS = 100
MOST_LATEST = 5  # products by which a session goes on
LATEST_FADE = 0.8  # weight of the one before, beside the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One event of a visitor, of a product that the catalogue knows."""

    type: str
    product_id: int
    sku: str
    variant_group: str
    category_id: int | None
    is_latest: bool  # of this session, or brought by the request
    age_days: float
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """For how many days something is not shown again. 0: it is shown."""

    bought_days: float
    cart_days: float
    dismissed_days: float


def summarise(deeds: Sequence[Deed], *, windows: Windows, user_key: str = "") -> History:
    """Return the history of deeds, which come newest first."""
    standing = drop_undone(deeds)
    dismissed = {deed.product_id for deed in deeds if deed.type == Kind.DISMISS}
    told = [deed for deed in standing if deed.type in DEED_WEIGHTS and deed.product_id not in dismissed]
    known = find_known(standing, windows)
    put_away = {deed.product_id for deed in known if deed.type != Kind.PURCHASE}
    return History(
        interests=weigh(told, lambda deed: DEED_WEIGHTS[Kind(deed.type)] * decay(deed.age_days, HALF_LIFE_DAYS))[
            :MOST_INTERESTS
        ],
        latest=find_latest(told),
        bought=tuple(one for one in weigh_purchases(standing) if one.product_id not in put_away),
        hidden_ids=tuple(dict.fromkeys(deed.product_id for deed in known)),
        hidden_groups=tuple(dict.fromkeys(deed.variant_group for deed in known if deed.variant_group)),
        user_key=user_key,
    )


def drop_undone(deeds: Sequence[Deed]) -> list[Deed]:
    """Return the deeds without what was put into the cart and taken out again, to the last piece."""
    pieces: Counter[int] = Counter()  # in the cart, by product
    put_in: dict[int, list[int]] = {}  # the places of the deeds that put them there
    undone: set[int] = set()
    for place in reversed(range(len(deeds))):  # the oldest first
        deed = deeds[place]
        if deed.type == Kind.CART:
            pieces[deed.product_id] += deed.quantity
            put_in.setdefault(deed.product_id, []).append(place)
        elif deed.type == Kind.UNCART and pieces[deed.product_id] > deed.quantity:
            pieces[deed.product_id] -= deed.quantity
        elif deed.type in (Kind.UNCART, Kind.PURCHASE):
            pieces[deed.product_id] = 0
            emptied = put_in.pop(deed.product_id, [])
            undone.update(emptied if deed.type == Kind.UNCART else [])
    return [deed for place, deed in enumerate(deeds) if place not in undone and deed.type != Kind.UNCART]


def find_known(deeds: Iterable[Deed], windows: Windows) -> list[Deed]:
    """Return of each product that was bought, is in the cart or was put away lately the deed that says so."""
    days = {
        Kind.PURCHASE: windows.bought_days,
        Kind.CART: windows.cart_days,
        Kind.DISMISS: windows.dismissed_days,
    }
    bought: set[int] = set()
    known = []
    for deed in deeds:  # newest first
        in_window = deed.age_days < days.get(Kind(deed.type), 0.0)
        if in_window and not (deed.type == Kind.CART and deed.product_id in bought):  # no cart holds what was bought
            known.append(deed)
        if deed.type == Kind.PURCHASE:
            bought.add(deed.product_id)
    return known


def weigh(deeds: Iterable[Deed], weight_of: Callable[[Deed], float]) -> tuple[Interest, ...]:
    """Return each product once, with the greatest weight of its deeds, the greatest first; ties by id."""
    found: dict[int, Interest] = {}
    for deed in deeds:
        weight, known = weight_of(deed), found.get(deed.product_id)
        is_bought = deed.type == Kind.PURCHASE or (known is not None and known.is_bought)
        most = max(weight, known.weight) if known else weight
        found[deed.product_id] = replace(make_interest(deed), weight=most, is_bought=is_bought)
    return tuple(sorted(found.values(), key=lambda one: (-one.weight, one.product_id)))


def weigh_purchases(deeds: Iterable[Deed]) -> tuple[Interest, ...]:
    """Return what was bought, by how often and how long ago: each purchase counts half after `AGAIN_HALF_LIFE_DAYS`."""
    weights: dict[int, float] = {}
    interests: dict[int, Interest] = {}
    for deed in deeds:
        if deed.type == Kind.PURCHASE:
            weights[deed.product_id] = weights.get(deed.product_id, 0.0) + decay(deed.age_days, AGAIN_HALF_LIFE_DAYS)
            interests[deed.product_id] = make_interest(deed)
    weighed = [replace(interests[number], weight=weight, is_bought=True) for number, weight in weights.items()]
    return tuple(sorted(weighed, key=lambda one: (-one.weight, one.product_id)))


def find_latest(deeds: Sequence[Deed]) -> tuple[Interest, ...]:
    """Return the products of this session, the newest first, each weighing less than the next; of somebody without a
    session those that they were busy with last."""
    latest = [deed for deed in deeds if deed.is_latest] or list(deeds)
    once = list({deed.product_id: deed for deed in reversed(latest)}.values())[::-1]
    newest = sorted(once, key=lambda deed: deed.age_days)[:MOST_LATEST]
    return tuple(
        replace(make_interest(deed), weight=DEED_WEIGHTS[Kind(deed.type)] * LATEST_FADE**place)
        for place, deed in enumerate(newest)
    )


def make_interest(deed: Deed) -> Interest:
    return Interest(product_id=deed.product_id, sku=deed.sku, category_id=deed.category_id)


def decay(age_days: float, half_life_days: float) -> float:
    return float(0.5 ** (max(age_days, 0.0) / half_life_days))
