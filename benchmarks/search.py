"""Search as a visitor sees it: how high the expected products stand, and how long an answer takes.

    python manage.py up --demo                    # in one terminal
    python benchmarks/search.py                   # in another

Photos of another catalogue: load it, then
    python benchmarks/search.py --photos queries.csv --images DIR
with a CSV of file,sku (or image,product_id).
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import time
import urllib.parse
import urllib.request
import uuid
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

DEMO = Path(__file__).resolve().parent.parent / "demo"
MODES = ("full_text", "semantic", "hybrid")
TOP = 100


def read_answer(request: urllib.request.Request | str) -> tuple[dict, float]:
    """Return the answer and how long it took in milliseconds."""
    started = time.perf_counter()
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    return answer, 1000 * (time.perf_counter() - started)


def reciprocal_rank(answer: dict, expected: set[str]) -> float:
    places = [result["position"] for result in answer["results"] if result["sku"] in expected]
    return 1 / min(places) if places else 0.0


def measure_words(url: str, file: Path) -> Table:
    """MRR by mode and language, and the latency of a query that nobody has asked before."""
    table = Table("mode", "language", "queries", "MRR", "p50 ms", "p95 ms", title=f"Words: {file.name}")
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    ranks: dict[tuple[str, str], list[float]] = defaultdict(list)
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in tqdm(rows, desc="words", unit="query"):
        for mode in MODES:
            query = urllib.parse.urlencode({"q": row["query"], "mode": mode, "limit": TOP, "fields": "sku,position"})
            answer, elapsed = read_answer(f"{url}/api/v1/search/?{query}")
            if answer["degraded"]:
                raise SystemExit("No worker answers: start everything with `python manage.py up`.")
            for language in (row["language"], "all"):
                ranks[mode, language].append(reciprocal_rank(answer, set(row["skus"].split("|"))))
                times[mode, language].append(elapsed)
    for (mode, language), found in sorted(ranks.items(), key=lambda item: item[0][::-1]):
        p50, p95 = percentiles(times[mode, language])
        table.add_row(mode, language, str(len(found)), f"{statistics.mean(found):.3f}", p50, p95)
    return table


def measure_photos(url: str, file: Path, images: Path) -> Table:
    """Recall at 1 and 5, and the time from the upload to the answer."""
    table = Table("photos", "recall@1", "recall@5", "p50 ms", "p95 ms", title=f"Photos: {file}")
    places, times = [], []
    for row in tqdm(list(csv.DictReader(file.open(encoding="utf-8"))), desc="photos", unit="photo"):
        name, sku = row.get("file") or row["image"], row.get("sku") or row["product_id"]
        answer, elapsed = read_answer(
            make_upload(f"{url}/api/v1/search/image/?limit=5&fields=sku,position", images / name)
        )
        places.append(next((result["position"] for result in answer["results"] if result["sku"] == sku), TOP))
        times.append(elapsed)
    recalls = [f"{sum(place <= k for place in places) / len(places):.3f}" for k in (1, 5)]
    table.add_row(str(len(places)), *recalls, *percentiles(times))
    return table


def make_upload(url: str, file: Path) -> urllib.request.Request:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{file.name}"\r\n'
    body = head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + file.read_bytes()
    body += f"\r\n--{boundary}--\r\n".encode()
    return urllib.request.Request(url, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def percentiles(times: list[float]) -> tuple[str, str]:
    ordered = sorted(times)
    return f"{statistics.median(ordered):.0f}", f"{ordered[int(0.95 * (len(ordered) - 1))]:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the shop, default: %(default)s")
    parser.add_argument("--searches", type=Path, help="default: the demo's, unless photos are given")
    parser.add_argument("--photos", type=Path, help="a CSV of photos and what they should find")
    parser.add_argument("--images", type=Path, help="the folder of the photos; default: that of the CSV")
    asked = parser.parse_args()
    console = Console()
    if asked.searches or not asked.photos:
        console.print(measure_words(asked.url, asked.searches or DEMO / "searches.csv"))
    photos = asked.photos or (None if asked.searches else DEMO / "queries.csv")
    if photos:
        console.print(measure_photos(asked.url, photos, asked.images or photos.parent))


if __name__ == "__main__":
    main()
