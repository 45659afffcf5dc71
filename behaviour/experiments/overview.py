"""What the page of an experiment says: how it stands, in words and one picture for each arm."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from behaviour.experiments import words
from behaviour.experiments.chart import Chart, draw_intervals
from behaviour.experiments.experiment import Arm, Experiment
from behaviour.experiments.lifecycle import find_arms_problems, find_problems
from behaviour.experiments.results import ArmResult, Results, list_outcomes, read_results


@dataclass(frozen=True)
class ArmRow:
    """An arm in the table of results."""

    name: str
    units: int
    mean: str
    difference: str = ""
    interval: str = ""
    relative: str = ""
    verdict: str = ""
    verdict_code: str = ""
    at_horizon: str = ""
    chart: Chart | None = None


@dataclass(frozen=True)
class ShareRow:
    """Who sees what."""

    arm: Arm
    share: str
    changes: str


@dataclass(frozen=True)
class RailRow:
    metric: str
    arm: str
    change: str
    worst: str
    verdict: str
    is_broken: bool


@dataclass(frozen=True)
class Overview:
    """The page's context; `preference` is of an interleaved experiment, `arms` of others."""

    results: Results
    scope: str
    shares: list[ShareRow]
    problems: list[str]
    arms: list[ArmRow]
    preference: ArmRow | None
    saved: str
    rails: list[RailRow]
    outcomes: list[tuple[str, list[str]]]
    mismatch: list[str]  # how many came into each arm, and how many should have; empty where that is as promised
    ended_early: bool


def describe_experiment(experiment: Experiment) -> Overview:
    """Return what its page says. Reads the looks, never the units."""
    results = read_results(experiment)
    compared = results.compare(results.latest) if results.days and not results.is_interleaved else []
    saved = max((result.saved for result in compared), default=0.0)
    is_draft = experiment.status == Experiment.Status.DRAFT
    return Overview(
        results=results,
        scope=words.say_scope(experiment),
        shares=describe_shares(results.arms, is_interleaved=results.is_interleaved),
        problems=find_problems_now(experiment),
        arms=[describe_arm(results, result) for result in compared],
        preference=describe_preference(results) if results.is_interleaved and results.days else None,
        saved=words.say_share(saved) if saved else "",
        rails=[] if is_draft or not results.days else describe_rails(results),
        outcomes=[] if results.is_interleaved or not results.days else describe_outcomes(results),
        mismatch=describe_mismatch(results) if results.has_mismatch else [],
        ended_early=bool(experiment.stopped_at) and results.progress < 1,
    )


def find_problems_now(experiment: Experiment) -> list[str]:
    """Return what a draft still lacks, and what arms that are served can be made of no more."""
    if experiment.status == Experiment.Status.DRAFT:
        return find_problems(experiment)
    if experiment.status == Experiment.Status.RUNNING:
        return find_arms_problems(experiment)
    return []


def describe_shares(arms: tuple[Arm, ...], *, is_interleaved: bool) -> list[ShareRow]:
    total = sum(arm.share for arm in arms)
    return [
        ShareRow(arm, words.say_share(1.0 if is_interleaved else arm.share / total), words.say_changes(arm))
        for arm in arms
    ]


def describe_arm(results: Results, result: ArmResult) -> ArmRow:
    money = {"metric": results.experiment.metric, "currency": results.experiment.currency}
    found = result.difference
    if found is None:
        return ArmRow(result.arm.name, result.units, words.say_mean(result.mean, **money))
    if result.is_void:
        said = words.say_verdict(result.verdict)
        mean = words.say_mean(result.mean, **money)
        return ArmRow(result.arm.name, result.units, mean, "–", "–", verdict=said, verdict_code=result.verdict)
    number = results.arms.index(result.arm)
    metric, series = results.experiment.metric, []
    for day, looks in results.days:
        estimate = results.compare(looks)[number].difference
        assert estimate is not None  # of an arm that is not the control
        series.append((day, estimate))
    return ArmRow(
        result.arm.name,
        result.units,
        words.say_mean(result.mean, **money),
        difference=words.say_difference(found.mean, **money),
        interval=words.say_interval(found, **money),
        relative=words.say_change(result.relative),
        verdict=words.say_verdict(result.verdict),
        verdict_code=result.verdict,
        at_horizon=words.say_interval(result.at_horizon, **money) if result.at_horizon else "",
        chart=draw_intervals(series, baseline=0.0, say=lambda value: words.say_tick(value, metric=metric)),
    )


def describe_preference(results: Results) -> ArmRow:
    """Return how many prefer the second ranking, of the visitors who prefer one."""
    found = results.prefer(results.latest)
    code = "early" if not found.count else "open"
    if found.count and (found.low > 0.5 or found.high < 0.5):
        code = "better" if found.low > 0.5 else "worse"
    return ArmRow(
        results.arms[1].name,
        found.count,
        words.say_share(found.mean) if found.count else "–",
        interval=f"{words.say_share(found.low)} – {words.say_share(found.high)}" if found.count else "–",
        verdict=words.say_verdict(code),
        verdict_code=code,
        chart=draw_intervals(
            [(day, results.prefer(looks)) for day, looks in results.days], baseline=0.5, say=words.say_share
        ),
    )


def describe_mismatch(results: Results) -> list[str]:
    whole = sum(arm.share for arm in results.arms)
    units = {arm: results.latest[arm.name].units if arm.name in results.latest else 0 for arm in results.arms}
    said = gettext("%(arm)s: %(came)s visitors of %(promised)s.")
    return [
        said
        % {
            "arm": arm.name,
            "came": words.say_number(came, 0),
            "promised": words.say_number(results.units * arm.share / whole, 0),
        }
        for arm, came in units.items()
    ]


def describe_rails(results: Results) -> list[RailRow]:
    is_void, rows = results.has_mismatch, []
    for result in results.check_rails():
        verdict = gettext("Broken") if result.is_broken else gettext("Holds")
        rows.append(
            RailRow(
                metric=result.rail.get_metric_display(),
                arm=result.arm.name,
                change=words.say_change(result.change),
                worst=words.say_change(result.rail.worst_change),
                verdict=words.say_verdict("void") if is_void else verdict,
                is_broken=result.is_broken and not is_void,
            )
        )
    return rows


def describe_outcomes(results: Results) -> list[tuple[str, list[str]]]:
    currency = results.experiment.currency
    names = dict(Experiment._meta.get_field("metric").flatchoices)  # translated, which those of the enumeration are not
    return [
        (str(names[metric]), [words.say_mean(mean, metric=metric, currency=currency) for mean in means])
        for metric, means in list_outcomes(results)
    ]
