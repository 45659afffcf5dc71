"""Golden pairs among the figures of a space, wherever spaces are compared on the desk."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from embeddings.models import EmbeddingSpace
from recommendations.evaluation.intervals import Estimate
from recommendations.golden.judging import judge_space
from recommendations.spaces_desk.judges import register_judge

IN_ORDER = gettext_noop("golden pairs in the right order")
CALLED_RIGHTLY = gettext_noop("golden pairs called rightly")
NDCG = gettext_noop("nDCG@10 of golden pairs")


@register_judge
def judge_by_golden_pairs(space: EmbeddingSpace) -> list[tuple[str, Estimate]]:
    """Return what golden pairs say of a space; nothing before there are any."""
    figures = judge_space(space)
    if not figures.pair_count:
        return []
    return [(IN_ORDER, figures.concordance), (CALLED_RIGHTLY, figures.accuracy), (NDCG, figures.ndcg)]
