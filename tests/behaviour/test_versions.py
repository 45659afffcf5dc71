"""Versions of what was learned: one is live, it is changed in one transaction, and what is dropped leaves no row."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from behaviour.versions import lifecycle
from behaviour.versions.lifecycle import (
    VersionError,
    create_version,
    drop_version,
    get_version,
    promote,
    roll_back,
)
from behaviour.versions.version import Neighbours, Profile, Ranking, Version
from tests.behaviour.event_rows import add_events
from tests.behaviour.version_rows import add_version

pytestmark = pytest.mark.django_db


def find_status() -> dict[str, str]:
    return dict(Version.objects.order_by("pk").values_list("name", "status"))


def test_a_version_is_named_for_its_day_and_stands_on_all_events_up_to_now():
    last = max(event.pk for event in add_events([{"sku": "A"}, {"sku": "B"}]))
    first, second = create_version(), create_version()
    day = f"{first.facts_until:%Y-%m-%d}"
    assert [first.name, second.name] == [day, f"{day}-2"]
    assert [first.status, first.last_event_id, first.stepped_to] == ["building", last, last]


def test_a_name_is_given_once():
    create_version("spring")
    with pytest.raises(VersionError, match=r"There is a version spring already: choose another name."):
        create_version("spring")


def test_who_asks_for_a_version_that_is_not_there_is_told_which_are():
    add_version(name="first")
    add_version(name="second", status="ready")
    with pytest.raises(VersionError, match=r"There is no version 'third'. Versions: second, first."):
        get_version("third")


def test_postgres_itself_knows_of_one_live_version():
    add_version(name="first")
    with pytest.raises(IntegrityError), transaction.atomic():
        add_version(name="second")


def test_a_promotion_retires_what_was_live_and_a_roll_back_goes_back_but_never_forward():
    first = add_version(name="first")
    for name in ("second", "third"):
        before = promote(add_version(name=name, status="ready", promoted_at=None))
        assert before == (first if name == "second" else Version.objects.get(name="second"))
    assert find_status() == {"first": "retired", "second": "retired", "third": "live"}
    assert roll_back().name == "second"
    assert roll_back().name == "first"
    assert find_status() == {"first": "live", "second": "retired", "third": "retired"}
    with pytest.raises(VersionError, match="There is no version to roll back to"):
        roll_back()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            "building",
            r"Version second is not built yet: build it first \(manage.py train_behaviour --version second\).",
        ),
        ("failed", r"Version second is not built: the build failed \(full disk\). Mend that, then run manage.py "),
    ],
)
def test_what_is_not_built_is_not_served(status, said):
    add_version(name="first")
    with pytest.raises(VersionError, match=said):
        promote(add_version(name="second", status=status, failure="full disk"))
    assert find_status() == {"first": "live", "second": status}


def test_a_promotion_that_was_compared_with_another_live_version_does_not_happen():
    first = add_version(name="first")
    second, third = (add_version(name=name, status="ready") for name in ("second", "third"))
    promote(second, instead_of=first)
    with pytest.raises(VersionError, match=r"Version first is live no longer: compare again."):
        promote(third, instead_of=first)
    assert find_status() == {"first": "retired", "second": "live", "third": "ready"}


def test_what_is_dropped_leaves_no_row_and_takes_none_of_others(monkeypatch):
    monkeypatch.setattr(lifecycle, "DROP_SLICE", 2)
    rows = {(kind, product): [(9, 1.0, 1.0)] for kind in ("bundle", "viewed") for product in (1, 2, 3)}
    kept = add_version(name="first", neighbours=rows, rankings={"popular": [(1, 2.0)]})
    gone = add_version(name="second", status="retired", neighbours=rows, rankings={"popular": [(1, 2.0)]})
    for version in (kept, gone):
        Profile.objects.create(
            version_id=version.pk,
            user_key="00000000-0000-0000-0000-000000000001",
            product_ids=[1],
            scores=[1.0],
            shares=[1.0],
        )
    drop_version(gone)
    assert find_status() == {"first": "live"}
    assert [model.objects.count() for model in (Neighbours, Ranking, Profile)] == [6, 1, 1]
    assert set(Neighbours.objects.values_list("version_id", flat=True)) == {kept.pk}


def test_the_live_version_is_not_dropped():
    with pytest.raises(VersionError, match=r"Version first is live: promote another one first."):
        drop_version(add_version(name="first"))
    assert find_status() == {"first": "live"}
