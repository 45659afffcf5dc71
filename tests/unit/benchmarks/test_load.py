"""What a benchmark of load says: where the knee is, what gave first, and how releases compare."""

from __future__ import annotations

import random
from dataclasses import asdict

import numpy as np
import pytest

from benchmarks import load_report
from benchmarks.load_report import Step, find_bottleneck, find_knee, print_comparison
from benchmarks.open_loop import draw_arrivals, find_percentiles


def test_arrivals_come_by_a_poisson_process():
    times = draw_arrivals(50, seconds=200, draw=random.Random(1))
    gaps = np.diff(times)
    assert len(times) == pytest.approx(10_000, rel=0.05)
    assert (gaps.mean(), gaps.std()) == (pytest.approx(0.02, rel=0.05), pytest.approx(0.02, rel=0.05))


def test_percentiles_are_waits_that_somebody_had():
    waits = [float(value) for value in range(1, 201)]
    assert find_percentiles(waits) == [100, 190, 198]
    assert find_percentiles([7.0]) == [7, 7, 7]
    for count in range(1, 120):
        drawn = list(np.random.default_rng(count).random(count))
        assert find_percentiles(drawn) == list(np.percentile(drawn, [50, 95, 99], method="inverted_cdf"))


def make_step(rate: float, *, p95: float = 100, errors: dict | None = None, dropped: int = 0, **cores: float) -> Step:
    ms = {"all": [10, p95, p95, 90], "list": [5, 20, 30, 60], "search": [10, p95, p95, 30]}
    return Step(rate, 90 + dropped, 90, dropped, errors or {}, 10.0, 1.0, ms, cores)


@pytest.mark.parametrize("bad", [{"p95": 301}, {"errors": {"list: 503": 1}}, {"dropped": 1}])
def test_the_knee_is_the_highest_rate_that_was_answered_in_time_and_without_fault(bad):
    steps = [make_step(8), make_step(18, **bad), make_step(12)]
    assert find_knee(steps, bound_ms=300) == 12
    assert find_knee(steps[1:2], bound_ms=300) == 0


@pytest.mark.parametrize(
    ("cores", "said"),
    [
        (
            {"web": 1.2, "postgres": 0.5, "sender": 0.1, "machine": 1.9},
            "the processor is full (web 1.2, postgres 0.5, ",
        ),
        ({"web": 0.2, "postgres": 0.5, "sender": 0.1, "machine": 2.0}, "others have the processor (postgres 0.5, web"),
        ({"web": 0.2, "postgres": 0.1, "sender": 0.1, "machine": 0.5}, "the processor is not full (web 0.2, "),
        ({}, "the shop runs elsewhere"),
    ],
)
def test_what_gave_first_is_said_by_the_lowest_rate_that_was_too_much(cores, said, monkeypatch):
    monkeypatch.setattr(load_report.os, "cpu_count", lambda: 2)
    steps = [make_step(8, **cores), make_step(18, p95=900, **cores), make_step(12, p95=400, **cores)]
    sentence = find_bottleneck(steps, 300)
    assert sentence.startswith(f"At 12 requests/s: {said}")
    assert sentence.endswith("slowest is search, p95 400 ms.")
    assert find_bottleneck(steps[:1], 300).startswith("Nothing gave")


def test_releases_are_compared_by_ratios(capsys):
    same = {"shares": {}, "seed": 1, "bound_ms": 300, "cores": 2, "machine": "x", "products": 300}
    steps = [
        asdict(make_step(8, p95=p95, web=web, machine=2.0)) | {"ms": {"all": [1, p95, 1, 1], kind: [1, 1, 1, 1]}}
        for p95, web, kind in ((100, 0.4, "list"), (50, 0.1, "page"))
    ]
    before, now = same | {"knee": 8, "steps": steps[:1]}, same | {"knee": 12, "products": 400, "steps": steps[1:]}
    print_comparison(before, now)
    assert capsys.readouterr().out.splitlines() == [
        "Not the same products: 300 before, 400 now.", "",
        "now to before: knee 1.50 (8 -> 12)", "  at 8 requests/s: CPU of a request 0.25; p95: all 0.50",
    ]  # fmt: skip
