"""The simulated orders and visits of the demo shop, as events."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from behaviour.demo import loading
from behaviour.demo.simulated import EXPERIMENT_DAYS, SIMULATED_UNTIL, Simulated, Trial
from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from behaviour.management.commands import load_demo_visits
from behaviour.versions.version import Version
from tests.behaviour.version_rows import add_version
from tests.docs.blocks import read_blocks
from tests.factories import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db
DEMO = Path(settings.BASE_DIR) / "demo" / "homeware"
NOW = datetime(2027, 3, 10, 12, 30, 15, tzinfo=UTC)
PRODUCTS = "sku,price,currency\nMUG,15.90,EUR\nBOWL,18.90,EUR\n"
ORDERS = "order_id,customer_id,sku,quantity,ordered_at\nO1,C1,MUG,2,2026-09-30T23:59:30Z\n"
VISITS = """at,visit,customer,consent,type,skus,list,position,order,quantity,query,arm
2026-09-20T10:00:00Z,1,C1,personalisation,search,,,,,,white mug,
2026-09-20T10:00:10Z,1,C1,personalisation,impression,MUG|BOWL,similar,,,,,
2026-09-20T10:00:20Z,1,C1,personalisation,click,BOWL,similar,2,,,,tried
2026-09-20T10:00:30Z,2,,none,add_to_cart,BOWL,,,,3,,
2026-09-20T10:00:40Z,2,,none,purchase,BOWL,,,W1,3,,
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "products.csv").write_text(PRODUCTS)
    (tmp_path / "orders.csv").write_text(ORDERS)
    with gzip.open(tmp_path / "visits.csv.gz", "wt") as file:
        file.write(VISITS)
    return tmp_path


def run_experiment(arm: str) -> Trial:
    since = NOW - timedelta(days=EXPERIMENT_DAYS)
    return Trial("wider", since, lambda user_id, session_id: arm, "tried")


def test_an_order_ends_now_and_costs_what_the_product_costs(folder):
    loading.load_events(Simulated(folder, now=NOW), report=lambda count: None)
    one = Event.objects.get(type="purchase", sku="MUG")
    assert (one.quantity, one.price, one.currency) == (2, Decimal("15.90"), "EUR")
    assert (one.user_key, one.order_key) == (make_key("user", "C1"), make_key("order", "O1"))
    assert one.occurred_at == datetime(2027, 3, 10, 12, 29, 30, tzinfo=UTC)


def test_a_shown_list_is_an_event_for_each_product_and_brings_its_token(folder):
    loading.load_events(Simulated(folder, now=NOW, space="v1"), report=lambda count: None)
    shown = Event.objects.filter(type="impression").order_by("position")
    assert [(one.sku, one.position, one.strategy, one.placement, one.space) for one in shown] == [
        ("MUG", 1, "similar", "widget", "v1"),
        ("BOWL", 2, "similar", "widget", "v1"),
    ]
    assert len({one.recommendation_id for one in shown}) == 1
    assert Event.objects.get(type="search").query == "white mug"
    assert not Event.objects.filter(type="click").exists()  # of an arm that nobody sees


def test_without_consent_nobody_is_known(folder):
    loading.load_events(Simulated(folder, now=NOW), report=lambda count: None)
    one = Event.objects.get(type="purchase", sku="BOWL")
    assert (one.user_key, one.session_key, one.order_key, one.quantity) == (None, None, None, 3)


def test_what_the_tried_arm_adds_is_there_for_those_who_see_it(folder):
    for arm, clicks in [("plain", 0), ("tried", 1)]:
        simulated = Simulated(folder, now=NOW, experiment=run_experiment(arm))
        events = list(simulated.read_visits())
        shown = [one for one in events if one.type == "impression"]
        assert [(one.experiment, one.arm) for one in shown] == [("wider", arm)] * 2
        assert len([one for one in events if one.type == "click"]) == clicks
        assert {one.experiment for one in events if one.type not in ("impression", "click")} == {""}


def test_loading_again_after_being_cut_off_adds_what_is_missing_and_no_more(folder, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 2)
    seen: list[int] = []

    def give_up(count: int) -> None:
        seen.append(count)
        if len(seen) == 2:
            raise KeyboardInterrupt

    simulated = Simulated(folder, now=NOW)
    with pytest.raises(KeyboardInterrupt):
        loading.load_events(simulated, report=give_up)
    assert not loading.is_loaded(simulated)
    before = Event.objects.count()
    later = Simulated(folder, now=NOW + timedelta(hours=5))
    assert loading.load_events(later, report=lambda count: None) == 6 - before
    assert loading.is_loaded(later)
    assert loading.load_events(later, report=lambda count: None) == 0
    assert Event.objects.count() == 6


def test_what_is_in_the_demo_shop_can_be_loaded_and_is_of_its_products():
    simulated = Simulated(DEMO, now=NOW)
    events = [*simulated.read_orders(), *simulated.read_visits()]
    assert {one.sku for one in events} - {""} <= set(simulated.prices)
    assert len({one.event_id for one in events}) == len(events)
    assert max(one.occurred_at for one in events) < NOW
    assert simulated.move("2026-10-01T00:00:00Z") - NOW < timedelta(0)
    assert {one.consent for one in events} == {"personalisation", "analytics", "none"}
    assert {one.type for one in events} == set(Event.Kind.values)


def test_the_files_end_where_the_loader_believes():
    with (DEMO / "orders.csv").open(newline="") as file:
        last = max(row["ordered_at"] for row in csv.DictReader(file))
    assert timedelta(0) < SIMULATED_UNTIL - datetime.fromisoformat(last) < timedelta(days=1)
    assert (DEMO / "visits.csv.gz").stat().st_size < 1_000_000


def test_a_demo_without_visits_is_learned_from_its_orders_once(monkeypatch, settings, tmp_path):
    (tmp_path / "field.json").write_text('{"title": {"en": "Stones", "zh-hans": "石头"}}', encoding="utf-8")
    settings.KINDRED_FIELD = str(tmp_path)
    learned = []
    monkeypatch.setattr(load_demo_visits, "learn", lambda: learned.append(add_version(name="demo")))
    call_command("load_demo_visits")  # has no orders either
    assert (learned, Event.objects.count()) == ([], 0)
    (tmp_path / "orders.csv").write_text("order_id,user_id,sku,occurred_at\nR1,P1,A,2026-07-01T10:00:00Z\n")
    for _ in range(2):
        call_command("load_demo_visits")
    assert (len(learned), Event.objects.count()) == (1, 1)


def test_the_nearest_scenes_of_devices_that_just_moved_are_found_as_the_page_asks_for_them(client, settings):
    settings.KINDRED_FIELD = "home"
    [block] = [block for block in read_blocks("docs/fields.md") if "placements" in block.text]
    [asked] = json.loads(block.text)["placements"]
    scenes, devices = CategoryFactory(name="Scenes"), CategoryFactory(name="Devices")
    night, storm = (ProductFactory(sku=sku, category=scenes, price=None) for sku in ("SCN-01", "SCN-20"))
    made = [ProductFactory(sku=sku, title=f"Device {sku}", category=devices, price=None) for sku in asked["anchors"]]
    lamp = ProductFactory(category=devices, price=None)
    bundle = {("bundle", one.pk): [(lamp.pk, 0.9, 1.0), (night.pk, 0.8, 1.0)] for one in made}
    bundle["bundle", made[0].pk].append((storm.pk, 0.7, 1.0))
    add_version(neighbours=bundle)
    answer = client.post("/api/v1/recommendations/", block.text, "application/json").json()
    found = answer["placements"][0]["list"]
    assert [one["sku"] for one in found["results"]] == ["SCN-01", "SCN-20"]
    assert found["results"][1]["reasons"][0]["text"] == "Often used together with Device BLD-02"


def test_what_was_learned_of_all_events_serves_in_the_place_of_a_version_of_the_first_ones(monkeypatch):
    """A worker may build one as soon as there are events, and validation may find that no worse."""
    add_version(name="early")

    def train(command: str, *, name: str) -> None:
        assert command == "train_behaviour"
        add_version(name=name, status="ready", promoted_at=None)

    monkeypatch.setattr(load_demo_visits, "call_command", train)
    load_demo_visits.learn()
    assert Version.objects.live().name == "demo"
