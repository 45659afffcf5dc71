"""Doorways for the worker's `interactive` queue: a visitor waits, so each task answers even when it fails."""

from __future__ import annotations

import base64

from celery import shared_task

from embeddings.models import EmbeddingSpace
from recommendations import worker
from recommendations.explanations import occlusion
from recommendations.search import encoding
from recommendations.search.vocabulary.learning import learn_if_due


@shared_task(name="recommendations.tasks.answer_query", acks_late=False)
def answer_query(key: str, space_id: int, text: str, photo: str) -> None:
    """Encode a search text, a photo (base64), or both together."""
    if worker.find_answer(key) is None:  # another visitor may have asked the same a moment earlier
        worker.store_answer(key, encoding.answer_query(space_id, text=text, photo=base64.b64decode(photo)))


@shared_task(name="recommendations.tasks.look_closer", acks_late=False)
def look_closer(key: str, space_id: int, anchor_id: int, other_id: int) -> None:
    """See which words and which places of the picture make one product similar to another."""
    if worker.find_answer(key) is None:
        space = EmbeddingSpace.objects.get(pk=space_id)
        worker.store_answer(key, occlusion.look(space, anchor_id, other_id).to_json())


@shared_task(name="recommendations.tasks.warm_up", acks_late=False)
def warm_up() -> None:
    """Load the encoders before a visitor waits for them."""
    encoding.warm_up()


@shared_task(name="recommendations.tasks.prune_answers")
def prune_answers() -> None:
    """Forget what nobody has asked for in a while."""
    worker.prune_answers()


@shared_task(name="recommendations.tasks.learn_search")
def learn_search() -> None:
    """Learn what the words of the catalogue mean, where it has changed."""
    learn_if_due()
