"""What may be concluded from a blind test, in words."""

from __future__ import annotations

from django.utils.translation import gettext

from recommendations.spaces_desk.blind_test import BlindResult
from recommendations.spaces_desk.evidence import ALPHA


def conclude(result: BlindResult) -> str:
    """Return one sentence or two: who is preferred, that both are as good, or that it is too early to say."""
    evidence = result.evidence
    if not evidence.first + evidence.second:
        return gettext("Nobody has preferred either list yet: nothing may be concluded.")
    is_first = evidence.first > evidence.second
    low, high = (evidence.low, evidence.high) if is_first else (1 - evidence.high, 1 - evidence.low)
    told = {
        "better": result.first if is_first else result.second,
        "other": result.second if is_first else result.first,
        "low": f"{100 * low:.0f}",
        "high": f"{100 * high:.0f}",
        "sure": f"{100 * (1 - ALPHA):.0f}",
    }
    if evidence.is_decided:
        said = gettext(
            "%(better)s is preferred to %(other)s, and not by chance: of those who see a difference, between %(low)s "
            "and %(high)s per cent prefer it. You may stop here."
        )
    elif evidence.is_even:
        said = gettext(
            "The two are practically as good: the share that prefers %(better)s lies between %(low)s and %(high)s per "
            "cent. You may stop here."
        )
    else:
        said = gettext(
            "Too early to say: the share that prefers %(better)s may be anything from %(low)s to %(high)s per cent. "
            "More votes narrow that; you may look as often as you like."
        )
    return said % told
