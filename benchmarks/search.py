"""Search as a visitor sees it: how good it is by kind beside two others, and how long an answer takes.

    python manage.py up --demo                    # in one terminal
    python benchmarks/search.py                   # in another

Beside it stand Postgres's full text by itself and, where it is installed (`pip install tantivy`), tantivy, an engine as
Lucene is. Meilisearch and Typesense are not in the registries of Python and Node but as clients of a server elsewhere.
The database is the shop's own: start it with the KINDRED_HOME of the shop.

Photos of another catalogue: load it, then
    python benchmarks/search.py --photos queries.csv --images DIR
with a CSV of file,sku (or image,product_id).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import statistics
import sys
import time
import urllib.parse
import urllib.request
import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
DEMO = Path(__file__).resolve().parent.parent / "demo" / "homeware"
MODES = ("hybrid", "full_text", "semantic")
TOP, MISSED = 10, 100
# Another way to search the same table: what a shop has that uses Postgres's full text and nothing else.
FULL_TEXT = """
SELECT sku FROM catalog_product, websearch_to_tsquery('english', %s) q
WHERE is_active AND to_tsvector('english', title || ' ' || description) @@ q
ORDER BY ts_rank(to_tsvector('english', title || ' ' || description), q) DESC, id LIMIT 10
"""


def read_answer(request: urllib.request.Request | str) -> tuple[dict, float]:
    """Return the answer and how long it took in milliseconds."""
    started = time.perf_counter()
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    return answer, 1000 * (time.perf_counter() - started)


def ask_kindred(url: str, mode: str) -> Callable[[str], list[str]]:
    def ask(query: str) -> list[str]:
        asked = urllib.parse.urlencode({"q": query, "mode": mode, "limit": TOP, "fields": "sku"})
        answer, _ = read_answer(f"{url}/api/v1/search/?{asked}")
        if answer["degraded"]:
            raise SystemExit("No worker answers: start everything with `python manage.py up`.")
        return [result["sku"] for result in answer["results"]]

    return ask


def ask_postgres() -> Callable[[str], list[str]]:
    from django.db import connection

    def ask(query: str) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(FULL_TEXT, [query])
            return [row[0] for row in cursor.fetchall()]

    return ask


def ask_tantivy() -> Callable[[str], list[str]] | None:
    """Return a search of tantivy: BM25 over all that a product says, words one slip away included; None without it."""
    try:
        import tantivy
    except ImportError:
        print("tantivy is left out: pip install tantivy", file=sys.stderr)
        return None
    from catalog.models import Product

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("sku", stored=True)
    builder.add_text_field("body", tokenizer_name="en_stem")
    index = tantivy.Index(builder.build())
    writer = index.writer()
    for product in Product.objects.shown().select_related("category"):
        said = [product.title, product.description, product.brand, product.sku, product.collection]
        said += [str(product.category or ""), json.dumps(product.attributes), json.dumps(product.translations)]
        writer.add_document(tantivy.Document(sku=product.sku, body=" ".join(said)))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def ask(query: str) -> list[str]:
        words = re.sub(r"[^\w\s]", " ", query)
        parsed, _ = index.parse_query_lenient(words, ["body"], fuzzy_fields={"body": (False, 1, True)})
        return [searcher.doc(address)["sku"][0] for _, address in searcher.search(parsed, TOP).hits]

    return ask


def measure_words(url: str, file: Path, split: str) -> list[Table]:
    """nDCG@10 by kind, and the latency of a query that nobody has asked before, of each contender."""
    from recommendations.evaluation.searches import JudgedSearch, by_kind, read_searches

    searches = [one for one in read_searches(file)[0] if split in ("", one.split)]
    contenders = {f"Kindred, {mode}": ask_kindred(url, mode) for mode in MODES}
    contenders |= {"Postgres full text": ask_postgres()}
    contenders |= {"tantivy": ask} if (ask := ask_tantivy()) else {}
    judged: dict[str, list[JudgedSearch]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    for search in tqdm(searches, desc="words", unit="query"):
        for name, ask in contenders.items():
            started = time.perf_counter()
            shown = ask(search.query)
            times[name].append(1000 * (time.perf_counter() - started))
            judged[name].append(JudgedSearch(search, tuple(shown)))
    figures = {name: by_kind(some) for name, some in judged.items()}
    ndcg = Table("kind", "queries", *figures, title=f"nDCG@10: {file.name}{f', {split}' if split else ''}")
    for kind, first in figures[f"Kindred, {MODES[0]}"].items():
        ndcg.add_row(kind, str(first.queries), *(f"{one[kind].ndcg:.3f}" for one in figures.values()))
    more = Table("", *figures, title="All queries")
    more.add_row("MRR", *(f"{one['overall'].mrr or 0:.3f}" for one in figures.values()))
    more.add_row("zero-result accuracy", *(f"{one['overall'].zero_result_accuracy:.3f}" for one in figures.values()))
    for place, label in enumerate(("p50 ms", "p95 ms")):
        more.add_row(label, *(percentiles(times[name])[place] for name in figures))
    return [ndcg, more]


def measure_photos(url: str, file: Path, images: Path) -> Table:
    """Recall at 1 and 5, and the time from the upload to the answer."""
    table = Table("photos", "recall@1", "recall@5", "p50 ms", "p95 ms", title=f"Photos: {file}")
    places, times = [], []
    for row in tqdm(list(csv.DictReader(file.open(encoding="utf-8"))), desc="photos", unit="photo"):
        name, sku = row.get("file") or row["image"], row.get("sku") or row["product_id"]
        answer, elapsed = read_answer(
            make_upload(f"{url}/api/v1/search/image/?limit=5&fields=sku,position", images / name)
        )
        places.append(next((result["position"] for result in answer["results"] if result["sku"] == sku), MISSED))
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
    parser.add_argument("--split", default="", help="only the queries whose column split says so, such as judge")
    parser.add_argument("--searches", type=Path, help="default: the demo's, unless photos are given")
    parser.add_argument("--photos", type=Path, help="a CSV of photos and what they should find")
    parser.add_argument("--images", type=Path, help="the folder of the photos; default: that of the CSV")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    console = Console()
    if asked.searches or not asked.photos:
        for table in measure_words(asked.url, asked.searches or DEMO / "searches.csv", asked.split):
            console.print(table)
    photos = asked.photos or (None if asked.searches else DEMO / "queries.csv")
    if photos:
        console.print(measure_photos(asked.url, photos, asked.images or photos.parent))


if __name__ == "__main__":
    main()
