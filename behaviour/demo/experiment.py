"""An experiment in progress for the demo shop: made and started as staff would, and dated back to where its visits are.

Which arm a visit saw is what its hash says, as in a shop; what the tried arm did is in the simulated visits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from behaviour.demo.simulated import EXPERIMENT_DAYS, Trial
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.assignment import choose_arm
from behaviour.experiments.counting import count_new_events
from behaviour.experiments.experiment import Experiment, Metric
from behaviour.experiments.lifecycle import start
from behaviour.experiments.looks import take_look
from behaviour.experiments.unit import ExperimentLook
from recommendations.rules import WIDGET

NAME, CONTROL, TRIED = "more-variety", "as-now", "varied"
VARIED = {"diversity": 0.3}
PLANNED = 2_000


def find_experiment(*, now: datetime) -> Experiment | None:
    """Return the demo's experiment, made and started unless it is there; None where staff try something else there."""
    found = Experiment.objects.filter(name=NAME).first()
    if found is not None:
        return found
    if any(one.is_about(WIDGET, "similar") for one in Experiment.objects.filter(status=Experiment.Status.RUNNING)):
        return None
    with transaction.atomic():
        made = Experiment.objects.create(
            name=NAME,
            title="Similar products: more variety in the list",
            placement=WIDGET,
            strategy="similar",
            metric=Metric.CLICK,
            planned_units=PLANNED,
        )
        made.arms.create(name=CONTROL)
        made.arms.create(name=TRIED, options=VARIED)
        made.guard_rails.create(metric=Metric.CART, worst_change=-0.5)
    started = start(made)
    started.started_at = now - timedelta(days=EXPERIMENT_DAYS)
    started.save(update_fields=["started_at"])
    return started


def make_trial(experiment: Experiment) -> Trial:
    """Return what the simulated visits have to know of it."""
    arms = list(experiment.arms.all())
    assert experiment.started_at is not None  # it runs

    def find_arm(user_id: str, session_id: str) -> str:
        key = make_key("user", user_id) if user_id else make_key("session", session_id)
        return choose_arm(arms, salt=experiment.salt, key=key).name

    return Trial(experiment.name, experiment.started_at, find_arm, tried_arm=TRIED)


def look_at_end_of(day: datetime, experiment: Experiment) -> None:
    """Count what is there, and keep how the arms stand as if it had been looked at on that day."""
    count_new_events(experiment)
    take_look(experiment)
    that_day, today = timezone.localdate(day), timezone.localdate()
    if that_day != today:
        looks = ExperimentLook.objects.filter(experiment=experiment)
        with transaction.atomic():
            looks.filter(day=that_day).delete()
            looks.filter(day=today).update(day=that_day)
