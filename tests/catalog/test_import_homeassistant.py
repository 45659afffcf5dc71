"""Home Assistant's registries: devices with rooms, functions, units and radio."""

from __future__ import annotations

import json

import pytest
from django.core.management.base import CommandError

from catalog.models import Product

pytestmark = pytest.mark.django_db


def device(id: str, **said: object) -> dict[str, object]:
    return {"id": id, "area_id": None, "name": None, "name_by_user": None, "connections": [], "identifiers": []} | said


DEVICES = {
    "version": 1,
    "minor_version": 9,
    "key": "core.device_registry",
    "data": {
        "devices": [
            device(
                "a1",
                name="TS0201",
                name_by_user="Cellar climate",
                manufacturer="Tuya",
                model="TS0201",
                area_id="cellar",
                serial_number="4711",
                connections=[["zigbee", "00:12:4b:00:01:02:03:04"]],
                identifiers=[["zha", "00:12:4b:00:01:02:03:04"]],
            ),
            device("a2", manufacturer="Signify", model="LCA001", area_id="attic", identifiers=[["hue", "x"], ["hue"]]),
            device("a3", name="Old plug", area_id="cellar", disabled_by="user"),
            device("a4"),
            device("a5", name="Forecast", entry_type="service"),
            {"name": "nobody"},
        ],
        "deleted_devices": [{"id": "gone"}],
    },
}
ENTITIES = {
    "key": "core.entity_registry",
    "data": {
        "entities": [
            {
                "device_id": "a1",
                "entity_id": "sensor.cellar_temperature",
                "original_name": "Temperature",
                "original_device_class": "temperature",
                "unit_of_measurement": "°C",
            },
            {
                "device_id": "a1",
                "entity_id": "sensor.cellar_humidity",
                "original_name": "Humidity",
                "original_device_class": "humidity",
                "unit_of_measurement": "%",
            },
            {
                "device_id": "a1",
                "entity_id": "sensor.cellar_battery",
                "original_device_class": "battery",
                "entity_category": "diagnostic",
            },
            {"device_id": "a1", "entity_id": "light.never", "disabled_by": "integration"},
            {"device_id": "a2", "entity_id": "light.attic"},
        ]
    },
}
AREAS = {"key": "core.area_registry", "data": {"areas": [{"id": "cellar", "name": "Cellar"}, {"id": "x"}, 3]}}
CELLAR = {
    "room": "Cellar",
    "functions": ["humidity sensor", "temperature sensor"],
    "units": ["%", "°C"],
    "radio": "Zigbee",
    "model": "TS0201",
    "power": "battery",
}
WRITTEN = {
    "the files one after the other": "\n".join(json.dumps(one, indent=2) for one in (DEVICES, ENTITIES, AREAS)),
    "one array": json.dumps([DEVICES, ENTITIES, AREAS]),
    "one object": json.dumps({one["key"]: one for one in (DEVICES, ENTITIES, AREAS)}),
    "their data alone": json.dumps({one["key"]: one["data"] for one in (DEVICES, ENTITIES, AREAS)}),
}


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
def test_devices_become_products_and_what_names_a_home_from_outside_is_not_kept(folder, content):
    outcome = folder.load_text(content, format="homeassistant")
    assert outcome.summary == "Created 3, changed 0, unchanged 0, rejected 2."
    assert outcome.errors == [
        "1 service is left out: it is no device.",
        "Some rooms have no name: add core.area_registry to the file.",
        "line 4 (a4): has no name, no maker and no model: name it in Home Assistant",
        "line 6: no device: it has no id",
    ]
    climate, lamp, plug = (Product.objects.get(sku=sku) for sku in ("a1", "a2", "a3"))
    assert (climate.title, climate.brand, climate.category.path) == (
        "Cellar climate",
        "Tuya",
        "Devices/Sensors/Temperature",
    )
    assert climate.description == "Cellar. Temperature (°C), Humidity (%)"
    assert climate.attributes == CELLAR
    assert (lamp.title, lamp.category.path) == ("Signify LCA001", "Devices/Lights")
    assert lamp.attributes == {"functions": ["light"], "radio": "Zigbee", "model": "LCA001"}
    assert (plug.title, plug.is_active, plug.attributes) == ("Old plug", False, {"room": "Cellar"})
    assert not [one for one in Product.objects.values() if "00:12" in str(one) or "4711" in str(one)]


def test_a_device_that_is_enabled_again_and_moved_is_changed(folder):
    folder.load_text(WRITTEN["one array"], format="homeassistant")
    moved = json.loads(WRITTEN["one array"])
    moved[0]["data"]["devices"][2] |= {"disabled_by": None, "area_id": None}
    assert folder.load_text(json.dumps(moved), format="homeassistant").summary.startswith("Created 0, changed 1, ")
    plug = Product.objects.get(sku="a3")
    assert (plug.is_active, plug.attributes) == (True, {})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("sku,title\nA,B\n", "This is no JSON of Home Assistant"),
        ("[" * 100_000, "This is no JSON of Home Assistant"),
        (json.dumps(AREAS), "There are no devices in it: take core.device_registry"),
        (json.dumps({"key": "core.device_registry", "data": {"devices": 5}}), "There are no devices in it"),
        ("", "There are no devices in it"),
        (" " * (16 * 1024**2 + 1), "The registries have more than 16 MB"),
    ],
)
def test_what_is_no_registry_is_refused_with_what_to_take(folder, content, why):
    with pytest.raises(CommandError, match=why):
        folder.load_text(content, format="homeassistant")


def test_devices_alone_are_loaded_and_it_is_said_what_they_lack(folder):
    outcome = folder.load_text(json.dumps(DEVICES), format="homeassistant")
    assert "What the devices do is not known: add core.entity_registry to the file." in outcome.errors
    assert Product.objects.get(sku="a2").category.path == "Devices"


def test_hostile_values_take_no_more_with_them_than_their_device(folder):
    devices = [
        device("b1", name="Lamp", area_id=["a"]),
        device("b\0", name="x\ud800", area_id={}),
        device("b3", name="Fan\ud800", model="m\0\ud800", area_id=True),
        device("b4", name=[], model={}, manufacturer=float("nan")),
        device("b5", name="n" * 100_000),
        device("b6", name="Plug", connections={"a": 1}, identifiers=[[["x"], {}], "zha", []]),
        device("b6", name="Plug"),
    ]
    entities = [{"device_id": [], "entity_id": {}}, {"device_id": "b1", "entity_id": 5, "device_class": []}]
    registries = [
        {"key": "core.device_registry", "data": {"devices": devices}},
        {"key": "core.entity_registry", "data": {"entities": entities}},
        {"key": "core.area_registry", "data": {"areas": [{"id": {"a": 1}, "name": "x"}, {"id": ["a"], "name": []}]}},
    ]
    outcome = folder.load_text(json.dumps(registries), format="homeassistant")
    assert outcome.summary == "Created 2, changed 0, unchanged 0, rejected 5."
    assert set(Product.objects.values_list("sku", flat=True)) == {"b1", "b6"}
