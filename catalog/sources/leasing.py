"""Who reads a source: nobody, or one, for as long as they say so now and then.

The lease is a row's own columns, taken by a conditional UPDATE: it needs no session of Postgres, and whoever died with
it is not waited for longer than it lasts.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from catalog.models import Source

LEASE = timedelta(minutes=5)  # longer than any step of a run takes between two signs of life
RENEWED_EVERY_S = 15.0


class LeaseLost(Exception):
    """Another one has taken the source over, for this one had been silent for too long."""


@dataclass(frozen=True)
class Lease:
    """The right to read a source."""

    source_id: int
    token: str

    def renew(self) -> None:
        """Say that it is still being read. Raises LeaseLost."""
        held = Source.objects.filter(pk=self.source_id, lease=self.token)
        if not held.update(leased_until=timezone.now() + LEASE):
            raise LeaseLost

    def release(self) -> None:
        """Give it back, unless another one has it by now."""
        Source.objects.filter(pk=self.source_id, lease=self.token).update(lease="", leased_until=None)


def take_lease(source_id: int) -> Lease | None:
    """Return the lease of a source. None: another one has it, or there is no such source."""
    lease, now = Lease(source_id, secrets.token_hex(16)), timezone.now()
    free = Source.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), pk=source_id)
    return lease if free.update(lease=lease.token, leased_until=now + LEASE) else None
