"""Home Assistant's registries: its devices become products, with their rooms, functions, units and radio.

They are the files core.device_registry, core.entity_registry and core.area_registry of the folder `.storage`, one after
the other in one file (`cat`), or as one array, or one object by their keys. Only that of devices must be there. What
would name a home from outside, serial numbers and addresses of network cards, is not read.
developers.home-assistant.io, "Device registry" and "Entity registry", have the names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext, ngettext

from catalog.importers.envelopes import open_envelope
from catalog.importers.report import ImportFileError, ImportReport, SourceRow

MAX_BYTES = 16 * 1024 * 1024  # of 1,000 devices the three have 5 MB; read at once, it takes thirty times as much
MAX_ENTITIES = 60  # of a device that are named in its description
REGISTRIES = {"core.device_registry": "devices", "core.entity_registry": "entities", "core.area_registry": "areas"}
# What a device mainly is, by the domains of its entities: the first that it has.
KINDS = {
    "light": "Lights",
    "climate": "Thermostats",
    "water_heater": "Water heaters",
    "humidifier": "Humidifiers",
    "cover": "Covers",
    "valve": "Valves",
    "lock": "Locks",
    "alarm_control_panel": "Alarms",
    "siren": "Sirens",
    "camera": "Cameras",
    "media_player": "Media players",
    "vacuum": "Vacuums",
    "lawn_mower": "Lawn mowers",
    "fan": "Fans",
    "remote": "Remotes",
    "switch": "Switches",
    "binary_sensor": "Sensors",
    "sensor": "Sensors",
    "event": "Buttons",
    "button": "Buttons",
}
RADIOS = {  # by the integration that named the device, or what it is connected by
    "zha": "Zigbee",
    "deconz": "Zigbee",
    "hue": "Zigbee",
    "zigbee": "Zigbee",
    "zwave_js": "Z-Wave",
    "matter": "Matter",
    "thread": "Thread",
    "homekit_controller": "HomeKit",
    "bluetooth": "Bluetooth",
    "esphome": "Wi-Fi",
    "shelly": "Wi-Fi",
    "tasmota": "Wi-Fi",
    "tplink": "Wi-Fi",
    "knx": "KNX",
}


@dataclass
class Registries:
    """What the files say, by the name of their lists."""

    devices: list[dict[str, Any]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)
    areas: list[dict[str, Any]] = field(default_factory=list)


def read_homeassistant(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield a row for each device. Raises ImportFileError where there are none, or the file is no such JSON."""
    with open_envelope(file) as inner:
        content = inner.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ImportFileError(gettext("The registries have more than 16 MB: leave out what is not one of them."))
    found = read_registries(content.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace"))
    if not found.devices:
        raise ImportFileError(gettext("There are no devices in it: take core.device_registry of the folder .storage."))
    rooms = {text_of(one.get("id")): text_of(one.get("name")) for one in found.areas}
    entities: dict[Any, list[dict[str, Any]]] = {}
    for entity in found.entities:
        if not entity.get("disabled_by"):
            entities.setdefault(str(entity.get("device_id")), []).append(entity)
    services = 0
    for number, device in enumerate(found.devices, start=1):
        if device.get("entry_type") == "service":  # a weather forecast, or Home Assistant itself
            services += 1
            continue
        yield read_device(number, device, entities=entities.get(str(device.get("id")), []), rooms=rooms)
    warn(report, found, services=services, rooms=rooms)


def warn(report: ImportReport, found: Registries, *, services: int, rooms: dict[str, str]) -> None:
    """Say what is left out, and what the file lacks."""
    if services:
        left_out = ngettext(
            "%(count)s service is left out: it is no device.",
            "%(count)s services are left out: they are no devices.",
            services,
        )
        report.warn(left_out % {"count": services})
    if not found.entities:
        report.warn(gettext("What the devices do is not known: add core.entity_registry to the file."))
    named = {"", *rooms}
    if any(text_of(one.get("area_id")) not in named for one in found.devices):
        report.warn(gettext("Some rooms have no name: add core.area_registry to the file."))


def read_registries(text: str) -> Registries:
    """Return the lists of all registries in a text: one JSON value after the other. Raises ImportFileError."""
    found, decoder, place = Registries(), json.JSONDecoder(), 0
    try:
        while place < len(text):
            if text[place].isspace():
                place += 1
                continue
            value, place = decoder.raw_decode(text, place)
            for registry in list_registries(value):
                take(registry, found)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(
            gettext("This is no JSON of Home Assistant (%(fault)s): take the files of the folder .storage as they are.")
            % {"fault": str(error)[:100]}
        ) from None
    return found


def list_registries(value: Any) -> Sequence[Any]:
    """Return the registries that one JSON value holds: it may be one, a list of them, or an object by their keys."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and not REGISTRIES.keys().isdisjoint(value):
        return [{"key": key, "data": one.get("data", one)} for key, one in value.items() if isinstance(one, dict)]
    return [value]


def take(registry: Any, found: Registries) -> None:
    """Add a registry's list to what was found; anything else in the file is nothing to us."""
    if not isinstance(registry, dict):
        return
    data, name = registry.get("data"), REGISTRIES.get(str(registry.get("key")), "")
    listed = data.get(name) if name and isinstance(data, dict) else None
    if isinstance(listed, list):
        getattr(found, name).extend(one for one in listed if isinstance(one, dict))


def read_device(
    number: int, device: dict[str, Any], *, entities: list[dict[str, Any]], rooms: dict[str, str]
) -> SourceRow:
    """Return the row of a device. One that is disabled is not active."""
    sku, maker, model = (text_of(device.get(name)) for name in ("id", "manufacturer", "model"))
    if not sku:
        return SourceRow(number, {}, gettext("no device: it has no id"))
    title = text_of(device.get("name_by_user")) or text_of(device.get("name")) or " ".join(filter(None, (maker, model)))
    if not title:
        return SourceRow(number, {"sku": sku}, gettext("has no name, no maker and no model: name it in Home Assistant"))
    room = rooms.get(text_of(device.get("area_id")), "")
    main = [entity for entity in entities if not entity.get("entity_category")] or entities
    attributes = {
        "room": room,
        "functions": sorted({function_of(entity) for entity in main} - {""}),
        "units": sorted({text_of(entity.get("unit_of_measurement")) for entity in main} - {""}),
        "radio": find_radio(device, entities),
        "model": model,
        "power": "battery" if any(class_of(entity) == "battery" for entity in entities) else "",
    }
    fields = {
        "sku": sku,
        "title": title,
        "description": describe(main, room=room),
        "brand": maker,
        "category": find_category(main),
        "attributes": json.dumps({name: value for name, value in attributes.items() if value}, ensure_ascii=False),
        "is_active": "false" if device.get("disabled_by") else "true",
    }
    return SourceRow(number, fields, emptied=frozenset({"description", "brand", "category", "attributes"}))


def describe(entities: list[dict[str, Any]], *, room: str) -> str:
    """Return a sentence or two: where the device is, and what it measures and does."""
    parts = []
    for entity in entities[:MAX_ENTITIES]:
        name = text_of(entity.get("name")) or text_of(entity.get("original_name")) or function_of(entity)
        unit = text_of(entity.get("unit_of_measurement"))
        parts.append(f"{name} ({unit})" if unit else name)
    said = ", ".join(dict.fromkeys(filter(None, parts)))
    return ". ".join(filter(None, (room, said)))


def find_category(entities: list[dict[str, Any]]) -> str:
    """Return what the device mainly is, a sensor with what it measures."""
    by_domain = {domain_of(entity): entity for entity in reversed(entities)}
    for domain, kind in KINDS.items():
        if domain in by_domain:
            measured = class_of(by_domain[domain]).replace("_", " ").capitalize() if kind == "Sensors" else ""
            return "/".join(filter(None, ("Devices", kind, measured)))
    return "Devices"


def find_radio(device: dict[str, Any], entities: list[dict[str, Any]]) -> str:
    """Return what the device is reached by; nothing where that is not said."""
    pairs = [*list_pairs(device.get("connections")), *list_pairs(device.get("identifiers"))]
    named = [pair[0] for pair in pairs] + [text_of(entity.get("platform")) for entity in entities]
    return next((RADIOS[name] for name in named if name in RADIOS), "")


def list_pairs(value: Any) -> list[list[str]]:
    """Return the pairs of a name and an address that devices are known by, as far as they are that."""
    found = value if isinstance(value, list) else []
    return [[str(part) for part in pair] for pair in found if isinstance(pair, list) and pair]


def function_of(entity: dict[str, Any]) -> str:
    """Return what an entity does: `light`, `temperature sensor`."""
    domain, measured = domain_of(entity), class_of(entity)
    if domain in ("sensor", "binary_sensor"):
        return f"{measured} sensor".strip()
    return measured if domain == "cover" and measured else domain.replace("_", " ")


def domain_of(entity: dict[str, Any]) -> str:
    return text_of(entity.get("entity_id")).partition(".")[0]


def class_of(entity: dict[str, Any]) -> str:
    return (text_of(entity.get("device_class")) or text_of(entity.get("original_device_class"))).replace("_", " ")


def text_of(value: Any) -> str:
    """Return a text or a number as text; nothing for null and for what is neither."""
    return str(value).strip() if isinstance(value, str | int | float) else ""
