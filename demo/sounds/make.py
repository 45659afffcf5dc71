"""Makes the catalogue of sounds: `python make.py` writes products.csv, truth.csv, wordings.csv, sounds/ and images/.

The seed is fixed: tables come out the same every time. `python make.py --tables` writes those alone.
"""
import csv
import json
import sys
from pathlib import Path

import numpy as np

from words import FAMILIES, RECORDISTS, ROOMS, USES

HERE = Path(__file__).parent
SEED = 20261127
EACH = 5  # sounds of each character; two characters a family
ALONE, UNNAMED, GENERIC, UNPICTURED = 0.15, 0.25, 0.1, 0.1  # shares, see README.md


def plan():
    """Yield every sound as a dict of what is known of it, in order."""
    rng = np.random.default_rng(SEED)
    number = 0
    for code, synth, category, seconds, characters in FAMILIES:
        for character, words in enumerate(characters):
            for take in range(EACH):
                number += 1
                room = int(rng.integers(len(ROOMS)))
                yield {
                    "sku": f"{code}-{character * EACH + take + 1:02d}", "number": number, "code": code, "synth": synth,
                    "category": category, "seconds": seconds, "character": character, "words": words, "room": room,
                    "recordist": int(rng.integers(len(RECORDISTS))), "use": int(rng.integers(len(USES))),
                    "is_alone": bool(rng.random() < ALONE), "is_unnamed": bool(rng.random() < UNNAMED),
                    "is_generic": bool(rng.random() < GENERIC), "is_unpictured": bool(rng.random() < UNPICTURED),
                }  # fmt: skip


def tell(sound):
    """Return title and description in English and Chinese."""
    name, name_zh, like, like_zh, scene, scene_zh = sound["words"]
    room, room_zh, _ = ROOMS[sound["room"]]
    use, use_zh = USES[sound["use"]]
    take = (sound["number"] - 1) % EACH + 1
    if sound["is_alone"]:  # nobody has written anything
        return f"Recording {sound['number']:03d}", "", f"录音 {sound['number']:03d}", ""
    if sound["is_unnamed"]:
        return f"{scene} ({take})", f"{use} Room: {room}.", f"{scene_zh}（{take}）", f"{use_zh}空间：{room_zh}。"
    return f"{name}, take {take}", f"{name}: {like}. Room: {room}. {use}", f"{name_zh}，第 {take} 遍", f"{name_zh}：{like_zh}。空间：{room_zh}。{use_zh}"


def row_of(sound):
    """Return the row of products.csv."""
    title, description, title_zh, description_zh = tell(sound)
    pictured = not (sound["is_alone"] or sound["is_unpictured"])
    attributes = {} if sound["is_alone"] else {"room": ROOMS[sound["room"]][0], "seconds": sound["seconds"]}
    return {
        "sku": sound["sku"], "title": title, "description": description, "title_zh": title_zh, "description_zh": description_zh,
        "brand": RECORDISTS[sound["recordist"]], "category": "Recordings" if sound["is_alone"] else sound["category"],
        "attributes": json.dumps(attributes), "images": f"images/{sound['sku']}.webp" if pictured else "",
        "audio": f"sounds/{sound['sku']}.ogg",
    }  # fmt: skip


def truths(sounds):
    """Yield every ordered pair of one family: 2 where the character is the same, 1 otherwise."""
    for one in sounds:
        for other in sounds:
            if one is not other and one["code"] == other["code"]:
                yield one["sku"], other["sku"], 2 if one["character"] == other["character"] else 1


def wordings(sounds):
    """Yield what categories, attributes and values are called in Chinese."""
    names = {"Instruments": "乐器", "Effects": "音效", "Recordings": "录音", "Bells": "钟铃", "Plucked strings": "拨弦乐器", "Flutes": "笛", "Organs": "风琴", "Drums": "鼓", "Brass": "铜管", "Rain": "雨", "Wind": "风", "Engines": "发动机", "Birds": "鸟鸣", "Sirens": "警笛", "Footsteps": "脚步声"}
    yield from (("category", name, "zh", text) for name, text in names.items())
    yield from (("attribute", "room", "zh", "空间"), ("attribute", "seconds", "zh", "秒数"))
    yield from (("value", room, "zh", room_zh) for room, room_zh, _ in ROOMS)


def write(name, columns, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_tables(sounds):
    rows = [row_of(sound) for sound in sounds]
    write("products.csv", rows[0], [list(row.values()) for row in rows])
    write("truth.csv", ["source_sku", "target_sku", "grade"], truths(sounds))
    write("wordings.csv", ["kind", "name", "language", "text"], wordings(sounds))


def write_files(sounds):
    """Write what is heard and seen. Both come out the same but for the encoders' own versions."""
    import soundfile

    import drawings
    import synths

    for folder in ("sounds", "images"):
        (HERE / folder).mkdir(exist_ok=True)
    for sound in sounds:
        rng = np.random.default_rng([SEED, sound["number"]])
        raw = getattr(synths, sound["synth"])(rng, sound["character"] == 1)
        samples = synths.finish(synths.room(raw, rng, ROOMS[sound["room"]][2]), rng, seconds=sound["seconds"])
        soundfile.write(HERE / "sounds" / f"{sound['sku']}.ogg", samples.astype("float32"), synths.RATE, subtype="VORBIS", compression_level=0.8)
        if row_of(sound)["images"]:
            shape = "recorder" if sound["is_generic"] else sound["synth"]
            drawings.draw(shape, rng, HERE / "images" / f"{sound['sku']}.webp", sound["recordist"])


if __name__ == "__main__":
    made = list(plan())
    write_tables(made)
    if "--tables" not in sys.argv:
        write_files(made)
