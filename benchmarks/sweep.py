"""What the beat costs while nobody does anything, and how long what no trigger has seen stays unseen.

    python benchmarks/sweep.py --home DIR [--products 100000]

CPU time of Python and of Postgres, beside the clock: of one round of the beat with nothing stale, of what it is made
of, and as a share of a core with the rounds as far apart as the schedule has them. Then 1,000 products all over the
catalogue are changed by raw SQL with triggers off, and a sweep of the whole catalogue finds them; at one slice a minute
they would be found as the last line says. Nothing is encoded. What was changed is put back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.costs import Cost, measure, median
from benchmarks.synthetic import prepare, use_home

ROUNDS = 20
CHANGED = 1_000
MINUTE_MS = 60_000
IDLE_PERCENT = 1.0  # of a core, for all that the beat does


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="KINDRED_HOME of the catalogue; made where missing")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    arguments = parser.parse_args()
    with use_home(arguments.home):
        prepare(arguments.products, say=lambda line: print(line, file=sys.stderr))
        show_idle()
        show_changed()


def show_idle() -> None:
    """Print what each part of a round costs with nothing stale."""
    from catalog.tasks import send_due_downloads
    from embeddings.models import EmbeddingSpace, PendingEmbedding
    from embeddings.services import refresh_pending, refresh_stale
    from embeddings.spaces.indexes import missing_indexes
    from embeddings.spaces.maintenance import keep_true

    live = EmbeddingSpace.objects.live()
    PendingEmbedding.objects.all().delete()
    rounds = {  # by what is done, with how often a minute
        "queue looked into": (refresh_pending, 12),
        "round of the beat": (keep_true, 1),
        "downloads looked for": (send_due_downloads, 2),
        "  a slice compared": (refresh_stale, 0),
        "  missing indexes looked for": (lambda: missing_indexes(live), 0),
    }
    works: Mapping[str, Callable[[int], object]] = {name: calling(work) for name, (work, _) in rounds.items()}
    costs = measure(works, range(ROUNDS))
    show_head("nothing stale")
    for name, found in costs.items():
        show(name, found)
    minute = sum(
        times * (median(costs[name], "python") + median(costs[name], "postgres")) for name, (_, times) in rounds.items()
    )
    print(f"  {'in all, % of a core':40} {100 * minute / MINUTE_MS:9.2f}   (bound {IDLE_PERCENT:.0f})")


def show_changed() -> None:
    """Print what it costs to find products that were changed past the triggers."""
    from django.db import connection

    from catalog.models import Product
    from embeddings.freshness.sweep import SLICE, sweep_all
    from embeddings.models import PendingEmbedding

    count = Product.objects.order_by().count()
    step = max(count // CHANGED, 1)
    change = "UPDATE catalog_product SET title = title || ' (new)' WHERE id %% %s = 0"
    restore = "UPDATE catalog_product p SET title = o.title FROM changed o WHERE p.id = o.id"
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE changed AS SELECT id, title FROM catalog_product WHERE id %% %s = 0", [step]
        )
        run_untriggered(cursor, change, [step])
        found: list[int] = []
        costs = measure({"whole catalogue": lambda _: found.append(sweep_all())}, range(1), warm_up=0)
        run_untriggered(cursor, restore, [])
        cursor.execute("SELECT count(*) FROM changed")
        (changed,) = cursor.fetchone()
    PendingEmbedding.objects.all().delete()
    show_head(f"{changed:,} changed, {found[0]:,} found")
    show("whole catalogue", costs["whole catalogue"])
    print(f"  one slice a minute: the last of them is found after {-(-count // SLICE):,} min")


def calling(work: Callable[[], object]) -> Callable[[int], object]:
    return lambda _: work()


def run_untriggered(cursor: object, statement: str, parameters: Sequence[object]) -> None:
    """Run a statement that no trigger sees, as a restored dump is not seen."""
    cursor.execute("ALTER TABLE catalog_product DISABLE TRIGGER USER")
    cursor.execute(statement, parameters)
    cursor.execute("ALTER TABLE catalog_product ENABLE TRIGGER USER")


def show_head(title: str) -> None:
    print(f"\n{title:42} {'Python ms':>9} {'Postgres ms':>12} {'clock ms':>9}")


def show(name: str, costs: Sequence[Cost]) -> None:
    print(f"  {name:40} {median(costs, 'python'):9.1f} {median(costs, 'postgres'):12.1f} {median(costs):9.1f}")


if __name__ == "__main__":
    main()
