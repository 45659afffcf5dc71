"""What chips and choices of the search page say of filters, in the visitor's language."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext

from catalog.colours import BASIC_COLOURS
from catalog.filters import ATTRIBUTE_PREFIX
from catalog.templatetags.catalog import word_amount
from catalog.wordings.lexicon import word_category, word_value


def word_range(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return gettext("up to %s") % word_amount(high, "")
    if high is None:
        return gettext("from %s") % word_amount(low, "")
    return gettext("%(low)s to %(high)s") % {"low": word_amount(low, ""), "high": word_amount(high, "")}


def word_filter(name: str, value: str) -> str:
    """Return a filter in force as its chip says it."""
    if name == "category":
        return word_category(value)
    if name == "colour" and value in BASIC_COLOURS:
        return str(BASIC_COLOURS[value])
    if name.startswith(ATTRIBUTE_PREFIX):
        return word_value(name.removeprefix(ATTRIBUTE_PREFIX), value)
    labels = {"price_min": gettext("from %s"), "price_max": gettext("up to %s")}
    return labels.get(name, "%s") % value
