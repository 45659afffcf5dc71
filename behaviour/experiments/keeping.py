"""What the worker does for experiments each minute: counts, sums up, and stops what does harm."""

from __future__ import annotations

import logging

from behaviour.experiments.counting import count_new_events, find_open
from behaviour.experiments.experiment import Experiment
from behaviour.experiments.guarding import stop_where_harm_is_done
from behaviour.experiments.looks import is_due, take_look

logger = logging.getLogger(__name__)


def keep_experiments() -> None:
    """Bring each experiment up to what has happened. One that fails keeps none of the others from it."""
    for experiment in find_open():
        try:
            keep_experiment(experiment)
        except Exception:  # whatever is wrong with one; beat tries again in a minute
            logger.exception("Experiment %s could not be counted", experiment.name)


def keep_experiment(experiment: Experiment) -> None:
    """Count what came in, and every few minutes look at how the arms stand."""
    count_new_events(experiment)
    if not is_due(experiment):
        return
    take_look(experiment)
    if experiment.status == Experiment.Status.RUNNING and (reason := stop_where_harm_is_done(experiment)):
        logger.warning("Experiment %s was stopped. %s", experiment.name, reason)
