"""What the front of the admin says of vectors: what has failed, and whether a space waits for a decision."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from api.counts import count_rows, word_count
from catalog.desk.front import Need, Tile, register_needs, register_tiles
from catalog.models import Product
from embeddings.coverage import count_coverage, read_standstill
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces.outside import read_outside
from embeddings.spaces.refitting import describe_refit

STANDSTILL_S = 300


@register_tiles("coverage", permission="embeddings.view_embeddingspace")
def show_coverage() -> Iterator[Tile]:
    """How much of the catalogue has a vector, and how much of it is like none that the space was fitted on."""
    covered = count_coverage()
    share = covered.embedded / covered.products if covered.products else 1.0
    live = EmbeddingSpace.objects.live()
    note = gettext("in space %s") % live.name if live else gettext("There is no live space yet.")
    spaces = reverse("admin:embeddings_embeddingspace_changelist")
    yield Tile(title=gettext("Embedded"), figure=f"{share:.0%}", note=note, url=spaces)
    if live and (outside := read_outside(live)):
        note = gettext("of the products are like none that the space was fitted on")
        yield Tile(title=gettext("Outside the fit"), figure=f"{outside.share:.0%}", note=note, url=spaces)


@register_needs("embedding", permission="embeddings.view_embeddingspace")
def name_failures() -> Iterator[Need]:
    """Products that could not be embedded, a queue that stands still, a space that is outgrown or ready."""
    waiting = reverse("admin:embeddings_pendingembedding_changelist")
    failed = count_rows(PendingEmbedding.objects.filter(retry_at=None))
    if failed.number:
        said = ngettext(
            "%(count)s product could not be embedded and is in no list.",
            "%(count)s products could not be embedded and are in no list.",
            failed.number,
        )
        yield Need(text=said % {"count": word_count(failed)}, url=f"{waiting}?waits=change")
    standstill = read_standstill()
    if standstill is not None and standstill.total_seconds() > STANDSTILL_S:
        said = gettext("Products have waited for %d minutes and none is embedded: is a worker running?")
        yield Need(text=said % (standstill.total_seconds() // 60), url=waiting, is_urgent=True)
    yield from _name_spaces()


def _name_spaces() -> Iterator[Need]:
    live, spaces = EmbeddingSpace.objects.live(), reverse("admin:embeddings_embeddingspace_changelist")
    if live and (said := describe_refit(live, product_count=count_rows(Product.objects.all()).number)):
        yield Need(text=said, url=spaces)
    for space in EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.READY).defer("parameters")[:3]:
        yield Need(
            text=gettext("The space %s is ready: compare it, then promote it or drop it.") % space.name, url=spaces
        )
