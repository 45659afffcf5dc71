"""EncodedInput as many machines at once read and write it: few connections, each for a moment, and a full pool is
waited for."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from django.db import InterfaceError, OperationalError, connection, transaction
from pgvector import HalfVector

from embeddings.models import EncodedInput

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
PATIENCE_S = 600.0  # with a database that takes no connection, or takes it back
# In order of hash, as EncodedInputQuerySet.keep writes: two who bring the same wait, and never for each other.
STAGING = "CREATE TEMP TABLE staged_inputs (sha256 text, vector halfvec) ON COMMIT DROP"
COPY = "COPY staged_inputs (sha256, vector) FROM STDIN"
INSERT = """
INSERT INTO embeddings_encodedinput (encoder, sha256, vector, created_at)
SELECT %s, sha256, vector, now() FROM staged_inputs ORDER BY sha256 ON CONFLICT (encoder, sha256) DO NOTHING
"""
Result = TypeVar("Result")


def find_known(hashes: Collection[str], *, encoder: str) -> set[str]:
    """Return which inputs have a vector of this encoder: what is left of a join with them is to be encoded."""
    rows = EncodedInput.objects.filter(encoder=encoder, sha256__in=list(hashes))
    return set(rows.values_list("sha256", flat=True))


def copy_vectors(vectors: Mapping[str, npt.NDArray[np.float32]], *, encoder: str) -> int:
    """Store vectors by the sha256 of their input, by COPY; return of how many nobody else has stored one before."""
    if not vectors:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGING)
        with cursor.copy(COPY) as copy:
            for sha256, vector in vectors.items():
                copy.write_row((sha256, HalfVector(vector).to_text()))
        cursor.execute(INSERT, [encoder])
        return int(cursor.rowcount)


def patiently(act: Callable[[], Result], *, on_wait: Callable[[float], None] | None = None) -> Result:
    """Return what `act` does with the database, on a connection that is closed behind it.

    A thousand processes that encode for seconds and write for milliseconds so need a pool of a few dozen. One that is
    full, or a database that starts anew, is asked again, ever more seldom. `act` may be done twice: it has to be
    something of which the second time changes nothing. `on_wait` hears how many seconds each wait was.
    """
    deadline, wait_s = time.monotonic() + PATIENCE_S, FIRST_WAIT_S
    while True:
        try:
            return act()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + wait_s > deadline:
                raise
            logger.info("The database is asked again in %.1f s: %s", wait_s, str(error).strip())
        finally:
            connection.close()
        pause_s = wait_s * random.uniform(0.5, 1.0)  # noqa: S311  # that not all come back at once
        time.sleep(pause_s)
        if on_wait:
            on_wait(pause_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
