"""What suggestions while typing and facets cost in a synthetic catalogue of any size, beside their bound of 30 ms.

    python benchmarks/suggestions.py --home DIR [--products 100000] [--repeats 5]

Each text is asked for as it is typed, from its first letter to its last. Nothing of HTTP is measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.costs import measure, median, percentile
from benchmarks.synthetic import BRANDS, load, use_home

BOUND_MS = 30
TYPED = (
    "white oak mug",
    "brushed terracotta",
    f"brand {BRANDS - 1}",
    "range 3",
    "白色产品",
    "S12345",
    "terracota mugg",
    "qzxv",
)
FACETS = {
    "all": {},
    "category": {"category": ["Range 3"]},
    "brand": {"brand": [f"brand {BRANDS - 1}"]},
    "price": {"price_max": "50"},
    "few": {"attr.thousandth": ["7"]},
}


def measure_typing(*, repeats: int, say: Callable[[str], None]) -> None:
    from recommendations.search.suggesting import suggest

    everything = []
    for text in TYPED:
        prefixes = [text[:end] for end in range(1, len(text) + 1)]
        works = {prefix: (lambda _, prefix=prefix: suggest(prefix)) for prefix in prefixes}
        found = [cost for costs in measure(works, range(repeats), warm_up=1).values() for cost in costs]
        everything += found
        say(
            f"{text}: p50 {median(found):.0f} ms, p95 {percentile(found, 95):.0f}, slowest {percentile(found, 100):.0f}"
        )
    say(f"All: p50 {median(everything):.0f} ms, p95 {percentile(everything, 95):.0f} ms. Bound: p95 {BOUND_MS} ms")


def measure_facets(*, repeats: int, say: Callable[[str], None]) -> None:
    from catalog.facets import count_facets
    from catalog.filters import Filters

    def count(conditions: object, _: int) -> object:
        return count_facets(conditions)

    for name, given in FACETS.items():
        works = {name: partial(count, Filters.read(given).conditions())}
        costs = measure(works, range(repeats), warm_up=1)[name]
        say(f"Facets, {name}: p50 {median(costs):.0f} ms, slowest {percentile(costs, 100):.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="where the catalogue is, or is made and kept")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="of each text, default: %(default)s")
    asked = parser.parse_args()
    with use_home(asked.home):
        from django.core.management import call_command

        from catalog.models import Product
        from recommendations.search.term import SearchTerm
        from recommendations.search.vocabulary.learning import learn_vocabulary

        call_command("migrate", verbosity=0)
        if Product.objects.order_by().count() != asked.products:
            load(asked.products, say=print)
        if not SearchTerm.objects.exists():
            started = time.perf_counter()
            print(f"{learn_vocabulary()} terms learned in {time.perf_counter() - started:.0f} s")
        measure_typing(repeats=asked.repeats, say=print)
        measure_facets(repeats=asked.repeats, say=print)


if __name__ == "__main__":
    main()
