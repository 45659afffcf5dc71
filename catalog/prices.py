"""Prices as people and programs of the world write them: `1.299,00 €`, `CHF 1'299.-`, `₹1,29,999.00`, `١٩٫٩٩`.

A separator before three digits may mean thousands or decimals (12.500 EUR). Only what the price itself, its currency or
the caller decides is read; anything else is refused, for a guess would be wrong by a thousand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db import models
from django.utils.translation import gettext, gettext_lazy
from iso4217 import Currency

from catalog.characters import drop_unseen
from catalog.refusals import AmbiguousPrice, BadValue

NO_NUMBER = gettext_lazy("is not a number: write it as 12.50, the currency in its own column")
MAX_LENGTH = 60  # characters of a price with its currency
# Digits after the point of each currency in use, by ISO 4217 itself. Metals and codes for tests have none.
DECIMALS: dict[str, int] = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
COMMON_DECIMALS = 2
KEPT_DECIMALS = 3  # as of the dinars of Kuwait, Bahrain, Jordan ...
DOLLARS = ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "BBD", "JMD", "TTD")
RUPEES = ("INR", "PKR", "LKR", "NPR", "MUR", "SCR")
# What is written instead of a code, in small letters, without a point at its end; several where the country decides.
SYMBOLS: dict[str, tuple[str, ...]] = {
    "$": DOLLARS, "us$": ("USD",), "ca$": ("CAD",), "c$": ("CAD", "NIO"), "a$": ("AUD",), "au$": ("AUD",),
    "nz$": ("NZD",), "hk$": ("HKD",), "s$": ("SGD",), "sg$": ("SGD",), "nt$": ("TWD",), "mx$": ("MXN",),
    "r$": ("BRL",), "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"),
    "円": ("JPY",), "元": ("CNY", "TWD", "HKD"), "원": ("KRW",), "₩": ("KRW",), "₹": ("INR",), "rs": RUPEES,
    "kr": ("SEK", "NOK", "DKK", "ISK"), "zł": ("PLN",), "kč": ("CZK",), "ft": ("HUF",), "lei": ("RON", "MDL"),
    "₽": ("RUB",), "руб": ("RUB", "BYN"), "р": ("RUB",), "₴": ("UAH",), "грн": ("UAH",), "дин": ("RSD",),
    "din": ("RSD",), "₺": ("TRY",), "tl": ("TRY",), "₪": ("ILS",), "฿": ("THB",), "₱": ("PHP",), "₫": ("VND",),
    "đ": ("VND",), "rp": ("IDR",), "rm": ("MYR",), "fr": ("CHF",), "sfr": ("CHF",), "s/": ("PEN",), "₦": ("NGN",),
    "₸": ("KZT",), "₼": ("AZN",), "₾": ("GEL",), "₵": ("GHS",), "₡": ("CRC",), "₲": ("PYG",), "৳": ("BDT",),
    "៛": ("KHR",), "₭": ("LAK",), "₮": ("MNT",), "dhs": ("AED", "MAD"), "د.إ": ("AED",), "ر.س": ("SAR",),
    "ر.ق": ("QAR",), "د.ك": ("KWD",), "د.ب": ("BHD",), "ر.ع": ("OMR",), "د.ا": ("JOD",), "ج.م": ("EGP",),
    "د.م": ("MAD",), "د.ت": ("TND",), "ريال": ("SAR", "QAR", "OMR", "YER"), "rmb": ("CNY",),
    "fcfa": ("XOF", "XAF"), "دينار": ("KWD", "BHD", "JOD", "IQD"),
}  # fmt: skip
# One spelling for the apostrophes that group digits, and for the marks of Arabic numbers.
SPELLED = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "٬": "'", "٫": ".", "−": "-", "–": "-", "—": "-"})
is_plain_price = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,2})?").fullmatch  # means one thing in every currency
CENT, TOO_DEAR = Decimal("0.01"), Decimal(10**12)
ENDING = re.compile(r"\s?(?P<dash>[.,:]-{1,2}|/-)|[.,](?=\s|$)")  # 19,- and 129 :- and 1,299/- and 12.
OTHER = {".": ",", ",": "."}


class PriceColumn(models.DecimalField[Any, Any]):
    """A price in the database: read as 24.00, with a third decimal only where it says something."""

    def from_db_value(self, value: Decimal | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else trim_price(value)


def trim_price(price: Decimal) -> Decimal:
    """Return 9.9000 as 9.90: decimals that say nothing are no fault. What is no price is left for others to refuse."""
    if not price.is_finite() or abs(price) >= TOO_DEAR:
        return price
    cents = price.quantize(CENT)
    return cents if cents == price else price.normalize()


def clean_currency(code: str) -> str:
    """Return an ISO 4217 code in capital letters, or nothing. Raises BadValue."""
    code = code.strip().upper()
    if code and not re.fullmatch("[A-Z]{3}", code):
        raise BadValue(gettext("is not a code of three letters such as EUR"), code="invalid")
    if code and code not in DECIMALS:
        raise BadValue(gettext("is not a currency of ISO 4217, such as EUR"), code="invalid")
    return code


def read_price(said: Any, *, currency: str = "", mark: str = "") -> tuple[Decimal | None, str]:
    """Return the amount, None for nothing, and the code of the currency that `said` names, or nothing. Raises BadValue.

    `said` is a text, or a number of JSON; a negative one is for the model to refuse. `currency` is the code given with
    it. `mark` is what decides where the price does not: the decimal separator of the file, `.` or `,`.
    """
    if isinstance(said, int | float | Decimal) and not isinstance(said, bool):
        return _check_amount(Decimal(str(said)), currency), ""
    if not isinstance(said, str) or len(said) > MAX_LENGTH:
        raise _no_price()
    if not said:
        return None, ""
    if is_plain_price(said):  # nearly every price; what follows would say the same
        return Decimal(said).quantize(CENT), ""
    sign, core, words = _take_apart(said)
    if not core and not words and not sign:
        return None, ""
    named = _name_currency(words, currency) if words else ""
    amount = _read_amount(core, _find_mark(core, currency=named or currency, mark=mark))
    return _check_amount(-amount if sign else amount, named or currency), named


def find_mark(prices: Iterable[tuple[str, str]]) -> str:
    """Return the decimal separator that prices, each with its currency, agree on, or nothing where they do not."""
    marks = set()
    for said, currency in prices:
        if is_plain_price(said):
            marks.add("." if "." in said else "")
            continue
        try:
            _, core, words = _take_apart(said[: MAX_LENGTH + 1])
            mark = _find_mark(core, currency=_name_currency(words, currency) if words else currency)
            _read_amount(core, mark)  # a range or a date (12,50-15,00; 12.05.2024) has no say
        except BadValue:
            continue
        marks.add(mark)
    marks.discard("")
    return marks.pop() if len(marks) == 1 else ""


def _no_price() -> BadValue:
    return BadValue(str(NO_NUMBER), code="invalid")


def _take_apart(said: str) -> tuple[bool, str, list[str]]:
    """Return whether there is a minus, the digits with their separators, and what is written before and after."""
    if any(char.isdigit() and not char.isdecimal() for char in said):  # 19⁹⁹
        raise _no_price()
    text = unicodedata.normalize("NFKC", drop_unseen(said)).translate(SPELLED)
    text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    text = " ".join(text.split())
    digits = [place for place, char in enumerate(text) if char.isdecimal()]
    if not digits:
        return False, "", [text] if text else []
    first, last = digits[0], digits[-1] + 1
    if text[:first].endswith((".", ",")) and not text[: first - 1].strip()[-1:].isalpha():
        first -= 1  # .50
    before, after = text[:first].strip(), text[last:]
    core = text[first:last]
    if ending := ENDING.match(after):
        after = after[ending.end() :]
        core = _drop_thousands(core) if ending["dash"] else core
    after = after.strip()
    sign = before.startswith("-") or before.endswith("-") or after.endswith("-")
    if before.startswith("(") and after.endswith(")"):  # how accountants write it
        sign, before, after = True, before[1:], after[:-1]
    words = [word for part in (before, after) if (word := part.strip("- "))]
    return sign, core, words


def _drop_thousands(core: str) -> str:
    """Return digits after which a dash stands for the cents: 1.299,- has none, so that its point is no decimal one."""
    return re.sub(r"[.,]", "", core) if re.fullmatch(r"[0-9]{1,3}[.,][0-9]{3}", core) else core


def _name_currency(words: list[str], given: str) -> str:
    """Return the code that all words and what is given beside the price agree on. Raises BadValue."""
    possible: set[str] | None = None
    for word in chain.from_iterable(map(_split_words, words)):
        found = _find_currencies(word)
        if not found:
            raise _no_price()
        possible = found if possible is None else possible & found
    if not possible:
        raise BadValue(gettext("names two currencies"), code="invalid")
    if given:
        if given not in possible:
            raise BadValue(gettext("names another currency than %s") % given, code="invalid")
        return given
    if len(possible) > 1:
        known = ", ".join(sorted(possible)[:3])
        raise BadValue(
            gettext("may be of several currencies (%s ...): give the currency by its code") % known, code="invalid"
        )
    return possible.pop()


def _split_words(words: str) -> list[str]:
    """Return what stands on one side of a price as one symbol (US $), or else as several (USD $)."""
    joined = words.replace(" ", "")
    return [joined] if _find_currencies(joined) else words.split()


def _find_currencies(word: str) -> set[str]:
    """Return the codes that a word may stand for."""
    code = word.strip(".").upper()
    return {code} if code in DECIMALS else set(SYMBOLS.get(word.rstrip(".").casefold(), ()))


def _find_mark(core: str, *, currency: str, mark: str = "") -> str:
    """Return which of `.` and `,` is the decimal separator, or nothing where there is none. Raises BadValue."""
    points, commas = core.count("."), core.count(",")
    if not points and not commas:
        return ""
    separator = "." if core.rfind(".") > core.rfind(",") else ","
    if points and commas:
        return separator
    if points + commas > 1:  # 1.250.000
        return OTHER[separator]
    whole, _, rest = core.partition(separator)
    if len(rest) != 3 or not 1 <= len(whole) <= 3 or whole.startswith("0"):
        return separator
    return _decide(separator, currency=currency) or mark or _refuse_to_guess(whole, rest)


def _decide(separator: str, *, currency: str) -> str:
    """Return the decimal separator where three digits follow the only one; nothing where both could be meant."""
    decimals = DECIMALS.get(currency, COMMON_DECIMALS)
    if decimals == 0:
        return OTHER[separator]
    return separator if decimals == KEPT_DECIMALS and separator == "." else ""


def _refuse_to_guess(whole: str, rest: str) -> str:
    said = gettext("can mean %(one)s or %(other)s: write it without thousands and with two decimals")
    said %= {"one": f"{whole}{rest}", "other": f"{whole}.{rest}"}
    raise AmbiguousPrice(said, code="max_decimal_places")


def _read_amount(core: str, mark: str) -> Decimal:
    """Return the number, its thousands (or lakhs) in groups of one kind. Raises BadValue."""
    whole, _, cents = core.partition(mark) if mark else (core, "", "")
    separators = set(re.sub("[0-9]", "", whole))
    groups = re.split("[^0-9]", whole)
    is_western = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    is_indian = len(groups[-1]) == 3 and all(len(group) <= 2 for group in groups[:1]) and all(
        len(group) == 2 for group in groups[1:-1]
    )  # fmt: skip
    is_grouped = separators <= set("., '") and len(separators) == 1 and all(groups) and (is_western or is_indian)
    if not (not separators or is_grouped) or not re.fullmatch("[0-9]*", cents) or not whole + cents:
        raise _no_price()
    return Decimal(f"{''.join(groups) or '0'}.{cents or '0'}")


def _check_amount(amount: Decimal, currency: str) -> Decimal:
    """Return the amount without decimals that say nothing. Raises BadValue where it has more than its currency."""
    amount = trim_price(amount)
    exponent = amount.as_tuple().exponent
    allowed = min(max(DECIMALS.get(currency, COMMON_DECIMALS), COMMON_DECIMALS), KEPT_DECIMALS)
    if isinstance(exponent, int) and -exponent > allowed:
        raise BadValue(gettext("has more than %d decimals") % allowed, code="max_decimal_places")
    return amount
