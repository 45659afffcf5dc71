"""What an experiment has shown so far, from the looks at it: a few rows, whatever the number of visitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from behaviour.experiments.confidence_sequences import ALPHA, breaks_guard, estimate_at_horizon, estimate_difference
from behaviour.experiments.cuped import adjust, fit_adjustment
from behaviour.experiments.experiment import Arm, Experiment, GuardRail, Metric
from behaviour.experiments.looks import read_moments
from behaviour.experiments.moments import Moments
from behaviour.experiments.multinomial_evidence import estimate_share
from behaviour.experiments.sample_ratio import has_mismatch
from behaviour.experiments.unit import ExperimentLook
from recommendations.evaluation.intervals import Estimate

Day = dict[str, ExperimentLook]  # by arm
MIN_SAVED = 0.01  # of the variance: what history explains less of is noise of the slope, and not worth a word


@dataclass(frozen=True)
class ArmResult:
    """An arm against the control. Without history to go by, `saved` is 0; the control has no `difference`."""

    arm: Arm
    units: int
    mean: float
    difference: Estimate | None = None
    relative: float | None = None  # share of the control's mean
    at_horizon: Estimate | None = None  # what the ordinary test said, on the day on which as many had come as planned
    saved: float = 0.0  # share of the variance that history explains
    is_void: bool = False

    @property
    def verdict(self) -> str:
        """better, worse, open, early: too few to say anything, or void: visitors are not shared out as promised."""
        found = self.difference
        if self.is_void:
            return "void"
        if found is None or not np.isfinite(found.high):
            return "early"
        if found.excludes_zero:
            return "better" if found.low > 0 else "worse"
        return "open"


@dataclass(frozen=True)
class RailResult:
    """How an arm stands against what was allowed. `change` is None while the control has nothing."""

    rail: GuardRail
    arm: Arm
    change: float | None
    is_broken: bool


@dataclass(frozen=True)
class Results:
    """Everything that is said of an experiment. `days` are its looks, the first day first."""

    experiment: Experiment
    arms: tuple[Arm, ...]
    days: tuple[tuple[date, Day], ...]

    @property
    def latest(self) -> Day:
        return self.days[-1][1] if self.days else {}

    @cached_property
    def units(self) -> int:
        return sum(look.units for look in self.latest.values())

    @property
    def is_interleaved(self) -> bool:
        return self.experiment.method == Experiment.Method.INTERLEAVING

    @cached_property
    def has_mismatch(self) -> bool:
        """Whether visitors were not shared out as promised, at any look: those that were counted then still are."""
        if self.is_interleaved or len(self.arms) < 2:
            return False
        shares = [arm.share for arm in self.arms]
        counted = ([day[arm.name].units if arm.name in day else 0 for arm in self.arms] for _, day in self.days)
        return any(has_mismatch(counts, shares) for counts in counted)

    @property
    def progress(self) -> float:
        """How many of the planned visitors have come, at most 1."""
        return min(self.units / self.experiment.planned_units, 1.0)

    @cached_property
    def horizon(self) -> Day | None:
        """The first day on which as many visitors had come as were planned: the ordinary test is for one look."""
        planned = self.experiment.planned_units
        return next((day for _, day in self.days if sum(look.units for look in day.values()) >= planned), None)

    @cached_property
    def alpha(self) -> float:
        """What may go wrong with one arm's metric, or guard rail: all that is looked at shares it (Bonferroni)."""
        return ALPHA / max((len(self.arms) - 1) * (1 + len(self.rails)), 1)

    @cached_property
    def rails(self) -> list[GuardRail]:
        return list(self.experiment.guard_rails.all())

    def compare(self, day: Day) -> list[ArmResult]:
        """Return each arm as it stood on a day, the control first."""
        plain, adjusted, saved = self.read_arms(day)
        at_horizon = self.test_at_horizon()
        results = [ArmResult(self.arms[0], int(plain[0].count), float(plain[0].mean))]
        for arm, raw, moments in zip(self.arms[1:], plain[1:], adjusted[1:], strict=True):
            planned = self.experiment.planned_units
            difference = estimate_difference(moments, adjusted[0], planned=planned, alpha=self.alpha)
            results.append(
                ArmResult(
                    arm,
                    int(raw.count),
                    float(raw.mean),
                    difference=difference,
                    relative=_divide(difference.mean, float(plain[0].mean)),
                    at_horizon=at_horizon.get(arm.name),
                    saved=saved,
                    is_void=self.has_mismatch,
                )
            )
        return results

    def read_arms(self, day: Day) -> tuple[list[Moments], list[Moments], float]:
        """Return the arms as they were counted and with their history taken out, and what share that saves."""
        plain = [read_moments(day.get(arm.name), self.experiment.metric) for arm in self.arms]
        adjustment = fit_adjustment(plain)
        saved = float(adjustment.saved)
        if saved < MIN_SAVED:
            return plain, plain, 0.0
        return plain, [adjust(moments, adjustment) for moments in plain], saved

    def test_at_horizon(self) -> dict[str, Estimate]:
        """Return what the ordinary test said of each arm; nothing before its day, or of shares that are off."""
        if self.horizon is None or self.has_mismatch:
            return {}
        _, (control, *others), _ = self.read_arms(self.horizon)
        arms = zip(self.arms[1:], others, strict=True)
        return {arm.name: estimate_at_horizon(moments, control, alpha=self.alpha) for arm, moments in arms}

    def prefer(self, day: Day) -> Estimate:
        """Return the share of visitors, of those that prefer one ranking, who prefer the second."""
        looks = day.values()
        return estimate_share(sum(look.wins for look in looks), sum(look.losses for look in looks))

    def check_rails(self) -> list[RailResult]:
        """Return how each arm stands against each guard rail: is it sure that more harm is done than allowed?"""
        control, *others = self.arms
        planned, found = self.experiment.planned_units, []
        for rail in self.rails:
            before = read_moments(self.latest.get(control.name), rail.metric)
            for arm in others:
                now = read_moments(self.latest.get(arm.name), rail.metric)
                broken = breaks_guard(now, before, worst_change=rail.worst_change, planned=planned, alpha=self.alpha)
                change = _divide(float(now.mean - before.mean), float(before.mean))
                found.append(RailResult(rail, arm, change, bool(broken)))
        return found


def read_results(experiment: Experiment) -> Results:
    """Return what an experiment has shown: three queries."""
    days: dict[date, Day] = {}
    for look in experiment.looks.order_by("day", "id"):
        days.setdefault(look.day, {})[look.arm] = look
    return Results(experiment, tuple(experiment.arms.all()), tuple(days.items()))


def _divide(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def list_outcomes(results: Results) -> Sequence[tuple[Metric, list[float]]]:
    """Return of each metric the mean of each arm, for the table of all that was counted."""
    return [
        (metric, [float(read_moments(results.latest.get(arm.name), metric).mean) for arm in results.arms])
        for metric in Metric
    ]
