"""Doorways for the worker's `interactive` queue: a visitor waits, so each task answers even when it fails."""

from __future__ import annotations

import base64

from celery import shared_task

from recommendations.search import encoding, worker


@shared_task(name="recommendations.tasks.encode_query", acks_late=False)
def encode_query(key: str, space_id: int, text: str, photo: str) -> None:
    """Encode a search text, a photo (base64), or both together."""
    worker.store_answer(key, encoding.answer_query(space_id, text=text, photo=base64.b64decode(photo)))


@shared_task(name="recommendations.tasks.prune_answers")
def prune_answers() -> None:
    """Forget what nobody has asked for in a while."""
    worker.prune_answers()
