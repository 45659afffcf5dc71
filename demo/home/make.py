"""Makes the house: `python make.py` writes products.csv, orders.csv, truth.csv, scenes.csv, wordings.csv and images/.

The seed is fixed: tables come out the same every time. `python make.py --tables` writes those alone.
"""
import csv
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from words import CHINESE, FAMILIES, KINDS, MAKERS, ROOMS, SCENES, VALUES

HERE = Path(__file__).parent
SEED = 20261128
BY_PLACE, BY_MODEL, SILENT, UNTOLD, BOXED, UNPICTURED = 0.3, 0.25, 0.2, 0.3, 0.2, 0.1  # shares, see README.md
RUNS, PEOPLE = 700, 4
USED, BESIDES = 0.85, 0.08  # chances: of each device of a scene, and of one that has nothing to do with it
FIRST, LAST = datetime(2026, 7, 1), datetime(2026, 10, 1)


def plan_devices():
    """Yield every device as a dict of what is known of it, in order."""
    rng, number = np.random.default_rng(SEED), 0
    for code, category, name, does, place, rooms, told in FAMILIES:
        for count, room in enumerate(rooms.split(), start=1):
            number += 1
            radio, power, letters = KINDS[int(rng.integers(len(KINDS)))]
            called = float(rng.random())
            yield {
                "sku": f"{code}-{count:02d}", "number": number, "code": code, "category": f"Devices/{category}", "name": name,
                "does": does, "place": place, "room": room, "told": told, "radio": radio, "power": power,
                "maker": MAKERS[int(rng.integers(len(MAKERS)))], "model": f"{letters}-{int(rng.integers(1000, 9999))}",
                "by_place": called < BY_PLACE, "by_model": BY_PLACE <= called < BY_PLACE + BY_MODEL,
                "is_silent": bool(rng.random() < SILENT), "is_untold": bool(rng.random() < UNTOLD),
                "is_boxed": bool(rng.random() < BOXED), "is_unpictured": bool(rng.random() < UNPICTURED),
            }  # fmt: skip


def tell(device):
    """Return title and description in English and Chinese."""
    (name, name_zh), (does, does_zh), (place, place_zh) = device["name"], device["does"], device["place"]
    room, room_zh = ROOMS[device["room"]]
    number = device["sku"][-1]
    if device["by_model"]:
        title, title_zh = f"{device['model']} ({room})", f"{device['model']}（{room_zh}）"
    elif device["by_place"]:
        title, title_zh = f"{room.capitalize()}, {place} {number}", f"{room_zh}{place_zh}{number}"
    else:
        title, title_zh = f"{room.capitalize()} {name} {number}", f"{room_zh}{name_zh}{number}"
    if device["is_silent"]:
        return title, "", title_zh, ""
    return title, f"{does} In the {room}, {place}.", title_zh, f"{does_zh}位于{room_zh}{place_zh}。"


def row_of_device(device):
    title, description, title_zh, description_zh = tell(device)
    attributes = {"room": ROOMS[device["room"]][0], "radio": device["radio"], "power": device["power"]}
    if not device["is_untold"]:
        attributes |= {name: value for name, value in device["told"].items() if value}
    image = "" if device["is_unpictured"] else f"images/{device['sku']}.webp"
    return [device["sku"], title, description, title_zh, description_zh, device["maker"], device["category"], json.dumps(attributes, ensure_ascii=False), image]


def members(scene, devices):
    """Return the devices of a scene, in order."""
    return [d for said in scene[4].split() for d in devices if [d["code"], d["room"]] == said.split(":")]


def row_of_scene(number, scene):
    name, name_zh, does, does_zh, _ = scene
    rooms = sorted({ROOMS[said.split(":")[1]][0] for said in scene[4].split()})
    sku = f"SCN-{number:02d}"
    return [sku, name, does, name_zh, does_zh, "", "Scenes", json.dumps({"room": rooms if len(rooms) > 1 else rooms[0]}), f"images/{sku}.webp"]


def truths(devices):
    """Yield every ordered pair of one kind: 2 where one can stand in for the other, being reached the same way."""
    for one in devices:
        for other in devices:
            if one is not other and one["code"] == other["code"]:
                yield one["sku"], other["sku"], 2 if one["radio"] == other["radio"] else 1


def runs(devices):
    """Yield what happened when scenes ran: each run is an order, of the scene and of the devices that moved."""
    rng = np.random.default_rng(SEED + 1)
    popular = rng.dirichlet(np.full(len(SCENES), 4.0))
    span = (LAST - FIRST).total_seconds()
    moments = np.sort(rng.uniform(0, span, RUNS))
    for number, second in enumerate(moments, start=1):
        chosen = int(rng.choice(len(SCENES), p=popular))
        at = (FIRST + timedelta(seconds=int(second))).isoformat() + "Z"
        skus = [f"SCN-{chosen + 1:02d}"] + [d["sku"] for d in members(SCENES[chosen], devices) if rng.random() < USED]
        if rng.random() < BESIDES:
            skus.append(devices[int(rng.integers(len(devices)))]["sku"])
        person = f"P{int(rng.integers(PEOPLE)) + 1}"
        yield from ((f"R{number:04d}", person, sku, 1, at) for sku in dict.fromkeys(skus))


def wordings():
    yield from (("category", name, "zh", text) for name, text in CHINESE.items())
    yield from (("attribute", name, "zh", text) for name, text in (("room", "房间"), ("radio", "无线协议"), ("power", "供电"), ("function", "功能"), ("unit", "单位")))
    yield from (("value", name, "zh", text) for name, text in [*ROOMS.values(), *VALUES.items()])


def write(name, columns, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_tables(devices):
    columns = ["sku", "title", "description", "title_zh", "description_zh", "brand", "category", "attributes", "images"]
    scenes = [row_of_scene(number, scene) for number, scene in enumerate(SCENES, start=1)]
    write("products.csv", columns, [*map(row_of_device, devices), *scenes])
    write("truth.csv", ["source_sku", "target_sku", "grade"], truths(devices))
    write("scenes.csv", ["scene_sku", "device_sku"], [(row[0], d["sku"]) for row, scene in zip(scenes, SCENES) for d in members(scene, devices)])
    write("orders.csv", ["order_id", "user_id", "sku", "quantity", "occurred_at"], runs(devices))
    write("wordings.csv", ["kind", "name", "language", "text"], wordings())


def write_drawings(devices):
    from drawings import draw

    (HERE / "images").mkdir(exist_ok=True)
    shapes = {family[0]: family[2][0].split(" ", 1) for family in FAMILIES}
    for device in devices:
        if not device["is_unpictured"]:
            rng = np.random.default_rng([SEED, device["number"]])
            name = "plug" if device["code"] == "PLG" else "thermostat" if device["code"] == "THR" else "_".join(shapes[device["code"]])
            draw("generic" if device["is_boxed"] else name, rng, HERE / "images" / f"{device['sku']}.webp")
    for number in range(1, len(SCENES) + 1):
        draw("scene", np.random.default_rng([SEED, 900 + number]), HERE / "images" / f"SCN-{number:02d}.webp")


if __name__ == "__main__":
    made = list(plan_devices())
    write_tables(made)
    if "--tables" not in sys.argv:
        write_drawings(made)
