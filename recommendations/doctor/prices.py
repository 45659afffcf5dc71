"""Prices that are far from what neighbours cost: a slipped point, cents taken for euros, another currency."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.doctor.checks import Check, Found, Slice, register_check
from catalog.models import Product
from recommendations.doctor.neighbourhoods import Neighbour, by_design, read_neighbourhoods

COMPARED = 20  # designs, the nearest with a price in the same currency
LEAST_COMPARED = 8
# The modified z-score and its limit of Iglewicz and Hoaglin, "How to detect and handle outliers" (1993), of logarithms:
# prices differ by factors. Where neighbours cost nearly the same, a little more is no fault: hence the least spread.
TO_SIGMA = 1.4826
LEAST_SPREAD = 0.25  # of natural logarithms: a fifth below to a quarter above
TOO_FAR = 3.5
LEAST_FACTOR = 3.0
SHOWN = 3  # neighbours beside it


class Oddness(NamedTuple):
    """How far a price is from those of its neighbours."""

    usual: float  # their median
    z: float
    factor: float  # of the price to the usual one, or the other way round: 1 and more


def judge_price(price: float, others: Sequence[float]) -> Oddness | None:
    """Return how far a price is from others in its currency; None where it is not too far, or too few are known."""
    if price <= 0 or len(others) < LEAST_COMPARED:
        return None
    logs = [math.log(other) for other in others]
    middle = median(logs)
    spread = max(TO_SIGMA * median(abs(log - middle) for log in logs), LEAST_SPREAD)
    z = (math.log(price) - middle) / spread
    factor = math.exp(abs(math.log(price) - middle))
    return Oddness(math.exp(middle), z, factor) if abs(z) >= TOO_FAR and factor >= LEAST_FACTOR else None


def find_odd_prices(part: Slice) -> Iterator[Found]:
    neighbourhoods = read_neighbourhoods(part)
    for product in part.products:
        if product.price is None or product.pk not in neighbourhoods:
            continue
        near = [one for one in by_design(neighbourhoods[product.pk]) if _is_comparable(one, product)][:COMPARED]
        odd = judge_price(float(product.price), [one.price for one in near if one.price])
        if odd is not None:
            yield Found(
                product_id=product.pk,
                about=f"{product.price} {product.currency}",
                severity=round(min(abs(odd.z) / 20, 1.0), 3),
                details={
                    "price": float(product.price),
                    "currency": product.currency,
                    "usual": round(odd.usual, 2),
                    "factor": round(odd.factor, 1),
                    "beside": [one.product_id for one in near[:SHOWN]],
                },
            )


def _is_comparable(neighbour: Neighbour, product: Product) -> bool:
    return bool(neighbour.price and neighbour.price > 0 and neighbour.currency == product.currency)


def describe(details: Mapping[str, Any]) -> str:
    values = {
        "price": number_format(details["price"], decimal_pos=2),
        "usual": number_format(details["usual"], decimal_pos=2),
        "currency": details["currency"],
        "factor": number_format(details["factor"], decimal_pos=1),
    }
    if details["price"] > details["usual"]:
        return gettext("It costs %(price)s %(currency)s, %(factor)s times what is usual around it: %(usual)s.") % values
    return gettext("It costs %(price)s %(currency)s; around it %(usual)s is usual, %(factor)s times as much.") % values


register_check(
    Check(
        name="odd_price",
        title=_("Odd prices"),
        advice=_("Far from what the most similar products cost: a slipped point, or a wrong currency?"),
        describe=describe,
        deeds=("set_price", "hide"),
        examine=find_odd_prices,
        part="price",
    )
)
