"""Rows of a version go into the tables by COPY, a block in one transaction with the place that it ends at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from behaviour.versions.binary_copy import copy_rows
from behaviour.versions.version import Neighbours, Profile, Ranking
from embeddings.spaces.locks import lock_until_commit

# Held by who writes profiles until they are committed. Whoever erases a person takes it first, and finds them all.
PROFILES_LOCK = "behaviour:profiles"
Ids = npt.NDArray[np.int64]
Scored = tuple[Ids, npt.NDArray[np.float32], npt.NDArray[np.float32]]  # products, their scores, their shares


def write_neighbours(version_id: int, kind: str, rows: Iterable[tuple[int, float, Scored]]) -> None:
    """Write products, which have no row of that kind yet, with their evidence and their neighbours."""
    columns = {"version_id": "bigint", "kind": "text", "product_id": "bigint", "evidence": "real"}
    copy_rows(
        Neighbours._meta.db_table,
        columns | {"neighbour_ids": "array", "scores": "array", "shares": "array"},
        ((version_id, kind, product, evidence, *scored) for product, evidence, scored in rows),
    )


def write_ranking(version_id: int, kind: str, product_ids: Ids, *, scores: Sequence[float], support: Any) -> None:
    """Put an order of products, best first, in the place of the one that is there."""
    Ranking.objects.filter(version_id=version_id, kind=kind).delete()
    columns = {"version_id": "bigint", "kind": "text", "product_id": "bigint", "score": "real"}
    ranked = zip(product_ids.tolist(), scores, np.asarray(support, dtype=int).tolist(), strict=True)
    copy_rows(
        Ranking._meta.db_table,
        columns | {"support": "integer", "place": "integer"},
        ((version_id, kind, *row, place) for place, row in enumerate(ranked, start=1)),
    )


def write_profiles(version_id: int, rows: Sequence[tuple[str, Scored]]) -> int:
    """Write what is for users; return of how many. Who has no event left that allows it gets none.

    It is asked here, under a lock, so that nobody is written who was erased since the events were read.
    """
    lock_until_commit(PROFILES_LOCK)
    allowed = find_allowed([user for user, _ in rows])
    columns = {"version_id": "bigint", "user_key": "uuid", "product_ids": "array", "scores": "array", "shares": "array"}
    kept = [(version_id, user, *scored) for user, scored in rows if user in allowed]
    copy_rows(Profile._meta.db_table, columns, kept)
    return len(kept)


def find_allowed(users: Sequence[str]) -> set[str]:
    """Return those of the users of whom there is an event with consent to personal recommendations."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked::text FROM unnest(%s::uuid[]) AS asked WHERE EXISTS ("
            "SELECT FROM behaviour_event WHERE user_key = asked AND consent = 'personalisation') "
            "AND NOT EXISTS (SELECT FROM behaviour_tombstone WHERE key = asked)",
            [list(users)],
        )
        return {user for (user,) in cursor.fetchall()}
