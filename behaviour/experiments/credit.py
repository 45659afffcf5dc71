"""Whom a visitor's clicks, or orders after them, give credit to: the ranking that a product was drafted from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from behaviour.experiments.experiment import INTERLEAVED, Experiment, Metric
from behaviour.reports.order_lines import IS_SALE, number_copies, number_told
from recommendations.tokens import read_token

CREDITED = {Metric.CLICK: "click", Metric.CART: "add_to_cart", Metric.ORDER: "purchase", Metric.REVENUE: "purchase"}
FIND_ACTS = f"""
SELECT known.unit_key, act.type, act.sku, act.recommendation_id, act.position
FROM behaviour_experimentunit AS known CROSS JOIN LATERAL (
    SELECT *, {number_copies("type")} FROM (SELECT *, {number_told("type")} FROM (
        SELECT * FROM behaviour_event WHERE user_key = known.unit_key
        AND type IN ('click', %(credited)s) AND occurred_at BETWEEN known.first_at AND %(ended_at)s
        UNION ALL
        SELECT * FROM behaviour_event WHERE session_key = known.unit_key
        AND type IN ('click', %(credited)s) AND occurred_at BETWEEN known.first_at AND %(ended_at)s
    ) AS own) AS told
) AS act
WHERE known.experiment_id = %(experiment)s AND known.unit_key = ANY(%(keys)s) AND (type <> 'purchase' OR {IS_SALE})
ORDER BY known.unit_key, act.occurred_at, act.id"""
KEEP_MARGINS = """
UPDATE behaviour_experimentunit AS unit SET margin = found.margin
FROM unnest(%(keys)s::uuid[], %(margins)s::int[]) AS found (key, margin)
WHERE unit.experiment_id = %(experiment)s AND unit.unit_key = found.key"""


@dataclass(frozen=True, slots=True)
class Act:
    """A click, or what is credited to one."""

    type: str
    sku: str
    recommendation_id: str
    position: int | None


def count_margins(experiment: Experiment, keys: Sequence[UUID], *, ended_at: datetime) -> None:
    """Keep of each unit how much credit the second ranking has more than the first."""
    credited = CREDITED[Metric(experiment.metric)]
    acts: dict[UUID, list[Act]] = {key: [] for key in keys}
    asked: dict[str, Any] = {
        "experiment": experiment.pk,
        "keys": list(keys),
        "credited": credited,
        "ended_at": ended_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND_ACTS, asked | {"credited": credited})
        for key, *act in cursor.fetchall():
            acts[key].append(Act(*act))
        margins = [find_margin(acts[key], experiment=experiment.name, credited=credited) for key in keys]
        cursor.execute(KEEP_MARGINS, asked | {"margins": margins})


def find_margin(acts: Iterable[Act], *, experiment: str, credited: str) -> int:
    """Return the credit of the second ranking less that of the first, of acts in the order in which they were done.

    A click is credited to whom its position was drafted from; what was put into the cart or bought to whom its last
    click was, if anyone.
    """
    margin, clicked = 0, dict[str, int]()
    for act in acts:
        if act.type == "click":
            team = find_team(act, experiment=experiment)
            if team is not None:
                clicked[act.sku] = team
            if credited != "click":
                continue
        else:
            team = clicked.get(act.sku)
        if team is not None:
            margin += 2 * team - 1
    return margin


def find_team(act: Act, *, experiment: str) -> int | None:
    """Return which ranking the product at the click's position is from, as the signed name of the list says."""
    token = read_token(act.recommendation_id)
    if token is None or token.experiment != experiment or token.arm != INTERLEAVED or not act.position:
        return None
    return int(token.teams[act.position - 1]) if act.position <= len(token.teams) else None
