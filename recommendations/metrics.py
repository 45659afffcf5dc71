"""What of lists is counted, and what a scrape reads of the index."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

from prometheus_client import Histogram

from api.metrics.state import Reading, StateMetric, register_reader
from recommendations.recommendation_list import RecommendationList
from recommendations.vitals.vital import Vital

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
LIST_SECONDS = Histogram(
    "kindred_list_seconds",
    "Lists and how long each took, by strategy, how it was searched, and whether it had to be filled up.",
    ["strategy", "search", "filled"],
    buckets=BUCKETS,
)
SEARCH_SECONDS = Histogram(
    "kindred_search_seconds",
    "Searches and how long each took, by what was searched with, and whether it had to do without an encoder.",
    ["mode", "degraded"],
    buckets=BUCKETS,
)
RECALL = StateMetric("kindred_index_recall", "Recall@10 of the HNSW index, as the canary found it last.")
RECALL_AT = StateMetric("kindred_index_recall_timestamp_seconds", "When the canary was asked last.")


class Answered(Protocol):
    """What a search comes to, as far as it is counted."""

    @property
    def mode(self) -> str: ...
    @property
    def degraded(self) -> bool: ...


P = ParamSpec("P")
Answer = TypeVar("Answer", bound=Answered)


def measure_searches(search: Callable[P, Answer]) -> Callable[P, Answer]:
    """Have a way to search measured; one that is refused is not."""

    @wraps(search)
    def measured(*args: P.args, **kwargs: P.kwargs) -> Answer:
        begun = time.perf_counter()
        answer = search(*args, **kwargs)
        SEARCH_SECONDS.labels(answer.mode, word_yes_no(answer.degraded)).observe(time.perf_counter() - begun)
        return answer

    return measured


def measure_list(shown: RecommendationList, *, begun: float) -> None:
    """Count a list that was begun at that time of `time.perf_counter()`."""
    labels = (shown.strategy, shown.search, word_yes_no(shown.fallback_used))
    LIST_SECONDS.labels(*labels).observe(time.perf_counter() - begun)


def word_yes_no(value: bool) -> str:
    return "yes" if value else "no"


@register_reader("canary", RECALL, RECALL_AT)
def read_canary() -> Iterator[Reading]:
    """A worker asks it with the other vitals (`vitals/canary.py`): a scrape compares nothing."""
    last = Vital.objects.filter(kind=Vital.Kind.RECALL).order_by("-at").first()
    if last is not None:
        yield RECALL.of(last.value)
        yield RECALL_AT.of(last.at.timestamp())
