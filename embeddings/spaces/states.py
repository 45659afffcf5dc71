"""How a space stands, in words, with a bar where something is being built."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from embeddings.models import EmbeddingSpace
from embeddings.spaces.index_builds import read_share
from embeddings.spaces.indexes import index_name

STALLED_AFTER = timedelta(minutes=3)  # a build that works says so every few seconds
STAGES = {"encode": _("encode"), "fit": _("fit"), "fuse": _("fuse"), "index": _("index")}  # of a build
Status = EmbeddingSpace.Status


def describe_state(space: EmbeddingSpace) -> str:
    """Return the status of a space, and how far what is being built of it has come."""
    label = space.get_status_display()
    if space.status == Status.FAILED:
        return f"{label}: {space.failure[:200]}"
    if space.status != Status.BUILDING:
        share = read_share([index_name(space, modality) for modality in space.dims])
        return label if share is None else _show_step(label, str(STAGES["index"]), done=int(100 * share), total=100)
    if not space.progress:
        return gettext("Waits to be built")
    told = space.progress | {"stage": STAGES.get(space.progress["stage"], space.progress["stage"])}
    step = str(gettext("%(stage)s %(done)s of %(total)s") % told)
    if timezone.now() - datetime.fromisoformat(space.progress["at"]) > STALLED_AFTER:
        return gettext("Interrupted at %s: build it again to go on") % step
    return _show_step(label, told["stage"], done=told["done"], total=told["total"])


def _show_step(label: str, stage: str, *, done: int, total: int) -> str:
    step = gettext("%(stage)s %(done)s of %(total)s") % {"stage": stage, "done": done, "total": total}
    return format_html('{}: {} <progress value="{}" max="1"></progress>', label, step, f"{done / max(total, 1):.3f}")
