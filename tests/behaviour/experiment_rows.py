"""Experiments as rows of the table, for tests that are not about how one is made."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from behaviour.experiments.assignment import choose_arm
from behaviour.experiments.experiment import Experiment

STARTED = datetime(2026, 3, 10, tzinfo=UTC)
SALT = "0123456789abcdef"


def make_experiment(
    name: str = "front", *, arms: tuple[dict[str, Any], ...] = ({"name": "as-now"}, {"name": "other"}), **values: Any
) -> Experiment:
    """Make a running A/B test of two arms, halves, since 10 March 2026."""
    filled = {"title": name.title(), "status": "running", "started_at": STARTED, "salt": SALT, **values}
    experiment = Experiment.objects.create(name=name, **filled)
    for arm in arms:
        experiment.arms.create(**arm)
    return experiment


def find_keys(experiment: Experiment, arm: str, number: int) -> list[UUID]:
    """Return the first pseudonyms, as numbers go, that the experiment puts into the arm."""
    arms = list(experiment.arms.all())
    found: list[UUID] = []
    for value in count(1):
        key = UUID(int=value)
        if choose_arm(arms, salt=experiment.salt, key=key).name == arm:
            found.append(key)
        if len(found) == number:
            return found
    raise AssertionError
