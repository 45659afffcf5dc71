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


@dataclass(frozen=True)
class ArmResult:
    """An arm against the control. Without history to go by, `saved` is 0; the control has no `difference`."""

    arm: Arm
    units: int
    mean: float
    difference: Estimate | None = None
    relative: float | None = None  # share of the control's mean
    at_horizon: Estimate | None = None  # what the ordinary test says, once as many came as were planned
    saved: float = 0.0  # share of the variance that history explains

    @property
    def verdict(self) -> str:
        """better, worse, open, or early: too few to say anything."""
        found = self.difference
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

    @property
    def has_mismatch(self) -> bool:
        """Whether visitors were not shared out as promised."""
        if self.is_interleaved or len(self.arms) < 2:
            return False
        counts = [self.latest[arm.name].units if arm.name in self.latest else 0 for arm in self.arms]
        return has_mismatch(counts, [arm.share for arm in self.arms])

    @property
    def progress(self) -> float:
        """How many of the planned visitors have come, at most 1."""
        return min(self.units / self.experiment.planned_units, 1.0)

    def compare(self, day: Day) -> list[ArmResult]:
        """Return each arm as it stood on a day, the control first."""
        metric, planned = self.experiment.metric, self.experiment.planned_units
        plain = [read_moments(day.get(arm.name), metric) for arm in self.arms]
        adjustment = fit_adjustment(plain)
        saved = float(adjustment.saved)
        adjusted = [adjust(moments, adjustment) if _is_worth(saved) else moments for moments in plain]
        alpha = ALPHA / max(len(self.arms) - 1, 1)
        results = [ArmResult(self.arms[0], int(plain[0].count), float(plain[0].mean))]
        for arm, raw, moments in zip(self.arms[1:], plain[1:], adjusted[1:], strict=True):
            difference = estimate_difference(moments, adjusted[0], planned=planned, alpha=alpha)
            is_over = sum(each.count for each in plain) >= planned
            results.append(
                ArmResult(
                    arm,
                    int(raw.count),
                    float(raw.mean),
                    difference=difference,
                    relative=_divide(difference.mean, float(plain[0].mean)),
                    at_horizon=estimate_at_horizon(moments, adjusted[0], alpha=alpha) if is_over else None,
                    saved=saved if _is_worth(saved) else 0.0,
                )
            )
        return results

    def prefer(self, day: Day) -> Estimate:
        """Return the share of visitors, of those that prefer one ranking, who prefer the second."""
        looks = day.values()
        return estimate_share(sum(look.wins for look in looks), sum(look.losses for look in looks))

    def check_rails(self) -> list[RailResult]:
        """Return how each arm stands against each guard rail."""
        rails, (control, *others) = list(self.experiment.guard_rails.all()), self.arms
        found = []
        for rail in rails:
            before = read_moments(self.latest.get(control.name), rail.metric)
            for arm in others:
                now = read_moments(self.latest.get(arm.name), rail.metric)
                is_broken = is_rail_broken(self.experiment, rail, now, before, looked_at=len(rails) * len(others))
                change = _divide(float(now.mean - before.mean), float(before.mean))
                found.append(RailResult(rail, arm, change, is_broken))
        return found


def is_rail_broken(
    experiment: Experiment, rail: GuardRail, treated: Moments, control: Moments, *, looked_at: int
) -> bool:
    """Say whether an arm surely does more harm than the rail allows, of so many pairs of both that are looked at."""
    return bool(
        breaks_guard(
            treated,
            control,
            worst_change=rail.worst_change,
            planned=experiment.planned_units,
            alpha=ALPHA / looked_at,
        )
    )


def read_results(experiment: Experiment) -> Results:
    """Return what an experiment has shown: three queries."""
    days: dict[date, Day] = {}
    for look in experiment.looks.order_by("day", "id"):
        days.setdefault(look.day, {})[look.arm] = look
    return Results(experiment, tuple(experiment.arms.all()), tuple(days.items()))


def _is_worth(saved: float) -> bool:
    """Whether history explains enough to be worth a word; less is noise of the slope."""
    return saved >= 0.01


def _divide(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def list_outcomes(results: Results) -> Sequence[tuple[Metric, list[float]]]:
    """Return of each metric the mean of each arm, for the table of all that was counted."""
    return [
        (metric, [float(read_moments(results.latest.get(arm.name), metric).mean) for arm in results.arms])
        for metric in Metric
    ]
