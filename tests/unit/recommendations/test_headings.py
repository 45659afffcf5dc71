"""What stands above a list claims nothing that the list is not."""

from __future__ import annotations

import pytest

from recommendations.headings import name_heading
from recommendations.recommendation_list import (
    BROUGHT,
    FALLBACK,
    PLACED,
    Candidate,
    Reason,
    RecommendationList,
    number_results,
)


def make_list(strategy: str, *made: tuple[str, str], offset: int = 0) -> RecommendationList:
    """A list of candidates, each from a source and with the code of its reason."""
    candidates = [
        Candidate(product_id=place, source=source, reasons=(Reason(code, code),))
        for place, (source, code) in enumerate(made)
    ]
    results = number_results(candidates, offset=offset)
    return RecommendationList(
        recommendation_id="", strategy=strategy, anchors=(), space=None, search="exact", results=results
    )


@pytest.mark.parametrize(
    ("strategy", "made", "heading"),
    [
        ("complements", [(BROUGHT, "complements")], "Goes with it"),
        ("complements", [(BROUGHT, "complements"), (FALLBACK, "similar")], "Goes with it"),
        ("complements", [(PLACED, "rule"), (FALLBACK, "similar")], "Goes with it"),
        ("complements", [(FALLBACK, "similar"), (FALLBACK, "similar")], "Similar products"),
        ("complements", [(FALLBACK, "popular")], "Popular products"),
        ("complements", [(FALLBACK, "recent")], "New products"),
        ("complements", [(FALLBACK, "similar"), (FALLBACK, "popular")], "Recommended products"),
        ("complements", [], "Goes with it"),
        ("search", [(BROUGHT, "search")], ""),
    ],
)
def test_a_list_that_the_fallback_alone_made_is_called_what_it_is(strategy, made, heading):
    assert name_heading(make_list(strategy, *made)) == heading


def test_a_further_page_is_headed_as_the_first():
    assert name_heading(make_list("complements", (FALLBACK, "similar"), offset=8)) == "Goes with it"
