"""Figures of an experiment in words: shares in hundredths, revenue in its currency."""

from __future__ import annotations

from math import isfinite

from django.utils.formats import number_format
from django.utils.translation import gettext

from behaviour.experiments.experiment import Arm, Experiment, Metric
from behaviour.experiments.lifecycle import describe_changes
from recommendations.evaluation.intervals import Estimate


def say_number(value: float, digits: int) -> str:
    """Say a number rounded: Django's own formatting cuts what comes after the digits off."""
    return number_format(round(value, digits), digits, force_grouping=True)


def say_signed(value: float, digits: int) -> str:
    rounded = round(value, digits)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return f"{sign}{say_number(abs(rounded), digits)}"


def say_mean(value: float, *, metric: str, currency: str) -> str:
    if metric == Metric.REVENUE:
        return f"{say_number(value, 2)} {currency}".strip()
    return f"{say_number(100 * value, 2)} %"


def say_difference(value: float, *, metric: str, currency: str) -> str:
    """Say a difference with its sign: of shares in percentage points."""
    if metric == Metric.REVENUE:
        return f"{say_signed(value, 2)} {currency}".strip()
    return gettext("%s points") % say_signed(100 * value, 2)


def say_tick(value: float, *, metric: str) -> str:
    """Say a difference beside an axis, where there is no room for the unit."""
    return say_signed(value, 2) if metric == Metric.REVENUE else say_signed(100 * value, 1)


def say_interval(found: Estimate, *, metric: str, currency: str) -> str:
    if not (isfinite(found.low) and isfinite(found.high)):
        return "–"
    low, high = (say_difference(value, metric=metric, currency=currency) for value in (found.low, found.high))
    return gettext("%(low)s to %(high)s") % {"low": low, "high": high}


def say_change(value: float | None) -> str:
    """Say a share of the control's value with its sign."""
    return "–" if value is None else f"{say_signed(100 * value, 1)} %"


def say_share(value: float) -> str:
    return f"{say_number(100 * value, 1)} %"


def say_scope(experiment: Experiment) -> str:
    """Say which lists an experiment is about."""
    placement, strategy = experiment.placement, experiment.strategy
    if placement and strategy:
        return gettext("%(strategy)s in %(placement)s") % {"strategy": strategy, "placement": placement}
    return placement or strategy or gettext("all lists")


def say_changes(arm: Arm) -> str:
    return describe_changes(arm) or gettext("as asked for")


def say_verdict(verdict: str) -> str:
    return {
        "early": gettext("Too early to say"),
        "open": gettext("No difference shown"),
        "better": gettext("Better"),
        "worse": gettext("Worse"),
        "void": gettext("Not judged"),
    }[verdict]
