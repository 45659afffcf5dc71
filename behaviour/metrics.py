"""What a scrape reads of what was learned from shoppers."""

from __future__ import annotations

from collections.abc import Iterator

from api.metrics.state import Reading, StateMetric, register_reader
from behaviour.models import Version

VERSION = StateMetric("kindred_behaviour_version_info", "1 for the behaviour version that is live.", ("version",))
PROMOTED = StateMetric("kindred_behaviour_version_promoted_timestamp_seconds", "When the live version was promoted.")
FACTS_UNTIL = StateMetric(
    "kindred_behaviour_version_facts_timestamp_seconds", "Up to when the live version knows events, small steps aside."
)
LAST_BUILD_FAILED = StateMetric("kindred_behaviour_build_failed", "1 where the last build of a version failed, else 0.")


@register_reader("behaviour", VERSION, PROMOTED, FACTS_UNTIL, LAST_BUILD_FAILED)
def read_version() -> Iterator[Reading]:
    live = Version.objects.live()
    if live is not None:
        yield VERSION.of(1, live.name)
        yield FACTS_UNTIL.of(live.facts_until.timestamp())
        if live.promoted_at is not None:
            yield PROMOTED.of(live.promoted_at.timestamp())
    last = Version.objects.order_by("-created_at").values_list("failure", flat=True).first()
    yield LAST_BUILD_FAILED.of(bool(last))
