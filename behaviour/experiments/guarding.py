"""Stopping an experiment by itself, where an arm surely does more harm than its guard rails allow."""

from __future__ import annotations

from django.utils.translation import gettext

from behaviour.experiments.experiment import Experiment
from behaviour.experiments.lifecycle import ExperimentError, stop
from behaviour.experiments.results import RailResult, read_results


def stop_where_harm_is_done(experiment: Experiment) -> str:
    """Stop it, and return why; empty: no guard rail is broken, or someone was quicker."""
    results = read_results(experiment)
    broken = next((result for result in results.check_rails() if result.is_broken), None)
    if broken is None:
        return ""
    reason = describe_harm(broken)
    if results.has_mismatch:  # it may be the arm, or who came into it; that everyone sees the control costs least
        reason += " " + gettext("Visitors were not shared out as promised, which may be why.")
    try:
        stop(experiment, reason=reason)
    except ExperimentError:
        return ""
    return reason


def describe_harm(broken: RailResult) -> str:
    return gettext("Guard rail: with %(arm)s, “%(metric)s” fell by more than %(allowed)s.") % {
        "arm": broken.arm.name,
        "metric": broken.rail.get_metric_display(),
        "allowed": f"{-broken.rail.worst_change:.1%}",
    }
