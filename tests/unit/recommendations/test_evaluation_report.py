"""The report's charts and figures."""

import base64

import numpy as np
import pytest

from recommendations.evaluation import charts
from recommendations.evaluation.intervals import Estimate
from recommendations.evaluation.report import format_estimate


def test_a_chart_is_svg_with_its_words_as_words_and_chinese_names_do_not_warn():
    estimates = {"杯子 · fused": Estimate(0.5, 0.4, 0.6, 10), "$5 bowls": Estimate(np.nan, np.nan, np.nan, 0)}
    uri = charts.draw_estimates(estimates, title="nDCG@10")
    svg = base64.b64decode(uri.removeprefix("data:image/svg+xml;base64,")).decode()
    assert ">杯子 · fused</text>" in svg
    assert ">0.500</text>" in svg
    assert "$5 bowls" in svg


@pytest.mark.parametrize(
    ("estimate", "text"),
    [(Estimate(0.8912, 0.8721, 0.908, 5), "0.891 (0.872-0.908)"), (Estimate(np.nan, np.nan, np.nan, 0), "-")],
)
def test_figures_are_shown_with_their_interval(estimate, text):
    assert format_estimate(estimate) == text
