"""All that is known of a user, as what can be written as JSON. What is kept as sums names nobody and is not in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from api.pagination import Page, read_page
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.unit import ExperimentUnit
from behaviour.privacy.tombstone import Tombstone
from behaviour.privacy.traces import Traces, find_traces
from behaviour.versions.version import Profile, Version
from catalog.models import Product

PAGE = 1_000  # events
EVENT_FIELDS = (
    "event_key", "type", "sku", "user_key", "session_key", "order_key", "quantity", "price", "currency", "query",
    "recommendation_id", "strategy", "placement", "position", "space", "experiment", "arm", "consent", "occurred_at",
    "received_at",
)  # fmt: skip


def describe_user(user_id: str) -> tuple[dict[str, Any], Traces]:
    """Return what is known but for the events, and by what those are found."""
    user_key = make_key("user", user_id)
    traces = find_traces(user_key)
    erased_at = Tombstone.objects.filter(pk=user_key).values_list("erased_at", flat=True).first()
    known = {
        "user_id": user_id,
        "user_key": user_key,
        "erased_at": erased_at,
        "sessions": list(traces.sessions),
        "profiles": list(_describe_profiles(user_key)),
        "assignments": list(_describe_units([user_key, *traces.sessions])),
    }
    return known, traces


def read_events(traces: Traces, *, cursor: str | None = None) -> Page:
    """Return a page of a user's events, the oldest first. Raises ValidationError for a cursor of another list."""
    page = read_page(traces.find_events(), order="occurred_at", cursor=cursor, size=PAGE)
    return Page([{name: getattr(event, name) for name in EVENT_FIELDS} for event in page.rows], next=page.next)


def read_all_events(traces: Traces) -> Iterator[dict[str, Any]]:
    """Yield all events of a user, with one page of them in memory."""
    page = read_events(traces)
    yield from page.rows
    while page.next:
        page = read_events(traces, cursor=page.next)
        yield from page.rows


def _describe_profiles(user_key: UUID) -> Iterator[dict[str, Any]]:
    for profile in Profile.objects.filter(user_key=user_key).order_by("version_id"):
        skus = dict(Product.objects.filter(pk__in=profile.product_ids).values_list("pk", "sku"))
        version = Version.objects.filter(pk=profile.version_id).values_list("name", flat=True).first()
        products = [
            {"sku": skus[pk], "score": score}
            for pk, score in zip(profile.product_ids, profile.scores, strict=True)
            if pk in skus
        ]
        yield {"version": version, "products": products}


def _describe_units(keys: list[UUID]) -> Iterator[dict[str, Any]]:
    units = ExperimentUnit.objects.filter(unit_key__in=keys).select_related("experiment").order_by("pk")
    for unit in units:
        yield {
            "experiment": unit.experiment.name,
            "arm": unit.arm,
            "first_at": unit.first_at,
            "clicks": unit.clicks,
            "carts": unit.carts,
            "orders": unit.orders,
            "revenue": unit.revenue,
        }
