"""Makes the field `radiology`: cases, their pictures and reports, and which cases belong together. Seeded.

    python make.py             tables and pictures
    python make.py --tables    tables alone
"""
import argparse
import csv
import json
import random
from pathlib import Path

import reports

SEED = 20261
HERE = Path(__file__).parent
FIELDS = "sku title description title_zh description_zh category attributes images".split()
COUNTS = {  # what was found -> how many cases
    (): 18, ("nodule",): 20, ("effusion",): 16, ("pneumothorax",): 14, ("cardiomegaly",): 14, ("consolidation",): 18,
    ("fracture",): 10, ("cardiomegaly", "effusion"): 6, ("pneumothorax", "fracture"): 4, ("consolidation", "effusion"): 4,
}
VIEWS = {"PA": ("Chest radiograph, PA, upright", "胸部正位片，后前位，立位"), "AP": ("Chest radiograph, AP, portable", "床旁胸部正位片，前后位")}
AGES = ["20-39", "40-59", "60-79", "80+"]
WITHOUT = 10  # every tenth case has its picture alone, and every tenth (another one) its report alone
QUALITY = 82


def find(rng, kinds):
    """Return what was found, with side, zone, degree and size. What belongs together is on one side."""
    side = rng.choice(["left", "right"])
    return [{"kind": kind, "side": side, "zone": rng.choice(["upper", "middle", "lower"]),
             "degree": rng.choice(["small", "moderate", "large"]), "mm": rng.randint(8, 30)} for kind in kinds]


def cases():
    """Return all cases in a fixed order, those of one kind not beside each other."""
    rng = random.Random(SEED)
    drawn = [kinds for kinds, count in COUNTS.items() for _ in range(count)]
    rng.shuffle(drawn)
    found = []
    for number, kinds in enumerate(drawn):
        view = "AP" if rng.random() < .35 else "PA"
        findings = find(rng, kinds)
        english, chinese = reports.write(rng, findings)
        has_report, has_picture = number % WITHOUT != 3, number % WITHOUT != 7
        title, title_zh = VIEWS[view]
        attributes = {"modality": rng.choice(["DX", "CR"]), "view": view, "age": rng.choice(AGES)}
        sku = f"CASE-{101 + number}"
        row = {"sku": sku, "title": title, "title_zh": title_zh, "category": f"Chest/{view}",
               "description": english if has_report else "", "description_zh": chinese if has_report else "",
               "attributes": json.dumps(attributes), "images": f"images/{sku}.jpg" if has_picture else ""}
        found.append({"row": row, "view": view, "findings": findings, "number": number})
    return found


def grade(one, other):
    """Return how well two cases belong together, 0 to 3: by what was found, and where, and how much."""
    a, b = ({f["kind"]: f for f in case["findings"]} for case in (one, other))
    if not a and not b:
        return 2
    shared = a.keys() & b.keys()
    if not shared or a.keys() != b.keys():
        return 1 if shared else 0
    same_side = all(kind == "cardiomegaly" or a[kind]["side"] == b[kind]["side"] for kind in shared)
    same_degree = all(degree(a[kind]) == degree(b[kind]) for kind in shared)
    return 1 + same_side + same_degree


def degree(finding):
    return finding["mm"] // 12 if finding["kind"] == "nodule" else finding["degree"]


def truth(all_cases):
    for one in all_cases:
        for other in all_cases:
            if one is not other and (found := grade(one, other)):
                yield one["row"]["sku"], other["row"]["sku"], found


def write_tables(folder, all_cases):
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(case["row"] for case in all_cases)
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["source_sku", "target_sku", "grade"])
        writer.writerows(truth(all_cases))


def draw_pictures(folder, all_cases):
    import phantom
    from PIL import Image

    (folder / "images").mkdir(exist_ok=True)
    for case in all_cases:
        if name := case["row"]["images"]:
            picture = phantom.draw([SEED, case["number"]], case["view"], case["findings"])
            Image.fromarray(picture).save(folder / name, quality=QUALITY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", action="store_true")
    wanted = parser.parse_args()
    write_tables(HERE, cases())
    if not wanted.tables:
        draw_pictures(HERE, cases())
