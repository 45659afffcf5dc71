"""Ask the worker something while a visitor waits: encode a query, explain a pair.

The web process never imports torch. It looks the answer up by its key; where there is none it sends a task to the
`interactive` queue and listens: Postgres says when the answer is stored (LISTEN and NOTIFY). Behind a pooler, which
passes no announcements on, it looks again and again instead. The answer is a row, so a repeated question costs one
query and no worker, and several visitors who ask the same share one answer.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from celery import Task
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from api.database_session import has_session
from catalog.pruning import register_pruner
from recommendations.models import WorkerAnswer

QUEUE = "interactive"
CHANNEL = "worker_answers"  # of Postgres; what is said there is the key of an answer that has been stored
KEEP_ANSWERS_FOR = timedelta(days=7)
MAX_ANSWERS = 100_000
DELETED_AT_ONCE = 5000
FIRST_PAUSE_S, PAUSE_GROWTH, LONGEST_PAUSE_S = 0.005, 1.3, 0.05  # between two looks behind a pooler

logger = logging.getLogger(__name__)


class WorkerUnavailable(Exception):
    """No worker answered in time. Start one with `celery -A config worker -Q interactive --pool threads`.

    Its text is in the language in which it is read: the visitor's on a page, that of the log in the log.
    """


def answer_key(kind: str, *parts: str | bytes) -> str:
    """Return the key of a question: the sha256 of its kind and parts. The question itself is not stored."""
    digest = hashlib.sha256(kind.encode())
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def ask(key: str, task: Task, *, args: tuple[object, ...], deadline_s: float) -> bytes:
    """Return the worker's answer to the question `key`, from the table or from `task(key, *args)`.

    Raises WorkerUnavailable when the broker cannot be reached or no answer came within `deadline_s` seconds.
    """
    give_up_at = time.monotonic() + deadline_s
    answer = find_answer(key)
    if answer is not None:
        return answer
    with listen() as listener:
        try:
            task.apply_async((key, *args), queue=QUEUE, expires=deadline_s, retry=False)
        except (OperationalError, OSError) as error:
            logger.warning("The broker cannot be reached: %s", error)
            raise WorkerUnavailable(gettext_lazy("The broker cannot be reached.")) from error
        answer = find_answer(key)  # once more, for what was stored before we listened is not announced again
        if answer is not None:
            return answer
        if listener is None:
            answer = look_again(key, until=give_up_at)
        else:
            answer = wait_for_announcement(key, listener=listener, until=give_up_at)
    if answer is None:
        raise WorkerUnavailable(
            format_lazy(gettext_lazy("No worker answered within {seconds:g} s."), seconds=deadline_s)
        )
    return answer


def wait_for_announcement(key: str, *, listener: Any, until: float) -> bytes | None:
    """Return the answer once it is announced, or what there is at `until` on the clock of time.monotonic()."""
    with closing(listener.notifies(timeout=until - time.monotonic())) as said:
        is_announced = any(notice.payload == key for notice in said)
    answer = find_answer(key)
    if answer is not None and not is_announced:
        logger.warning("An answer came at the deadline, unannounced. A pooler before Postgres needs session pooling.")
    return answer


def look_again(key: str, *, until: float) -> bytes | None:
    """Return the answer soon after it is stored, None at `until`: an answer takes 20 ms, so pauses begin below that."""
    pause_s = FIRST_PAUSE_S
    while (answer := find_answer(key)) is None and time.monotonic() < until:
        time.sleep(pause_s)
        pause_s = min(pause_s * PAUSE_GROWTH, LONGEST_PAUSE_S)
    return answer


@contextmanager
def listen() -> Iterator[Any]:
    """Yield psycopg's connection, to which every answer stored from now on is announced; None behind a pooler."""
    # Within a transaction nothing is announced before its end: that takes a connection of its own.
    own = nullcontext(connection) if connection.get_autocommit() else closing(connection.copy())
    with own as listener, listener.cursor() as cursor:
        if not has_session(listener):
            yield None
            return
        cursor.execute(f"LISTEN {CHANNEL}")
        try:
            yield listener.connection
        finally:
            cursor.execute(f"UNLISTEN {CHANNEL}")


def find_answer(key: str) -> bytes | None:
    """Return the stored answer to the question `key`, or None."""
    told = WorkerAnswer.objects.using(DEFAULT_DB_ALIAS)  # where it is announced; a replica has it a little later
    content = told.filter(pk=key).values_list("content", flat=True).first()
    return None if content is None else bytes(content)


def store_answer(key: str, content: bytes) -> None:
    """Keep the answer to the question `key` and announce it; a second answer to the same question changes nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        WorkerAnswer.objects.bulk_create([WorkerAnswer(key=key, content=content)], ignore_conflicts=True)
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, key])  # Postgres says it at the commit


@register_pruner("answers", title="Answers of workers that nobody asks for any more")
def prune_answers(dry_run: bool) -> Iterator[int]:
    """Delete answers that are old or too many, the oldest first."""
    surplus = max(0, WorkerAnswer.objects.count() - MAX_ANSWERS)
    old = WorkerAnswer.objects.filter(created_at__lt=timezone.now() - KEEP_ANSWERS_FOR)
    left = max(surplus, old.count())
    if dry_run:
        yield left
        return
    while left > 0:
        oldest = WorkerAnswer.objects.order_by("created_at").values("pk")[: min(left, DELETED_AT_ONCE)]
        deleted, _by_model = WorkerAnswer.objects.filter(pk__in=oldest).delete()
        yield deleted
        left = left - deleted if deleted else 0
