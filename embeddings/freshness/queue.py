"""The queue of products that wait to be embedded: rows of PendingEmbedding, moved by single short statements.

Products get into it in the transaction that changes them, by triggers (embeddings/migrations/0003_change_tracking.py).
No statement here waits for a row that somebody else holds, and none holds one while something is encoded. So saving a
product never waits for a worker, and a worker that dies leaves a lease that runs out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import OperationalError, connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from catalog.deadlocks import DEADLOCK, read_sqlstate

if TYPE_CHECKING:
    from embeddings.models import PendingEmbedding  # noqa: F401  (read by mypy)

LEASE_S = 60.0  # renewed after every batch of an encoder, so it only has to outlast one
SUSPECT_ATTEMPTS = 3  # a product tried this often without an outcome is tried alone: it may be what kills the worker
NEWEST_SHARE = 8  # of a batch, one in so many is taken from the end of the queue
BACKOFF_S = (5, 30, 120, 600, 3600)  # after the first, second, ... failed attempt
LOCKED = "55P03"  # SQLSTATE of a lock that was waited for in vain
FURTHEST_S = 2 * BACKOFF_S[-1]  # a lease or a retry further ahead was written by a clock that went wrong
BULK_LOCK_TIMEOUT_MS = 200  # well under deadlock_timeout (1 s): in a deadlock with a save it is we who give up


@dataclass(frozen=True)
class Lease:
    """A product taken from the queue: its row goes only if its generation is still this one."""

    product_id: int
    generation: int
    attempts: int  # this one included


class PendingQuerySet(models.QuerySet["PendingEmbedding"]):
    """The queue's verbs."""

    def put_many(self, product_ids: Sequence[int]) -> int | None:
        """Queue products found stale; return how many were queued. Rows that are due already stay as they are.

        None, with nothing queued, where somebody is saving one of them just now.
        """
        return _put_bulk(product_ids, anew=False)

    def put_changed(self, product_ids: Sequence[int]) -> int | None:
        """Queue products that became others without being saved, as a trigger would: the lease goes, too."""
        return _put_bulk(product_ids, anew=True)

    def end_wait(self, product_ids: Sequence[int]) -> int:
        """Try products that failed once more, as they are, for somebody has saved them again; return how many."""
        failed = self.filter(Q(retry_at__isnull=True) | Q(attempts__gt=0), leased_until__isnull=True)
        return failed.filter(product__in=product_ids).update(retry_at=Now(), attempts=0, reason="")

    def lease(self, *, limit: int, seconds: float = LEASE_S, newest_only: bool = False) -> list[Lease]:
        """Take up to `limit` due products for `seconds`; products that keep failing are taken one at a time.

        The oldest first, but for the eighth that came last: what staff save does not wait behind an import. With
        `newest_only` all of them are those that came last.
        """
        suspects_apart = [("attempts < %s", limit), ("attempts >= %s", 1)]
        for condition, count in suspects_apart:
            newest = count if newest_only else count // NEWEST_SHARE
            rows = _fetch(
                f"WITH newest AS ({_DUE} AND {condition} "
                "ORDER BY retry_at DESC, product_id DESC LIMIT %s FOR UPDATE SKIP LOCKED), "
                f"oldest AS ({_DUE} AND {condition} AND product_id NOT IN (SELECT product_id FROM newest) "
                "ORDER BY retry_at, product_id LIMIT %s FOR UPDATE SKIP LOCKED), "
                "due AS (SELECT product_id FROM newest UNION ALL SELECT product_id FROM oldest) "
                "UPDATE embeddings_pendingembedding AS pending "
                "SET leased_until = clock_timestamp() + make_interval(secs => %s), attempts = attempts + 1 "
                "FROM due WHERE pending.product_id = due.product_id "
                "RETURNING pending.product_id, pending.generation, pending.attempts",
                [SUSPECT_ATTEMPTS, newest, SUSPECT_ATTEMPTS, count - newest, seconds],
            )
            if rows:
                return sorted((Lease(*row) for row in rows), key=lambda lease: lease.product_id)
        return []

    def renew(self, leases: Iterable[Lease], *, seconds: float = LEASE_S) -> None:
        """Keep the leases for another `seconds`; those of products saved meanwhile are gone and stay gone."""
        _execute(
            f"UPDATE embeddings_pendingembedding SET leased_until = clock_timestamp() + make_interval(secs => %s) "
            f"WHERE leased_until IS NOT NULL AND {_STILL_THIS_GENERATION}",
            [seconds, *_columns(leases)],
        )

    def complete(self, leases: Iterable[Lease]) -> int:
        """Delete the rows whose generation is still the one that was read; return how many went."""
        return _execute(f"DELETE FROM embeddings_pendingembedding WHERE {_STILL_THIS_GENERATION}", _columns(leases))

    def release(self, leases: Iterable[Lease]) -> None:
        """Give products back untried, to be taken again at once."""
        _execute(
            "UPDATE embeddings_pendingembedding SET leased_until = NULL, attempts = GREATEST(attempts - 1, 0) "
            f"WHERE {_STILL_THIS_GENERATION}",
            _columns(leases),
        )

    def postpone(self, lease: Lease, *, reason: str) -> None:
        """Try a product again later, the longer the more often it has failed."""
        delay_s = BACKOFF_S[min(lease.attempts, len(BACKOFF_S)) - 1]
        _execute(
            "UPDATE embeddings_pendingembedding SET leased_until = NULL, reason = %s, "
            f"retry_at = clock_timestamp() + make_interval(secs => %s) WHERE {_STILL_THIS_GENERATION}",
            [reason[:500], delay_s, *_columns([lease])],
        )

    def park(self, lease: Lease, *, reason: str, fingerprint: str) -> None:
        """Keep a product in the queue with a reason, untried until it is no longer what `fingerprint` says."""
        _execute(
            "UPDATE embeddings_pendingembedding SET leased_until = NULL, retry_at = NULL, attempts = 0, reason = %s, "
            f"fingerprint = %s WHERE {_STILL_THIS_GENERATION}",
            [reason[:500], fingerprint, *_columns([lease])],
        )

    def put_parked(self, product_id: int, *, reason: str, fingerprint: str) -> None:
        """Park a product that no worker has taken, unless it waits or is parked already: a build has tried it."""
        _execute(
            "INSERT INTO embeddings_pendingembedding (product_id, generation, retry_at, reason, fingerprint) "
            "SELECT id, 1, NULL, %s, %s FROM catalog_product WHERE id = %s ON CONFLICT (product_id) DO NOTHING",
            [reason[:500], fingerprint, product_id],
        )

    def unpark(self) -> int:
        """Try parked products once more, as they are: a file that was missing may be back. Return how many."""
        return self.filter(retry_at__isnull=True).update(retry_at=Now(), attempts=0)

    def bring_forward(self) -> int:
        """Make due what was to be tried so far ahead that the clock must have gone wrong; return how many."""
        return _execute(
            "UPDATE embeddings_pendingembedding SET retry_at = now() WHERE product_id IN "
            "(SELECT product_id FROM embeddings_pendingembedding WHERE retry_at > now() + make_interval(secs => %s) "
            "FOR UPDATE SKIP LOCKED)",
            [FURTHEST_S],
        )

    def due(self) -> PendingQuerySet:
        """Return the products that wait for their turn, now or later, leased or not; those parked do not."""
        return self.filter(retry_at__isnull=False)

    def due_now(self) -> PendingQuerySet:
        """Return the products whose turn it is, leased ones included."""
        return self.filter(retry_at__lte=Now())


_DUE = (
    "SELECT product_id FROM embeddings_pendingembedding WHERE retry_at <= statement_timestamp() "
    "AND (leased_until IS NULL OR leased_until NOT BETWEEN statement_timestamp() "
    f"AND statement_timestamp() + make_interval(secs => {FURTHEST_S}))"
)

# SKIP LOCKED: a row that is being saved this moment belongs to the saver, who raises its generation anyway.
_STILL_THIS_GENERATION = (
    "product_id IN (SELECT pending.product_id FROM embeddings_pendingembedding AS pending "
    "JOIN unnest(%s::bigint[], %s::bigint[]) AS taken(product_id, generation) USING (product_id, generation) "
    "ORDER BY 1 FOR UPDATE OF pending SKIP LOCKED)"
)


def _put_bulk(product_ids: Sequence[int], *, anew: bool) -> int | None:
    """Queue products by the function that the triggers use; None where somebody holds one of them."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{BULK_LOCK_TIMEOUT_MS}ms"])
            cursor.execute("SELECT public.kindred_queue_products(%s, %s)", [list(product_ids), anew])
            return int(cursor.fetchone()[0])
    except OperationalError as error:
        if read_sqlstate(error) not in (LOCKED, DEADLOCK):
            raise
        return None


def _columns(leases: Iterable[Lease]) -> list[list[int]]:
    taken = list(leases)
    return [[lease.product_id for lease in taken], [lease.generation for lease in taken]]


def _execute(sql: str, parameters: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def _fetch(sql: str, parameters: Sequence[Any]) -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[int, int, int]] = cursor.fetchall()
        return rows
