"""Fit the live space again where the catalogue is no more what it was fitted on: said to staff, or done by itself.

With KINDRED_REFIT=auto a worker builds the new space beside the live one, from what is encoded already, and promotes it
unless the gate of the shop objects, or products would be worse off by what they say themselves (own_modalities.py). One
at a time; never sooner than `PAUSE` after the last, nor than `RETRY` after one that came to nothing: why it did stands
with the live space until then.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from api.counts import count_rows
from catalog.models import Product
from embeddings.free_names import find_free_name
from embeddings.models import EmbeddingSpace
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import (
    BuildRunning,
    PromotionRefused,
    Status,
    create_space,
    drop_space,
    has_outgrown,
    needs_refit,
    promote,
)
from embeddings.spaces.locks import BUILD_LOCK, read_holder
from embeddings.spaces.outside import is_outside, note, read_outside
from embeddings.spaces.own_modalities import object_to

logger = logging.getLogger(__name__)

ASK, AUTO = "ask", "auto"
MODES = (ASK, AUTO)
NAME = "refit"
PAUSE = timedelta(hours=1)  # since the live space was promoted
RETRY = timedelta(days=1)
FAILED = "refit_failed"  # in the report of the live space: when, and why
MADE_BY = "refit_of"  # in the report of a space that was made here: the name of the one before


def refit_live_space() -> EmbeddingSpace | None:
    """Fit the live space again where that is due and staff allow it; return the new live space, None where it is not.

    Raises BuildRunning where another space is being built.
    """
    live = EmbeddingSpace.objects.live()
    if settings.KINDRED_REFIT != AUTO or live is None or not is_due(live):
        return None
    if read_holder(BUILD_LOCK):
        raise BuildRunning
    drop_former(live)
    name = find_free_name(NAME, taken=EmbeddingSpace.objects.values_list("name", flat=True))
    try:
        space = create_space(name, like=live)
        note(space, **{MADE_BY: live.name})
        build_space(space)
        if objection := object_to(space, live=live):
            raise PromotionRefused(objection)
        promote(space)
    except BuildRunning:  # begun just now: what was created is dropped the next time
        raise
    except Exception as error:  # whatever it is, trying at once again would meet it again
        why = f"{name}: {error}"
        note(live, **{FAILED: {"at": timezone.now().isoformat(timespec="seconds"), "why": why}})
        logger.error("The live space %s stays as it is fitted: %s", live.name, why)
        return None
    drop_former(space)
    logger.info("Space %s takes the place of %s: fitted on %d products.", name, live.name, space.fitted_on)
    return space


def is_due(live: EmbeddingSpace) -> bool:
    """Return whether a fitted live space is to be fitted again, and has rested long enough."""
    now = timezone.now()
    if not live.fitted_on or (live.promoted_at and live.promoted_at > now - PAUSE):
        return False
    failed = live.report.get(FAILED)
    if failed and datetime.fromisoformat(failed["at"]) > now - RETRY:
        return False
    return needs_refit(live, product_count=count_rows(Product.objects.all()).number)


def drop_former(live: EmbeddingSpace) -> None:
    """Drop what earlier refits have left, but for the space to roll back to: each holds the vectors of the catalogue.

    One that waits for staff, since the gate objected to it, gives way to the next.
    """
    target = EmbeddingSpace.objects.rollback_target()
    left = EmbeddingSpace.objects.filter(status__in=[Status.FAILED, Status.READY, Status.RETIRED, Status.BUILDING])
    for space in left.filter(report__has_key=MADE_BY).exclude(pk__in=[live.pk, target.pk if target else None]):
        drop_space(space)


def describe_refit(space: EmbeddingSpace, *, product_count: int) -> str:
    """Return why a space should be fitted again and what comes of it, in sentences; empty where it need not be."""
    said = []
    if not space.fitted_on or not needs_refit(space, product_count=product_count):
        return ""
    if is_outside(space) and (found := read_outside(space)):
        like_none = gettext(
            "%(percent)d of 100 products are like none that space %(name)s was fitted on: they are compared by their "
            "own texts and pictures alone."
        )
        said.append(like_none % {"percent": round(100 * found.share), "name": space.name})
    if has_outgrown(space, product_count=product_count):
        grown = gettext(
            "The catalogue has outgrown the %(fitted_on)d products that space %(name)s was fitted on: there are "
            "%(count)d."
        )
        said.append(grown % {"name": space.name, "fitted_on": space.fitted_on, "count": product_count})
    return " ".join([*said, describe_remedy(space)])


def describe_remedy(space: EmbeddingSpace) -> str:
    """Return what to do, or what is done."""
    by_hand = gettext("Add a space, build it, compare and promote it: nothing is encoded again.")
    if settings.KINDRED_REFIT != AUTO:
        return by_hand
    if failed := space.report.get(FAILED):
        return f"{gettext('Fitting it again by itself came to nothing (%s).') % failed['why'].rstrip('.')} {by_hand}"
    return gettext("A worker fits it again by itself, from what is encoded already.")
