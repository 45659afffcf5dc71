"""How well colours are read from pictures: against what the demo's catalogue calls them, which is not read for it.

    python benchmarks/colours.py

The regions in CIELAB were drawn while looking at half `a` of the products, by a hash of their SKU; half `b` judges.
Agreement is that the largest share is one of the basic colours that the declared name comes down to; found, that one of
these has a share of .2 or more. The rows are the declared colours, the columns the largest shares.
"""

from __future__ import annotations

import csv
import hashlib
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from PIL import Image
from rich.console import Console
from rich.table import Table

from catalog.colours import BASIC_COLOURS, read_colours
from catalog.pictures.colour_naming import share_colours

DEMO = Path(__file__).resolve().parent.parent / "demo" / "homeware"
FOUND_SHARE = 0.2


def main() -> None:
    seen: dict[str, list[tuple[tuple[str, ...], dict[str, float], float]]] = {"a": [], "b": []}
    with (DEMO / "products.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            declared = read_colours(json.loads(row["attributes"])["colour"])
            pictures = [name for name in row["images"].split("|") if name]
            if declared and pictures:
                half = "a" if hashlib.sha256(row["sku"].encode()).digest()[0] % 2 else "b"
                with Image.open(DEMO / pictures[0]) as image:
                    image.load()
                    started = time.perf_counter()
                    shares = share_colours(image)
                seen[half].append((declared, shares, 1000 * (time.perf_counter() - started)))
    table = Table("half", "products", "agreement", "found", "p50 ms a picture")
    for half, rows in seen.items():
        agreed = sum(next(iter(shares), "") in declared for declared, shares, _ in rows) / len(rows)
        found = sum(any(shares.get(one, 0) >= FOUND_SHARE for one in declared) for declared, shares, _ in rows) / len(
            rows
        )
        took = statistics.median(ms for *_, ms in rows)
        table.add_row(half, str(len(rows)), f"{agreed:.3f}", f"{found:.3f}", f"{took:.1f}")
    confusion = Table("declared", *BASIC_COLOURS, title="half b: the largest share")
    counted = Counter((declared[0], next(iter(shares), "")) for declared, shares, _ in seen["b"])
    for name in BASIC_COLOURS:
        row = [str(counted[name, other] or "") for other in BASIC_COLOURS]
        if any(row):
            confusion.add_row(name, *row)
    Console().print(table, confusion)


if __name__ == "__main__":
    main()
