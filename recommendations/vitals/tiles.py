"""What the front of the admin says of how the shop stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.desk.front import Need, Tile, register_needs, register_tiles
from recommendations.vitals.vital import Vital

DRAWN = timedelta(days=1)
MOST_DRAWN = 96  # points of a line, whatever was measured
LOW_RECALL = 0.9
Kind = Vital.Kind


def write_ms(value: float) -> str:
    return gettext("%s ms") % number_format(value, decimal_pos=0)


def write_share(value: float) -> str:
    return f"{value:.1%}"


def write_count(value: float) -> str:
    return number_format(value, decimal_pos=0 if value >= 10 or value == int(value) else 1, force_grouping=True)


SHOWN: tuple[tuple[str, str | Promise, str | Promise, Callable[[float], str]], ...] = (
    (Kind.WAITING, _("Waiting to be embedded"), _("products in the queue"), write_count),
    (Kind.RATE, _("Embedded a minute"), _("products, by the workers"), write_count),
    (Kind.LATENCY, _("Time of a list"), _("95 of 100 take at most as long"), write_ms),
    (Kind.RECALL, _("Recall of the index"), _("of what is nearest, as a canary finds it"), write_share),
)


def read_last(kind: str) -> list[float]:
    """Return what a kind came to in the last day, oldest first."""
    rows = Vital.objects.filter(kind=kind, at__gte=timezone.now() - DRAWN).order_by("-at")
    return [*reversed(rows.values_list("value", flat=True)[: DRAWN // timedelta(minutes=5)])]


@register_tiles("vitals", permission="embeddings.view_embeddingspace")
def show_vitals() -> Iterator[Tile]:
    """Queue, throughput, latency and recall, each with its last day."""
    waiting = reverse("admin:embeddings_pendingembedding_changelist")
    for kind, title, note, write in SHOWN:
        values = read_last(kind)
        if not values:
            yield Tile(title=str(title), figure="–", note=gettext("not measured yet"))
            continue
        step = max(len(values) // MOST_DRAWN, 1)
        url = waiting if kind == Kind.WAITING else ""
        yield Tile(title=str(title), figure=write(values[-1]), note=str(note), url=url, points=tuple(values[::step]))


@register_needs("vitals", permission="embeddings.view_embeddingspace")
def name_vitals() -> Iterator[Need]:
    """An index that no longer finds what is nearest."""
    values = read_last(Kind.RECALL)
    if values and values[-1] < LOW_RECALL:
        said = gettext("The index finds only %s of what is nearest: build the live space again.")
        yield Need(text=said % write_share(values[-1]), url=reverse("admin:embeddings_embeddingspace_changelist"))
