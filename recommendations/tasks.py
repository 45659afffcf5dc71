"""Doorways for the worker: those of the `interactive` queue answer even when they fail, for a visitor waits."""

from __future__ import annotations

import base64

from celery import shared_task

from embeddings.models import EmbeddingSpace
from recommendations import worker
from recommendations.explanations import occlusion
from recommendations.search import encoding
from recommendations.search.vocabulary.learning import learn_if_due
from recommendations.spaces_desk import figures
from recommendations.vitals import measuring


@shared_task(name="recommendations.tasks.answer_query", acks_late=False)
def answer_query(key: str, space_id: int, text: str, photo: str, sound: str = "") -> None:
    """Encode a search text, a photo or sound (base64), or several together."""
    if worker.find_answer(key) is None:  # another visitor may have asked the same a moment earlier
        answer = encoding.answer_query(
            space_id, text=text, photo=base64.b64decode(photo), sound=base64.b64decode(sound)
        )
        worker.store_answer(key, answer)


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


@shared_task(name="recommendations.tasks.take_vitals")
def take_vitals() -> None:
    """Measure how the shop stands."""
    measuring.take_vitals()


@shared_task(name="recommendations.tasks.learn_search")
def learn_search() -> None:
    """Learn what the words of the catalogue mean, where it has changed."""
    learn_if_due()


@shared_task(name="recommendations.tasks.measure_space")
def measure_space(space_id: int) -> None:
    """Measure the figures of a space that staff compare with another one."""
    space = EmbeddingSpace.objects.filter(pk=space_id).first()
    if space is not None:  # else it was dropped before its turn came
        figures.measure_space(space)
