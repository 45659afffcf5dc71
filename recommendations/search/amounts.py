"""Prices and measures in a search: "under 15 euro", "50到100元", "60 x 90 cm", "300毫升"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext

from recommendations.search.query_words import word_list

NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
SIGNS = r"€|\$|£|¥|eur\b|usd\b|gbp\b|cny\b|rmb\b|chf\b"
MONEY = (
    r"€|\$|£|¥|(?:eur|euros?|usd|dollars?|bucks|gbp|pounds?|quid|cny|rmb|yuan|chf|francs?)(?![a-z])"
    r"|欧元|美元|美金|英镑|日元|人民币|元钱|块钱|元|块|欧"
)
# Into centimetres, millilitres, grams and watts, by name.
UNITS: dict[str, tuple[str, Decimal]] = {
    **dict.fromkeys(("mm", "毫米"), ("cm", Decimal("0.1"))),
    **dict.fromkeys(
        ("cm", "centimetres", "centimeters", "centimetre", "centimeter", "厘米", "公分"), ("cm", Decimal(1))
    ),
    **dict.fromkeys(("m", "metres", "meters", "metre", "meter", "米"), ("cm", Decimal(100))),
    **dict.fromkeys(("inches", "inch", "英寸"), ("cm", Decimal("2.54"))),
    **dict.fromkeys(("ft", "feet", "foot", "英尺"), ("cm", Decimal("30.48"))),
    **dict.fromkeys(("ml", "millilitres", "milliliters", "毫升"), ("ml", Decimal(1))),
    "cl": ("ml", Decimal(10)),
    **dict.fromkeys(("l", "litres", "liters", "litre", "liter", "升"), ("ml", Decimal(1000))),
    **dict.fromkeys(("g", "grams", "gram", "克"), ("g", Decimal(1))),
    **dict.fromkeys(("kg", "kilos", "kilo", "公斤", "千克"), ("g", Decimal(1000))),
    "斤": ("g", Decimal(500)),
    **dict.fromkeys(("oz", "ounces", "ounce", "盎司"), ("g", Decimal("28.35"))),
    **dict.fromkeys(("lb", "lbs", "磅"), ("g", Decimal("453.6"))),
    **dict.fromkeys(("watts", "watt", "w", "瓦"), ("w", Decimal(1))),
}
NAMES = sorted(UNITS, key=len, reverse=True)
UNIT = "|".join(f"{name}(?![a-z])" if name.isascii() else name for name in NAMES)
AT_MOST = (
    r"under|below|less than|lower than|cheaper than|up to|at most|no more than|not more than|not over|not above|within"
    r"|max(?:imum)?|<=?|不超过|不高于|不多于|低于|少于|小于|不到|最多|便宜过"
)
AT_LEAST = (
    r"over|above|more than|higher than|at least|not under|not below|no less than|min(?:imum)?|starting (?:at|from)"
    r"|from|>=?|不低于|不少于|高于|超过|大于|多于|至少"
)
ABOUT = r"around|about|approximately|approx|roughly|circa|~|大约|大概|约"
BETWEEN = r"between|from|介于|在"
AT_MOST_AFTER = r"or less|or under|or below|and under|and below|max(?:imum)?\b|以内|之内|以下|以里|封顶|内"
AT_LEAST_AFTER = r"or more|or over|and up|and above|plus|以上|起|\+"
ABOUT_AFTER = r"左右|上下|or so"


def spaced(pattern: str) -> str:
    """Return a pattern for a verbose one, where a space has to be said."""
    return pattern.replace(" ", r"\ ")


AMOUNT = re.compile(
    rf"""(?<![a-z\d.,/-])(?:(?P<at_most>{spaced(AT_MOST)})|(?P<at_least>{spaced(AT_LEAST)})|(?P<about>{ABOUT})|(?P<between>{BETWEEN}))?
    \s*(?P<sign>{SIGNS})?\s*(?<![a-z\d.,-])(?P<number>{NUMBER})(?!\d)\s*(?:(?P<money>{MONEY})|(?P<unit>{UNIT}))?
    (?:\s*(?:-|–|~|to(?!\w)|and(?!\w)|x(?!\w)|×|\*|到|至|和|乘)\s*(?:{SIGNS})?\s*(?P<second>{NUMBER})(?!\d)
        \s*(?:(?P<money2>{MONEY})|(?P<unit2>{UNIT}))?)?
    (?:\s*(?:之间|(?P<less>{spaced(AT_MOST_AFTER)})|(?P<more>{spaced(AT_LEAST_AFTER)})|(?P<roughly>{spaced(ABOUT_AFTER)})))?(?:\s*的)?""",
    re.VERBOSE,
)
ABOUT_PRICE = Decimal("0.25")  # either way: what "about 20" may cost
ABOUT_MEASURE = Decimal("0.1")  # either way: a thing of "60 cm" is seldom 60.0


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of the words, whole ones where they are not Chinese."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"(?<![a-z]){re.escape(word)}(?![a-z])" for word in longest_first))


CHEAP, DEAR = any_of(word_list("cheap")), any_of(word_list("dear"))


@dataclass(frozen=True, slots=True)
class Amount:
    """A price, where `unit` is empty, or a measure in centimetres, millilitres, grams or watts, with its bounds and
    where it stands in the text."""

    start: int
    end: int
    low: Decimal | None
    high: Decimal | None
    unit: str = ""


def read_amounts(folded: str) -> Iterator[Amount]:
    """Yield what a folded text says of prices and measures. A number alone says nothing."""
    for found in AMOUNT.finditer(folded):
        unit = found["unit2"] or found["unit"]
        is_money = bool(found["sign"] or found["money"] or found["money2"])
        if unit and not is_money:
            base, factor = UNITS[unit]
            yield from _read_measure(found, base, factor)
        elif is_money or _has_bound(found):
            low, high = _find_bounds(found, spread=ABOUT_PRICE)
            yield Amount(found.start(), found.end(), low, high)


def _has_bound(found: re.Match[str]) -> bool:
    names = ("at_most", "at_least", "about", "less", "more", "roughly")
    return any(found[name] for name in names) or bool(found["between"] and found["second"])


def _read_measure(found: re.Match[str], unit: str, factor: Decimal) -> Iterator[Amount]:
    is_range = _has_bound(found) or found["second"] is None or re.search(r"-|–|~|to|到|至", found[0])
    if is_range:
        low, high = _find_bounds(found, spread=ABOUT_MEASURE)
        yield Amount(found.start(), found.end(), _times(low, factor), _times(high, factor), unit)
        return
    for name in ("number", "second"):  # 60 x 90 cm
        value = _read_number(found[name]) * factor
        yield Amount(found.start(), found.end(), value * (1 - ABOUT_MEASURE), value * (1 + ABOUT_MEASURE), unit)


def _find_bounds(found: re.Match[str], *, spread: Decimal) -> tuple[Decimal | None, Decimal | None]:
    first = _read_number(found["number"])
    if found["second"]:
        low, high = sorted((first, _read_number(found["second"])))
        return low, high
    if found["at_most"] or found["less"]:
        return None, first
    if found["at_least"] or found["more"]:
        return first, None
    return first * (1 - spread), first * (1 + spread)


def _times(value: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if value is None else value * factor


def _read_number(text: str) -> Decimal:
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        return Decimal(text.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", text):  # as most of Europe writes thousands
        return Decimal(text.replace(".", "").replace(",", "."))
    return Decimal(text.replace(",", "."))


def describe_amount(amount: Amount) -> str:
    """Return a price or measure in words: "up to 15", "54 to 66 cm"."""
    low, high = (None if bound is None else number_format(bound.normalize()) for bound in (amount.low, amount.high))
    if low is None:
        said = gettext("up to %s") % high
    elif high is None:
        said = gettext("from %s") % low
    else:
        said = gettext("%(low)s to %(high)s") % {"low": low, "high": high}
    return f"{said} {amount.unit}".strip()
