"""Whose turn it is to send. One at a time in the whole shop, so that no older state of a product overtakes a newer one.

A turn is a lease in the database: one whose process died is free again after `lease_s`.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import F
from django.utils.timezone import now

from kindred_django.api import Unavailable
from kindred_django.configuration import configuration
from kindred_django.models import Turn

LEASE_S = 60.0  # at least: it is renewed before each request, and a source may take as long to read a batch
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 600.0  # between tries while Kindred is away; doubled each time


class Busy(Exception):
    """Somebody else is sending."""


class TooEarly(Unavailable):
    """Nobody was asked, so that nothing is to be noted."""


def lease_s() -> float:
    return max(LEASE_S, 2 * configuration().timeout_s)


def lease_left_s() -> float:
    """Return for how long whoever has the turn keeps it, should it have died; 0: nobody has it."""
    until = Turn.objects.filter(pk=1).values_list("leased_until", flat=True).first()
    return max((until - now()).total_seconds(), 0.0) if until else 0.0


class HeldTurn:
    """A turn that is ours. `renew` before each request."""

    def __init__(self, holder: str) -> None:
        self._mine = Turn.objects.filter(pk=1, holder=holder)

    def renew(self) -> None:
        """Keep the turn. Raises Busy if it was so late that another one has it."""
        if not self._mine.update(leased_until=now() + timedelta(seconds=lease_s())):
            raise Busy

    def note_success(self) -> None:
        self._mine.filter(failures__gt=0).update(failures=0, not_before=now())

    def note_failure(self, error: Unavailable) -> None:
        """Let nobody ask before Kindred said, or twice as long as the last time."""
        failures = self._mine.values_list("failures", flat=True).first() or 0
        wait_s = min(FIRST_WAIT_S * 2 ** min(failures, 16), LONGEST_WAIT_S) * random.uniform(0.75, 1.25)  # noqa: S311
        wait_s = max(wait_s, error.retry_after_s)
        self._mine.update(failures=F("failures") + 1, not_before=now() + timedelta(seconds=wait_s))


@contextmanager
def take_turn(*, ask_anyway: bool = False) -> Iterator[HeldTurn]:
    """Hold the turn. Raises Busy where another one has it, and Unavailable where it is too early to ask again.

    `ask_anyway` asks all the same: somebody at a terminal knows that Kindred is back. What raises Unavailable inside is
    noted for all processes.
    """
    Turn.objects.get_or_create(pk=1)
    holder, moment = uuid.uuid4().hex, now()
    free = Turn.objects.filter(pk=1, leased_until__lte=moment)
    if not free.update(holder=holder, leased_until=moment + timedelta(seconds=lease_s())):
        raise Busy
    turn = HeldTurn(holder)
    try:
        wait_s = (Turn.objects.get(pk=1).not_before - moment).total_seconds()
        if wait_s > 0 and not ask_anyway:
            raise TooEarly(f"Kindred is asked again in {wait_s:.0f} s.", retry_after_s=wait_s)
        yield turn
        turn.note_success()
    except TooEarly:
        raise
    except Unavailable as error:
        turn.note_failure(error)
        raise
    finally:
        Turn.objects.filter(pk=1, holder=holder).update(holder="", leased_until=now())
