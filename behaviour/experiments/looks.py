"""How the arms stand: summed up over all units a few times an hour, so that a page reads a row for each day and arm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from behaviour.experiments.experiment import Experiment, Metric
from behaviour.experiments.moments import Moments
from behaviour.experiments.unit import ExperimentLook

LOOK_EVERY = timedelta(minutes=10)
# A visitor counts once in a share; revenue counts as it is.
OUTCOMES = {
    Metric.CLICK: ("(clicks > 0)::int", "(earlier_clicks > 0)::int"),
    Metric.CART: ("(carts > 0)::int", "(earlier_carts > 0)::int"),
    Metric.ORDER: ("(orders > 0)::int", "(earlier_orders > 0)::int"),
    Metric.REVENUE: ("revenue", "earlier_revenue"),
}
SUM = """
jsonb_build_object('y', sum({y}), 'yy', sum({y} * {y}), 'x', sum({x}), 'xx', sum({x} * {x}), 'xy', sum({x} * {y}))"""
SUMS = ", ".join(f"'{metric.value}', {SUM.format(y=y, x=x)}" for metric, (y, x) in OUTCOMES.items())
LOOK = f"""
INSERT INTO behaviour_experimentlook (experiment_id, day, arm, units, sums, wins, losses, looked_at)
SELECT experiment_id, %(day)s, arm, count(*), jsonb_build_object({SUMS}),
count(*) FILTER (WHERE margin > 0), count(*) FILTER (WHERE margin < 0), %(now)s
FROM behaviour_experimentunit WHERE experiment_id = %(experiment)s GROUP BY experiment_id, arm
ON CONFLICT (experiment_id, day, arm) DO UPDATE SET units = excluded.units, sums = excluded.sums, wins = excluded.wins,
losses = excluded.losses, looked_at = excluded.looked_at"""


def is_due(experiment: Experiment) -> bool:
    """Whether the last look is some minutes old, or there is none."""
    last = experiment.looks.order_by("-looked_at").first()
    return last is None or timezone.now() - last.looked_at >= LOOK_EVERY


def take_look(experiment: Experiment) -> None:
    """Sum up the units of each arm as they are now: linear in them, some seconds for a million."""
    now = timezone.now()
    day = timezone.localdate(min(now, experiment.stopped_at) if experiment.stopped_at else now)
    with connection.cursor() as cursor:
        cursor.execute(LOOK, {"experiment": experiment.pk, "day": day, "now": now})


def read_moments(look: ExperimentLook | None, metric: str) -> Moments:
    """Return the sums of a metric as it was looked at."""
    if look is None:
        return Moments(0)
    sums: dict[str, Any] = look.sums[metric]
    return Moments(look.units, **{name: float(value) for name, value in sums.items()})
