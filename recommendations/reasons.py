"""Why a product is in a list, in words."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext

from catalog.attributes import localize_title
from recommendations.anchors import Start
from recommendations.recommendation_list import BROUGHT, LISTED, NEIGHBOUR, Candidate, Reason
from recommendations.requests import ListRequest
from recommendations.strategies import Because, find_strategy


def give_reason(candidate: Candidate, request: ListRequest, start: Start) -> Candidate:
    """Put the strategy's own reason before those of rules. What a rule placed is there for the rule alone."""
    if candidate.source not in (NEIGHBOUR, BROUGHT, LISTED):
        return candidate
    reason = Reason(request.strategy, explain_place(candidate, request, start))
    return replace(candidate, reasons=(reason, *candidate.reasons))


def explain_place(candidate: Candidate, request: ListRequest, start: Start) -> str:
    plan = request.plan
    if plan.explain and candidate.share is not None:
        bought = {interest.product_id for interest in start.history.interests if interest.is_bought}
        named = [anchor.localized_title for anchor in start.anchors if anchor.product_id == candidate.because]
        title = named[0] if named else localize_title(candidate.because_title, candidate.because_translations)
        return plan.explain(Because(title=title, share=candidate.share, is_bought=candidate.because in bought))
    if candidate.source == NEIGHBOUR and not plan.modality:
        return explain_content(start)
    return str(plan.reason).format(anchors=name_anchors(start))


def explain_content(start: Start) -> str:
    """What is said of a product that is like what a list goes by, where behaviour did not lead to it."""
    if not start.anchors:
        return gettext("Similar to what you looked at")
    return gettext("Similar to {anchors}").format(anchors=name_anchors(start))


def explain_popular(candidate: Candidate) -> str:
    """What is said of a product that fills a list up because it is popular: bought by many, or next to that."""
    plan = find_strategy("popular")
    if plan.explain and candidate.share is not None:
        return plan.explain(Because(title="", share=candidate.share))
    return str(plan.reason)


def name_anchors(start: Start) -> str:
    return start.anchors[0].localized_title if len(start.anchors) == 1 else gettext("your selection")
