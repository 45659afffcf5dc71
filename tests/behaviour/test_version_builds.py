"""A version is built from all events up to one, block by block; what is written is not learned again."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from behaviour.events.event import Event
from behaviour.learners import recipe
from behaviour.versions import building
from behaviour.versions.building import build_version, hold_build
from behaviour.versions.lifecycle import BuildRunning, VersionError, create_version
from behaviour.versions.version import Neighbours, Profile, Ranking, Version
from behaviour.versions.writing import find_allowed
from tests.behaviour import co_counts
from tests.behaviour.co_counts import CoCounts
from tests.behaviour.event_rows import add_events
from tests.behaviour.version_rows import add_version
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db

ANNA, BEN, CARL, DORA = (UUID(int=number) for number in (1, 2, 3, 4))
ORDERS = {
    UUID(int=11): (ANNA, "AB"),
    UUID(int=12): (BEN, "ABC"),
    UUID(int=13): (None, "BC"),
    UUID(int=14): (CARL, "D"),
}
DAY = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def learned(monkeypatch) -> list[CoCounts]:
    """All that was learned, in the order in which it was."""
    made: list[CoCounts] = []

    def learn(orders, views, *, settings, content):
        made.append(CoCounts(orders, views))
        return made[-1]

    monkeypatch.setattr(recipe, "learn", learn)
    monkeypatch.setattr(recipe, "choose_settings", co_counts.choose_settings)
    monkeypatch.setattr(building, "BLOCK", 2)
    return made


@pytest.fixture(autouse=True)
def shop() -> dict[str, int]:
    """Five products, four orders of which one is a guest's, and one session that looked at two; ids by sku."""
    ids = {sku: ProductFactory(sku=sku).pk for sku in "ABCDE"}
    for order, (user, skus) in ORDERS.items():
        add_events(
            {
                "sku": sku,
                "order_key": order,
                "user_key": user,
                "occurred_at": DAY,
                "consent": "analytics" if user == CARL else "personalisation",
            }
            for sku in skus
        )
    add_events({"type": "view", "sku": sku, "session_key": UUID(int=21), "occurred_at": DAY} for sku in "DE")
    return ids


def read_rows(version: Version, kind: str) -> dict[int, tuple[list[int], list[float]]]:
    rows = Neighbours.objects.filter(version_id=version.pk, kind=kind)
    return {row.product_id: (row.neighbour_ids, row.scores) for row in rows}


def build(name: str = "first") -> Version:
    version = create_version(name)
    build_version(version)
    return version


def test_every_row_is_what_was_learned_of_products_by_their_ids(shop):
    version = build()
    a, b, c, d, e = (shop[sku] for sku in "ABCDE")
    bundle = {a: ([b, c], [2.0, 1.0]), b: ([a, c], [2.0, 2.0]), c: ([b, a], [2.0, 1.0])}
    viewed = {d: ([e], [1.0]), e: ([d], [1.0])}
    assert read_rows(version, "bundle") == bundle
    assert read_rows(version, "cart") == bundle
    assert read_rows(version, "viewed") == viewed
    assert read_rows(version, "personal") == bundle | viewed
    popular = Ranking.objects.filter(version_id=version.pk, kind="popular").order_by("place")
    assert list(popular.values_list("place", "product_id", "score", "support")) == [
        (1, b, 3.0, 3), (2, a, 2.0, 2), (3, c, 2.0, 2), (4, d, 1.0, 1),
    ]  # fmt: skip
    assert [version.status, version.progress, version.settings["length"]] == ["ready", {}, 8]
    assert version.finished_at is not None
    evidence = Neighbours.objects.filter(version_id=version.pk, kind="bundle").values_list("product_id", "evidence")
    assert dict(evidence) == {a: 2.0, b: 3.0, c: 2.0}
    assert version.figures["facts"] == {"orders": 8, "views": 2}
    assert version.figures["rows"] == {"bundle": 3, "cart": 3, "viewed": 2, "personal": 5, "profiles": 2}
    assert version.figures["steps"]["best_scores"] == {"bundle": 2.0, "cart": 2.0, "viewed": 1.0, "personal": 1.6}


def test_what_is_for_a_user_is_kept_only_of_those_who_agreed_to_it(shop):
    version = build()
    rows = {row.user_key: row.product_ids for row in Profile.objects.filter(version_id=version.pk)}
    assert rows == {ANNA: [shop["C"], shop["D"], shop["E"]], BEN: [shop["D"], shop["E"]]}


def test_who_agreed_to_be_counted_alone_is_not_among_those_for_whom_anything_is_written():
    assert find_allowed([str(ANNA), str(CARL), str(DORA)]) == {str(ANNA)}


def test_what_is_for_a_user_is_made_ahead_for_the_latest(settings):
    settings.KINDRED_BEHAVIOUR_PROFILES = 1
    add_events([
        {"sku": "A", "user_key": DORA, "order_key": UUID(int=15), "consent": "personalisation"},
    ])  # fmt: skip
    version = build()
    assert [row.user_key for row in Profile.objects.filter(version_id=version.pk)] == [DORA]


def test_who_was_erased_while_a_version_was_built_gets_nothing(monkeypatch):
    def erase_and_write(version_id, rows):
        Event.objects.filter(user_key=ANNA).delete()
        return write(version_id, rows)

    write = building.write_profiles
    monkeypatch.setattr(building, "write_profiles", erase_and_write)
    version = build()
    assert [row.user_key for row in Profile.objects.filter(version_id=version.pk)] == [BEN]


def test_events_after_the_last_one_of_a_version_are_left_to_the_next(shop):
    version = create_version("first")
    add_events({"sku": sku, "order_key": UUID(int=16)} for sku in "AE")
    build_version(version)
    assert shop["E"] not in read_rows(version, "bundle")
    assert read_rows(build("second"), "bundle")[shop["E"]] == ([shop["A"]], [1.0])


@pytest.mark.parametrize("killed_at", [1, 2, 3, 5, 9])
def test_a_build_that_was_killed_goes_on_after_its_last_block(killed_at, learned, monkeypatch, shop):
    whole = build("whole")
    version = create_version("second")
    written = []

    def write_and_die(version_id, kind, rows):
        write(version_id, kind, rows)
        if len(written) + 1 == killed_at:
            raise KeyboardInterrupt  # after the rows, before their commit
        written.append(kind)

    write = building.write_neighbours
    with monkeypatch.context() as patch:
        patch.setattr(building, "write_neighbours", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            build_version(version)
    assert version.status == "building"
    build_version(version)
    blocks = [
        (kind, start, min(start + 2, 5)) for kind in ("bundle", "cart", "viewed", "personal") for start in (0, 2, 4)
    ]
    assert learned[-2].asked == blocks[:killed_at]
    assert learned[-1].asked == blocks[killed_at - 1 :]
    for kind in ("bundle", "cart", "viewed", "personal"):
        assert read_rows(version, kind) == read_rows(whole, kind)


def test_a_build_that_was_killed_among_profiles_writes_the_others(monkeypatch, shop):
    version = create_version("first")

    def write_and_die(version_id, rows):
        write(version_id, rows)
        raise KeyboardInterrupt

    write = building.write_profiles
    with monkeypatch.context() as patch:
        patch.setattr(building, "write_profiles", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            build_version(version)
    build_version(version)
    rows = Profile.objects.filter(version_id=version.pk).order_by("user_key")
    assert [row.user_key for row in rows] == [ANNA, BEN]
    assert Ranking.objects.filter(version_id=version.pk, kind="popular").count() == 4


def test_a_build_that_fails_says_why_and_goes_on_once_that_is_mended(monkeypatch):
    version = create_version("first")

    def fail(*_, **__):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(recipe, "learn", fail)
        with pytest.raises(RuntimeError):
            build_version(version)
    assert [version.status, version.failure] == ["failed", "RuntimeError: the disk is full"]
    build_version(version)
    assert [version.status, version.failure] == ["ready", ""]


def test_a_version_that_is_built_never_changes():
    version = build()
    with pytest.raises(VersionError, match="Version first is built already, and a version never changes"):
        build_version(version)


def test_two_versions_are_not_built_at_once():
    with hold_build("other"), pytest.raises(BuildRunning):
        build()


def train(*arguments: str) -> list[str]:
    output = io.StringIO()
    call_command("train_behaviour", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_the_first_version_serves_at_once_and_the_next_takes_its_place():
    assert train("--version", "first")[1:] == ["first is live."]
    assert train("--version", "second")[1:] == ["second is live; first can be rolled back to."]


def test_what_nobody_goes_back_to_is_dropped_after_a_build():
    for name in ("first", "second"):
        train("--version", name)
    assert train("--version", "third")[2:] == ["Version first is gone: nobody goes back to it."]
    assert dict(Version.objects.values_list("name", "status")) == {"second": "retired", "third": "live"}
    assert set(Neighbours.objects.values_list("version_id", flat=True)) == set(
        Version.objects.values_list("pk", flat=True)
    )


def test_a_command_without_a_name_goes_on_with_what_was_interrupted(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(building, "write_neighbours", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(CommandError, match=r"Stopped. Run it again to go on: what is written stays.") as error:
            train("--version", "spring")
    assert error.value.returncode == 130
    assert train()[1:] == ["spring is live."]


def test_whoever_asks_for_a_build_beside_another_is_told_who_is_at_it():
    with (
        hold_build("spring"),
        pytest.raises(CommandError, match=r"Another version is being built.*version spring, proc"),
    ):
        train()


def test_a_version_waits_for_people_where_they_have_a_say(settings):
    add_version(name="first")
    settings.KINDRED_BEHAVIOUR_PROMOTE = "ask"
    assert train("--version", "second")[1:] == ["second waits to be promoted: KINDRED_BEHAVIOUR_PROMOTE is ask."]
    assert Version.objects.live().name == "first"
