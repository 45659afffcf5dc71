"""Forgetting who took part. The units of a person go; the sums that they were part of stay, since they name nobody."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from behaviour.experiments.unit import ExperimentUnit


def erase_units(keys: Iterable[UUID]) -> int:
    """Delete what experiments hold of the users and sessions with these pseudonyms; return how many rows there were."""
    return ExperimentUnit.objects.filter(unit_key__in=list(keys)).delete()[0]
