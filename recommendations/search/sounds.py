"""Search by a sound: what products sound like it, or by sound and words together."""

from __future__ import annotations

from typing import IO

from django.utils.translation import gettext, gettext_lazy

from api.problems import RequestError
from catalog.refusals import say_fault
from catalog.sounds.checks import max_bytes
from catalog.sounds.decoding import SoundError
from catalog.sounds.excerpts import cut_beginning
from embeddings.modalities.audio import Audio
from embeddings.models import EmbeddingSpace
from recommendations.requests import Filters, Options
from recommendations.search.plan import SOUND, SOUND_AND_TEXT, SearchPlan
from recommendations.search.queries import MAX_TEXT_LENGTH, ask_for_vectors
from recommendations.search.rules import find_search_rules
from recommendations.search.services import SearchAnswer
from recommendations.worker import WorkerUnavailable

SENT_S = 20.0  # of a sound that go to the worker: no encoder of ours listens longer


def prepare_sound(source: bytes | IO[bytes]) -> bytes:
    """Return the beginning of an uploaded sound, ready to be sent to the worker. Raises RequestError."""
    content = source if isinstance(source, bytes) else source.read(max_bytes() + 1)
    if len(content) > max_bytes():
        said = gettext("The sound is larger than %d MiB: send a smaller one.") % (max_bytes() // 1024**2)
        raise RequestError("audio", said)
    try:
        return cut_beginning(content, most_s=SENT_S)
    except SoundError as error:
        raise RequestError("audio", gettext("The sound cannot be used: %s") % say_fault(error)) from error


def search_sound(
    sound: bytes,
    *,
    text: str = "",
    limit: int = 10,
    filters: Filters | None = None,
    options: Options | None = None,
) -> SearchAnswer:
    """Return products that sound like a sound made by `prepare_sound`, and are like the text if there is one.

    Raises WorkerUnavailable: without an encoder a sound says nothing. Raises RequestError.
    """
    text = " ".join(text.split())
    if "\0" in text or len(text) > MAX_TEXT_LENGTH:
        raise RequestError("q", gettext("Give at most %d characters to search for.") % MAX_TEXT_LENGTH)
    space = EmbeddingSpace.objects.live()
    if space is None:
        raise WorkerUnavailable(gettext_lazy("There is no live space yet: run `manage.py embed_products`."))
    if Audio.name not in space.list_modalities():
        said = gettext("Sounds cannot be searched for here: the live space has no vectors of sounds.")
        raise RequestError("audio", said)
    query = ask_for_vectors(space, text=text, sound=sound)
    mode, modality = (SOUND_AND_TEXT, "fused") if text else (SOUND, Audio.name)
    filters, options = filters or Filters(), options or Options(variants="show")
    rules = find_search_rules(text, placement=options.placement).in_lists
    plan = SearchPlan(text=text, mode=mode, query=query, modality=modality, limit=limit, rules=rules)
    found = plan.rank(filters, options)
    return SearchAnswer(shown=plan.answer(found.ranked, search=found.how, options=options), mode=mode)
