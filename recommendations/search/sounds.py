"""Search by a sound: what products sound like it, or by sound and words together."""

from __future__ import annotations

from typing import IO

from django.utils.translation import gettext

from api.problems import RequestError
from catalog.refusals import say_fault
from catalog.sounds.checks import max_bytes
from catalog.sounds.decoding import SoundError
from catalog.sounds.excerpts import cut_beginning
from embeddings.modalities.audio import Audio
from recommendations.metrics import measure_searches
from recommendations.requests import Filters, Options
from recommendations.search.plan import SOUND, SOUND_AND_TEXT, SearchPlan
from recommendations.search.queries import ask_for_vectors
from recommendations.search.rules import find_search_rules
from recommendations.search.services import SearchAnswer, answer_like_file, find_live_space, read_text_beside

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


@measure_searches
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
    text = read_text_beside(text)
    space = find_live_space()
    if Audio.name not in space.list_modalities():
        said = gettext("Sounds cannot be searched for here: the live space has no vectors of sounds.")
        raise RequestError("audio", said)
    query = ask_for_vectors(space, text=text, sound=sound)
    mode, modality = (SOUND_AND_TEXT, "fused") if text else (SOUND, Audio.name)
    options = options or Options(variants="show")
    rules = find_search_rules(text, placement=options.placement).in_lists
    plan = SearchPlan(text=text, mode=mode, query=query, modality=modality, limit=limit, rules=rules)
    return answer_like_file(plan, filters or Filters(), options)
