"""What the page of the map has to say beside the map: in words, whatever may be missing."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext

from api import heartbeats
from catalog.models import Product
from embeddings.map.services import FEWEST, find_shown, find_unfinished
from embeddings.map.tables import CatalogueMap
from embeddings.models import EmbeddingSpace

WORKER = "behaviour"  # the queue that maps are made in


@dataclass(frozen=True)
class Notice:
    """A sentence or two, and where to go on."""

    text: str
    label: str = ""
    url: str = ""


@dataclass(frozen=True)
class Status:
    """The map that is shown, if any, what there is to say, and whether a worker will soon have more to show."""

    shown: CatalogueMap | None
    notices: tuple[Notice, ...]
    is_at_work: bool


def read_status() -> Status:
    """Return how the map of the live space stands."""
    live = EmbeddingSpace.objects.live()
    if not Product.objects.exists():
        text = gettext("There are no products yet. Once there are some, a worker makes the map.")
        return Status(None, (Notice(text, gettext("Products"), reverse("admin:catalog_product_changelist")),), False)
    if live is None:
        text = gettext("There is no live space yet: the worker makes one, or `manage.py embed_products`.")
        return Status(None, (*_look_for_worker(), Notice(text)), True)
    shown, unfinished = find_shown(live), find_unfinished(live)
    is_final = shown is not None and shown.method == CatalogueMap.Method.UMAP
    notices = [*([] if is_final and unfinished is None else _look_for_worker())]
    if shown is None:
        notices.append(Notice(_word_first(unfinished)))
    elif not is_final:
        notices.append(Notice(f"{gettext('This is a first look, by two axes.')} {_word_progress(unfinished)}"))
    elif unfinished is not None:
        notices.append(Notice(f"{gettext('The map is laid out anew.')} {_word_progress(unfinished)}"))
    if shown is not None and shown.drawn < shown.placed:
        notices.append(Notice(_word_thinned(shown)))
    return Status(shown, tuple(notices), not is_final or unfinished is not None)


def _word_first(unfinished: CatalogueMap | None) -> str:
    if unfinished is not None:
        return _word_progress(unfinished)
    said = gettext("The map is not made yet. A worker begins once no product waits to be embedded.")
    return f"{said} {gettext('It takes %(count)d products with vectors at least.') % {'count': FEWEST}}"


def _word_progress(unfinished: CatalogueMap | None) -> str:
    told = unfinished.progress if unfinished is not None else {}
    numbers = {name: number_format(told.get(name, 0), force_grouping=True) for name in ("done", "total")}
    if told.get("stage") == "lay_out":
        return gettext("A worker lays it out: round %(done)s of %(total)s.") % numbers
    if told.get("stage") == "place":
        return gettext("A worker places the products: %(done)s of %(total)s.") % numbers
    return gettext("A worker lays it out within some minutes.")


def _word_thinned(shown: CatalogueMap) -> str:
    said = gettext("%(drawn)s of %(placed)s products are drawn, picked by chance. A box lists all of them.")
    numbers = {"drawn": shown.drawn, "placed": shown.placed}
    return said % {name: number_format(number, force_grouping=True) for name, number in numbers.items()}


def _look_for_worker() -> tuple[Notice, ...]:
    """Say where nobody is there who could make the map."""
    silence_s = heartbeats.read_silence_s(WORKER)
    if not heartbeats.is_shared() or (silence_s is not None and silence_s <= heartbeats.SILENT_AFTER_S):
        return ()
    said = gettext("No worker of the queue “%(queue)s” is running, so the map is not made. `manage.py up` starts all.")
    return (Notice(said % {"queue": WORKER}),)
