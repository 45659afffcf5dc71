"""What of sources is counted, and what a scrape reads of them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Counter

from api.counts import count_rows
from api.metrics.state import Reading, StateMetric, register_reader
from catalog.models import Source

SOURCE_RUNS = Counter("kindred_source_runs", "Runs of sources that ended, dry ones left out, by how.", ["outcome"])
SOURCES = StateMetric(
    "kindred_sources", "Enabled sources; those that failed three times in a row; those that ask.", ("state",)
)


FAILED_OFTEN = 3  # runs: fewer are a server's bad hour


@register_reader("sources", SOURCES)
def read_sources() -> Iterator[Reading]:
    enabled = Source.objects.filter(is_enabled=True)
    parts = {
        "enabled": enabled,
        "failing": enabled.filter(failures__gte=FAILED_OFTEN),
        "asking": enabled.filter(asking_run__isnull=False),
    }
    for state, rows in parts.items():
        yield SOURCES.of(count_rows(rows).number, state)
