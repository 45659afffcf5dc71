"""The gate of golden pairs: no space is served that staff's own judgements say is worse than the one that is served."""

from __future__ import annotations

import numpy as np
from django.conf import settings
from django.utils.translation import gettext, ngettext

from embeddings.models import EmbeddingSpace
from embeddings.spaces.gates import register_gate
from recommendations.golden.judging import compare_on_golden

GATE = "golden"


def object_to(space: EmbeddingSpace, live: EmbeddingSpace) -> str:
    """Return why golden pairs speak against serving `space` instead of `live`; empty where they do not.

    Too few pairs are an objection as well: a gate that lets everything pass until somebody judges is none.
    """
    compared = compare_on_golden(space, live)
    missing = settings.KINDRED_PROMOTION_PAIRS - compared.pair_count
    if missing > 0:
        said = ngettext(
            "%(missing)d more golden pair is needed to tell whether %(name)s is worse than %(live)s: %(count)d of "
            "%(needed)d are judged and embedded in both.",
            "%(missing)d more golden pairs are needed to tell whether %(name)s is worse than %(live)s: %(count)d of "
            "%(needed)d are judged and embedded in both.",
            missing,
        )
        counts = {"missing": missing, "count": compared.pair_count, "needed": settings.KINDRED_PROMOTION_PAIRS}
        return said % (counts | {"name": space.name, "live": live.name})
    if np.isnan(compared.gain.mean):
        return gettext("All golden pairs have the same grade: they cannot tell a good space from a bad one.")
    if not compared.is_worse:
        return ""
    said = gettext(
        "%(name)s is worse than %(live)s: of two golden pairs with different grades it puts the more similar one first "
        "in %(figure)s of cases, %(live)s in %(baseline)s (difference %(low)s to %(high)s, %(count)d pairs)."
    )
    figures = {"figure": f"{compared.figure:.1%}", "baseline": f"{compared.baseline:.1%}", "count": compared.pair_count}
    ends = {"low": f"{100 * compared.gain.low:+.1f}", "high": f"{100 * compared.gain.high:+.1f}"}
    return said % (figures | ends | {"name": space.name, "live": live.name})


register_gate(GATE, object_to)
