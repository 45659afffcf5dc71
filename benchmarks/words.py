"""What searches by words cost in a synthetic catalogue of any size, beside the bound of 200 ms.

    python benchmarks/words.py --home DIR [--products 100000] [--repeats 5]

Each kind of query runs in each mode, with each filter. The queries are vectors that are there already: what the worker
needs to encode a text is not measured (benchmarks/search.py does that).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.costs import Cost, measure, median, percentile
from benchmarks.synthetic import BRANDS, COLOURS, COMMON_WORDS, make_words, prepare, use_home

BOUND_MS = 200
LIMIT = 24
FILTERS = {
    "none": {},
    "category": {"category": ["Range 3"]},
    "brand": {"brand": [f"brand {BRANDS - 1}"]},
    "price": {"price_max": "50"},
    "few": {"attr.thousandth": ["7"], "in_stock": "true"},
    "in stock": {"in_stock": "true"},
    "two": {"category": ["Range 0"], "price_max": "400"},
}


def make_queries() -> dict[str, str]:
    """Return queries by their kind. The synthetic words become rarer by their number."""
    import numpy as np

    from benchmarks.synthetic import SEED

    words = make_words(np.random.default_rng(SEED))
    return {
        "one common": "home",
        "two common": "made home",
        "six common": " ".join(["home", *words[COMMON_WORDS : COMMON_WORDS + 5]]),
        "title": "mug",
        "four of a title": "brushed white oak mug",
        "no title has all": "brushed classic slim round white mug",
        "common and rarer": f"home mug {words[60]}",
        "rarer": words[200],
        "rare": words[15_000],
        "two rare": f"{words[12_000]} {words[15_000]}",
        "misspelt": "brushd terracota mugg",
        "misspelt and common": "whitte home lampp",
        "Chinese": "白色产品",
        "SKU": "S12345",
        "a number of a title": "12345",
        "nonsense": "qzxv wkjhgf ppqq",
        "pasted": " ".join(["Brushed white oak mug,", *words[:40]])[:200],
        "pasted nonsense": " ".join(f"zq{colour}x" for colour in COLOURS * 3)[:200],
    }


def measure_search(*, repeats: int, say: Callable[[object], None]) -> None:
    from rich.table import Table

    from recommendations.requests import Filters

    queries = make_queries()
    searches = make_searches(list(queries.values()))
    everything: list[Cost] = []
    for name, given in FILTERS.items():
        filters = Filters.read(given)
        table = Table("query", title=f"Filter: {name}. p50 and slowest ms, of that CPU of Python and of Postgres")
        for mode in searches:
            table.add_column(mode, justify="right")
        for number, kind in enumerate(queries):
            works = {mode: partial(run, number, filters) for mode, run in searches.items()}
            costs = measure(works, range(repeats), warm_up=1)
            everything += [cost for found in costs.values() for cost in found]
            table.add_row(kind, *(describe(found) for found in costs.values()))
        say(table)
    for kind, name in (("wall", "on the clock"), ("python", "CPU of Python"), ("postgres", "CPU of Postgres")):
        say(f"All, {name}: p50 {median(everything, kind):.0f} ms, p95 {percentile(everything, 95, kind):.0f} ms")
    say(f"Bound: p95 {BOUND_MS} ms")


def make_searches(queries: Sequence[str]) -> dict[str, Callable[..., object]]:
    """Return, by mode, what searches for the query of a number with filters."""
    import numpy as np

    from embeddings.models import EmbeddingSpace, ProductEmbedding
    from recommendations.requests import Options
    from recommendations.search.plan import TEXT_MODES, SearchPlan
    from recommendations.search.queries import AnsweredQuery

    space = EmbeddingSpace.objects.get(status="live")
    rows = ProductEmbedding.objects.filter(space=space, product_id__lte=len(queries)).order_by("product_id")
    vectors = [np.asarray(row.vector, dtype=np.float32) for row in rows]

    def make_search(mode: str) -> Callable[..., object]:
        def run(number: int, filters: object, _: int) -> object:
            query = None if mode == "full_text" else AnsweredQuery(space, {"fused": vectors[number]})
            words = [[word] for word in queries[number].split()]
            plan = SearchPlan(text=queries[number], mode=mode, query=query, modality="fused", limit=LIMIT, words=words)
            return plan.rank(filters, Options(variants="show"))

        return run

    return {mode: make_search(mode) for mode in TEXT_MODES}


def describe(costs: Sequence[Cost]) -> str:
    slowest = max(cost.wall for cost in costs)
    cpu = f"{median(costs, 'python'):.0f} + {median(costs, 'postgres'):.0f}"
    return f"{median(costs):.0f}, {slowest:.0f} ({cpu})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="where the catalogue is, or is made and kept")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="of each query, default: %(default)s")
    asked = parser.parse_args()
    from rich.console import Console

    console = Console(width=150)
    with use_home(asked.home):
        prepare(asked.products, say=console.print)
        measure_search(repeats=asked.repeats, say=console.print)


if __name__ == "__main__":
    main()
