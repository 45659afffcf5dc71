"""What happens without being asked: when a version is built, whether it serves, and what goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from behaviour import tasks
from behaviour.versions import nights, promotion
from behaviour.versions.building import hold_build
from behaviour.versions.lifecycle import promote
from behaviour.versions.nights import drop_outdated, find_last_hour
from behaviour.versions.promotion import promote_by_itself
from behaviour.versions.version import Version
from tests.behaviour.event_rows import add_events
from tests.behaviour.version_rows import add_version

pytestmark = pytest.mark.django_db


def age(version: Version, **times: timedelta) -> Version:
    """Make a version older than it is."""
    Version.objects.filter(pk=version.pk).update(**{name: timezone.now() - passed for name, passed in times.items()})
    return version


def newest_event() -> int:
    return max(event.pk for event in add_events([{"sku": "A"}]))


def test_a_shop_without_events_has_nothing_to_learn():
    assert not nights.is_due()


def test_the_first_version_does_not_wait_for_the_night():
    newest_event()
    assert nights.is_due()


def test_a_version_is_due_once_after_the_hour_of_each_day(settings):
    version = add_version(last_event_id=newest_event())
    last_hour = find_last_hour(timezone.now())
    before = timezone.now() - last_hour + timedelta(minutes=1)
    age(version, created_at=before)
    assert not nights.is_due()  # nothing happened since
    newest_event()
    assert nights.is_due()
    add_version(name="second", status="ready", last_event_id=newest_event() - 1)
    assert not nights.is_due()


@pytest.mark.parametrize(
    ("now", "hour", "last"),
    [
        (datetime(2026, 5, 2, 1, 59, tzinfo=UTC), 2, datetime(2026, 5, 1, 2, tzinfo=UTC)),
        (datetime(2026, 5, 2, 2, 0, tzinfo=UTC), 2, datetime(2026, 5, 2, 2, tzinfo=UTC)),
        (datetime(2026, 5, 2, 23, 0, tzinfo=UTC), 0, datetime(2026, 5, 2, 0, tzinfo=UTC)),
    ],
)
def test_the_hour_is_that_of_the_settings(now, hour, last, settings):
    settings.KINDRED_BEHAVIOUR_HOUR = hour
    assert find_last_hour(now) == last


def test_ten_times_as_many_events_do_not_wait_for_the_night(monkeypatch):
    add_version(last_event_id=10)
    monkeypatch.setattr(nights, "settled_id", lambda: 99)
    assert not nights.is_due()
    monkeypatch.setattr(nights, "settled_id", lambda: 100)
    assert nights.is_due()


def test_what_was_interrupted_goes_on_at_once():
    add_version(name="first", status="building", last_event_id=newest_event())
    assert nights.is_due()


def test_nothing_is_due_beside_another_build():
    add_version(name="first", status="building", last_event_id=newest_event())
    with hold_build("first"):  # asked first: what Postgres says of processes stays as it is in one transaction
        assert not nights.is_due()
    assert nights.find_unfinished().name == "first"


def test_the_worker_learns_in_a_process_of_its_own(monkeypatch):
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks.child, "run_command", lambda *words, is_ending: ran.append(words))
    tasks.build_due_version()
    tasks.take_steps()
    assert ran == []
    newest_event()
    tasks.build_due_version()
    add_version()
    tasks.take_steps()
    tasks.build_version("spring")
    assert ran == [("train_behaviour",), ("behaviour", "step"), ("train_behaviour", "--version", "spring")]


def make_ready(name: str = "second", **figures) -> Version:
    return add_version(name=name, status="ready", promoted_at=None, figures=figures)


@pytest.mark.parametrize(
    ("ours", "theirs", "objection"),
    [
        ({"bundle": 0.2}, {"bundle": 0.2}, ""),
        ({"bundle": 0.195}, {"bundle": 0.2}, ""),  # less than the noise
        ({"bundle": 0.193}, {"bundle": 0.2}, "bundle is 0.193, with the settings of first 0.200."),
        (
            {"bundle": 0.3, "next": 0.1},
            {"bundle": 0.2, "next": 0.2},
            "next is 0.100, with the settings of first 0.200.",
        ),
        ({"bundle": 0.1}, {"next": 0.2}, ""),  # never measured together
    ],
)
def test_a_version_serves_by_itself_where_no_measure_is_worse(ours, theirs, objection):
    add_version(name="first")
    said = promote_by_itself(make_ready(validation=ours, validation_of_live=theirs))
    if objection:
        assert said == f"second waits to be promoted: {objection}"
    else:
        assert said == "second is live; first can be rolled back to."


def test_a_version_with_half_of_the_rows_missing_waits():
    add_version(name="first", figures={"rows": {"bundle": 100}})
    said = promote_by_itself(make_ready(rows={"bundle": 49}))
    assert said == "second waits to be promoted: it has 49 rows of the kind bundle, first has 100."
    assert promote_by_itself(make_ready("third", rows={"bundle": 50})) == "third is live; first can be rolled back to."


def test_after_a_roll_back_a_person_has_to_promote():
    add_version(name="first", retired_at=timezone.now())
    assert promote_by_itself(make_ready()) == (
        "second waits to be promoted: first was rolled back to, and stays until a person promotes another one."
    )


def test_a_promotion_in_the_gap_is_not_undone(monkeypatch):
    add_version(name="first")
    other, nightly_one = make_ready("other"), make_ready("nightly")

    def promote_another(version: Version, live: Version) -> str:
        promote(other)  # between the comparison and the promotion
        return find(version, live)

    find = promotion.find_objection
    monkeypatch.setattr(promotion, "find_objection", promote_another)
    assert promote_by_itself(nightly_one) == "Version first is live no longer: compare again."
    assert Version.objects.live() == other


def test_what_nobody_goes_back_to_is_dropped_and_what_may_be_needed_stays():
    now = timezone.now()
    for days, name in enumerate(["oldest", "older", "previous"]):
        at = now - timedelta(days=10 - days)
        add_version(name=name, status="retired", promoted_at=at, retired_at=at + timedelta(days=1))
    add_version(name="broken", status="failed", promoted_at=None)
    add_version(name="live", promoted_at=now - timedelta(days=1))
    age(add_version(name="stuck", status="building", promoted_at=None), created_at=timedelta(days=2))
    for name in ("waiting", "newer"):
        make_ready(name)
    add_version(name="failed", status="failed", promoted_at=None)
    add_version(name="at-work", status="building", promoted_at=None)
    assert sorted(drop_outdated()) == ["broken", "older", "oldest", "stuck", "waiting"]
    assert sorted(Version.objects.values_list("name", flat=True)) == ["at-work", "failed", "live", "newer", "previous"]
