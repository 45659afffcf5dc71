"""What visitors in an experiment did, counted from their events: in small steps, each event once, in whatever order.

A step reads the next events by id, notes who was shown a list of the experiment for the first time, and counts anew all
that those and the others concerned have done. So it is the same however events come in and wherever a step was broken
off: what a unit did is always the whole of its events, of which there are few.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from behaviour.events.event import settled_id
from behaviour.experiments.assignment import choose_arm
from behaviour.experiments.credit import count_margins
from behaviour.experiments.experiment import INTERLEAVED, Experiment
from behaviour.reports.order_lines import IS_SALE, number_copies, number_told

STEP = 20_000  # events read at once: a second or two, and memory that nobody notices
MAX_STEPS = 15  # of one experiment before others have their turn: as many as come in a minute at 5,000 a second
HISTORY = timedelta(days=28)  # before the start, of which what a unit did is its history
GRACE = timedelta(days=2)  # after the end, in which late events still come in

# A list that was shown makes a unit. A click alone does not: the arm that is clicked more would have more units.
FIND_SHOWN = """
SELECT arm, user_key, session_key, min(occurred_at) FROM behaviour_event
WHERE id > %(after)s AND id <= %(upto)s AND type = 'impression' AND experiment = %(name)s AND arm <> ''
AND (user_key IS NOT NULL OR session_key IS NOT NULL) AND occurred_at BETWEEN %(started_at)s AND %(ended_at)s
GROUP BY 1, 2, 3"""
ADD_UNITS = """
INSERT INTO behaviour_experimentunit AS unit (experiment_id, unit_key, arm, first_at, clicks, carts, orders, revenue,
earlier_clicks, earlier_carts, earlier_orders, earlier_revenue, margin)
SELECT %(experiment)s, shown.key, shown.arm, shown.first_at, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM unnest(%(keys)s::uuid[], %(arms)s::text[], %(moments)s::timestamptz[]) AS shown (key, arm, first_at)
ON CONFLICT (experiment_id, unit_key) DO UPDATE SET first_at = least(unit.first_at, excluded.first_at)"""
FIND_CONCERNED = """
WITH acted AS MATERIALIZED (SELECT user_key, session_key FROM behaviour_event
WHERE id > %(after)s AND id <= %(upto)s AND type IN ('click', 'add_to_cart', 'purchase'))
SELECT unit_key FROM behaviour_experimentunit WHERE experiment_id = %(experiment)s
AND unit_key IN (SELECT user_key FROM acted UNION SELECT session_key FROM acted)"""
COUNT_ANEW = f"""
UPDATE behaviour_experimentunit AS unit SET
clicks = done.clicks, carts = done.carts, orders = done.orders, revenue = done.revenue,
earlier_clicks = done.earlier_clicks, earlier_carts = done.earlier_carts, earlier_orders = done.earlier_orders,
earlier_revenue = done.earlier_revenue
FROM unnest(%(keys)s::uuid[]) AS concerned (key)
JOIN behaviour_experimentunit AS known ON known.experiment_id = %(experiment)s AND known.unit_key = concerned.key
CROSS JOIN LATERAL (
    SELECT
    count(*) FILTER (WHERE is_later AND type = 'click' AND experiment = %(name)s) AS clicks,
    count(*) FILTER (WHERE is_later AND type = 'add_to_cart') AS carts,
    count(DISTINCT coalesce(order_key, event_key)) FILTER (WHERE is_later AND is_sale) AS orders,
    coalesce(sum(quantity * price) FILTER (WHERE is_later AND is_paid), 0) AS revenue,
    count(*) FILTER (WHERE is_earlier AND type = 'click') AS earlier_clicks,
    count(*) FILTER (WHERE is_earlier AND type = 'add_to_cart') AS earlier_carts,
    count(DISTINCT coalesce(order_key, event_key)) FILTER (WHERE is_earlier AND is_sale) AS earlier_orders,
    coalesce(sum(quantity * price) FILTER (WHERE is_earlier AND is_paid), 0) AS earlier_revenue
    FROM (
        SELECT *, {IS_SALE} AS is_sale, {IS_SALE} AND currency = %(currency)s AS is_paid,
        occurred_at BETWEEN known.first_at AND %(ended_at)s AS is_later, occurred_at < %(started_at)s AS is_earlier
        FROM (SELECT *, {number_copies("type")} FROM (SELECT *, {number_told("type")} FROM (
            SELECT * FROM behaviour_event WHERE user_key = concerned.key
            AND occurred_at BETWEEN %(history_at)s AND %(ended_at)s
            UNION ALL
            SELECT * FROM behaviour_event WHERE session_key = concerned.key
            AND occurred_at BETWEEN %(history_at)s AND %(ended_at)s
        ) AS own WHERE type IN ('click', 'add_to_cart', 'purchase')) AS told) AS numbered
    ) AS judged
) AS done
WHERE unit.id = known.id"""


def find_open() -> list[Experiment]:
    """Return the experiments for which events may still come in."""
    status = Experiment.Status
    late = Q(status__in=[status.STOPPED, status.PROMOTED], stopped_at__gt=timezone.now() - GRACE)
    return list(Experiment.objects.filter(Q(status=status.RUNNING) | late).order_by("id"))


def count_new_events(experiment: Experiment) -> bool:
    """Count what came in since the last time; return whether anything did. Bounded: the rest is for the next time."""
    upto = settled_id()
    for _ in range(MAX_STEPS):
        if not count_step(experiment, upto=upto):
            return False
        if experiment.counted_id >= upto:
            return True
    return True


def count_step(experiment: Experiment, *, upto: int) -> bool:
    """Count the next events up to the id `upto`, in one transaction; return whether there were any to read."""
    with transaction.atomic():
        locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
        end = min(upto, locked.counted_id + STEP)
        if end <= locked.counted_id:
            return False
        span = describe_span(locked) | {"after": locked.counted_id, "upto": end}
        shown = add_shown(locked, span)
        count_anew(locked, {*shown, *find_concerned(span)}, span=span)
        experiment.counted_id = locked.counted_id = end
        locked.save(update_fields=["counted_id"])
    return True


def describe_span(experiment: Experiment) -> dict[str, Any]:
    """Return what the statements are told of an experiment. Raises AssertionError for one that never started."""
    started_at, ended_at = experiment.started_at, experiment.stopped_at or timezone.now() + HISTORY
    assert started_at is not None
    return {
        "experiment": experiment.pk,
        "name": experiment.name,
        "currency": experiment.currency,
        "started_at": started_at,
        "ended_at": ended_at,
        "history_at": started_at - HISTORY,
    }


def add_shown(experiment: Experiment, span: dict[str, Any]) -> set[UUID]:
    """Note who was shown a list of the experiment, and return their keys."""
    units: dict[UUID, tuple[str, datetime]] = {}
    arms = list(experiment.arms.all())
    with connection.cursor() as cursor:
        cursor.execute(FIND_SHOWN, span)
        for arm, user_key, session_key, moment in cursor.fetchall():
            key = find_assigned(experiment, arms, arm, keys=(user_key, session_key))
            if key is not None:
                units[key] = (arm, min(moment, units.get(key, (arm, moment))[1]))
        keys = sorted(units)  # one order for all who write
        cursor.execute(
            ADD_UNITS,
            span | {"keys": keys, "arms": [units[key][0] for key in keys], "moments": [units[key][1] for key in keys]},
        )
    return set(keys)


def find_assigned(
    experiment: Experiment, arms: list[Any], arm: str, *, keys: tuple[UUID | None, UUID | None]
) -> UUID | None:
    """Return by which of its keys, user or session, a visitor was put into this arm; None: nobody was.

    Who says of themselves that they saw an arm that is not theirs is not believed.
    """
    for key in keys:
        if key is None:
            continue
        if experiment.method == Experiment.Method.INTERLEAVING:
            return key if arm == INTERLEAVED else None
        if choose_arm(arms, salt=experiment.salt, key=key).name == arm:
            return key
    return None


def find_concerned(span: dict[str, Any]) -> set[UUID]:
    """Return the units that did something that counts."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_CONCERNED, span)
        return {key for (key,) in cursor.fetchall()}


def count_anew(experiment: Experiment, keys: Iterable[UUID], *, span: dict[str, Any]) -> None:
    """Count all that these units have done, before the experiment and in it."""
    ordered = sorted(keys)
    if not ordered:
        return
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ANEW, span | {"keys": ordered})
    if experiment.method == Experiment.Method.INTERLEAVING:
        count_margins(experiment, ordered, ended_at=span["ended_at"])
