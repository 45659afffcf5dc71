"""Whether the replica may be read from: it answers, only follows, and is not far behind.

How far is told by positions in the primary's log (WAL), not by clocks: what the primary had written when it was last
asked is either replayed on the replica or not. So a quiet shop is never taken for a lagging one, nor a replica that is
cut off for one that has nothing to do. A process looks once in a few seconds, and one request at a time does.
"""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

from api.replica.patience import wait_at_most
from api.replica.routing import REPLICA, is_configured

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
ANSWER_WITHIN_S = 2.0  # takes less than a millisecond
PAUSE_S = 10.0  # after it did not answer: a request that tries again may wait for two seconds
WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"  # bytes
REPLAYED = "SELECT pg_is_in_recovery(), pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')"
NEVER = "nothing is known of it yet"


@dataclass
class Progress:
    """How old what a follower has is, from positions of both, in bytes."""

    caught_up_at: float = -math.inf  # the follower has all that there was then
    awaited: tuple[float, float] | None = None  # a position that it lacked, and when

    def note(self, *, written: float, replayed: float, now: float) -> None:
        if self.awaited and replayed >= self.awaited[0]:
            self.caught_up_at, self.awaited = self.awaited[1], None
        if replayed >= written:
            self.caught_up_at, self.awaited = now, None
        elif self.awaited is None:
            self.awaited = (written, now)

    def lag_s(self, now: float) -> float:
        """Return by how many seconds it may be behind; a busy primary is a look ahead of it at any time."""
        return now - self.caught_up_at


@dataclass
class Watch:
    """What this process knows of the replica."""

    problem: str = NEVER  # empty: it is read from
    progress: Progress = field(default_factory=Progress)
    look_at: float = 0.0  # on the clock of time.monotonic()
    looking: Any = field(default_factory=threading.Lock)

    def is_fit(self) -> bool:
        """Return whether to read from it, looking first where that is due and nobody else is at it."""
        if not is_configured():
            return False
        if monotonic() >= self.look_at and self.looking.acquire(blocking=False):
            try:
                self.look()
            finally:
                self.looking.release()
        return not self.problem

    def look(self) -> None:
        written = _ask(DEFAULT_DB_ALIAS, WRITTEN)
        with wait_at_most(ANSWER_WITHIN_S):
            found = _ask(REPLICA, REPLAYED)
        if found is None:
            self.give_up("it does not answer")
            return
        now = monotonic()
        self.look_at = now + LOOK_EVERY_S
        if not found[0]:
            self._conclude("it is no replica: it takes writes itself")
        elif written is not None:  # else the primary is away, and what the replica has is all there is
            self.progress.note(written=written[0], replayed=found[1], now=now)
            lag_s = self.progress.lag_s(now)
            has_kept_up = lag_s <= settings.KINDRED_REPLICA_LAG_S
            self._conclude("" if has_kept_up else _word_lag(lag_s))

    def give_up(self, why: str) -> None:
        """Leave it alone for a while."""
        connections[REPLICA].close()
        self.look_at = monotonic() + PAUSE_S
        self._conclude(why)

    def _conclude(self, problem: str) -> None:
        if bool(problem) != bool(self.problem):
            said = f"left alone, the primary answers instead: {problem}" if problem else "read from"
            logger.log(logging.WARNING if problem else logging.INFO, "The read replica is %s", said)
        self.problem = problem


def _word_lag(lag_s: float) -> str:
    """Return a sentence without the figure where it is not known."""
    return f"it is {lag_s:.0f} s behind" if math.isfinite(lag_s) else "it has not caught up yet"


def _ask(alias: str, query: str) -> tuple[Any, ...] | None:
    """Return the row, None where the server does not answer."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(query)
            row: tuple[Any, ...] = cursor.fetchone()
            return row
    except (DatabaseError, InterfaceError) as error:
        logger.debug("%s does not answer: %s", alias, error)
        return None


watch = Watch()
