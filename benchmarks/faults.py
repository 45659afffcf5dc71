"""Every kind of harm to a running shop: what is lost of what was acknowledged, how many requests fail, how it heals.

    python benchmarks/faults.py [--only TEXT ...]       one fault after the other; prints a table
    python benchmarks/faults.py --soak 20 [--seed 1]    kills and outages drawn for 20 minutes, memory and files too

`up` runs on a home of its own in a temporary directory, with the default encoders, while a saver saves products over
REST and a visitor asks for similar ones. Lost: a product that is not stored as it was acknowledged. Wrong: one whose
vector is not that of its last text. Healed: seconds from the end of the fault until /readyz says 200 and nothing waits
to be embedded. The last column: the longest wait for an answer, in seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
for variable in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"):
    os.environ.pop(variable, None)

from benchmarks.harm import KILLS, OTHERS, OUTAGES  # noqa: E402  (after the path)
from benchmarks.running_shop import HEAL_TIMEOUT_S, READY_TIMEOUT_S, Saver, Shop, Visitor, wait_until  # noqa: E402

PRODUCTS = 100
SMALL_DISK_MB = 900
WARM_UP_S = 30  # until each process has loaded what it works with
DRAWN_EVERY_S = (8.0, 20.0)


def count_harm(saver: Saver) -> tuple[int, int]:
    """Return how many products are not as they were acknowledged, and how many have another text's vector."""
    from catalog.models import Product
    from embeddings.inputs import read_fingerprints
    from embeddings.models import ProductEmbedding

    stored = dict(Product.objects.filter(sku__startswith="F").values_list("sku", "title"))
    lost = sum(stored.get(sku) not in (title, saver.unsure.get(sku)) for sku, title in saver.acknowledged.items())
    ids = list(Product.objects.exclude(sku__startswith="X").values_list("pk", flat=True))
    rows = ProductEmbedding.objects.filter(modality="fused", space__status="live")
    held = dict(rows.values_list("product_id", "fingerprint"))
    return lost, sum(held.get(pk) != fingerprint for pk, fingerprint in read_fingerprints(ids).items())


def has_settled(shop: Shop) -> bool:
    from django.db import Error, connection

    from embeddings.models import PendingEmbedding

    try:
        return shop.is_ready() and not PendingEmbedding.objects.filter(reason="", retry_at__isnull=False).exists()
    except Error:
        connection.close()
        return False


def try_fault(shop: Shop, name: str, do_harm: Callable[[Shop], None], *, key: str) -> None:
    saver, visitor = Saver(shop, key=key, products=PRODUCTS), Visitor(shop)
    saver.start()
    visitor.start()
    time.sleep(3)
    problem = ""
    try:
        do_harm(shop)
    except (NotImplementedError, RuntimeError, TimeoutError) as error:
        problem = f"  {type(error).__name__}: {error}"
    time.sleep(3)
    saver.stop()
    try:
        healed_s = wait_until(lambda: has_settled(shop), timeout_s=HEAL_TIMEOUT_S)
    except TimeoutError:
        healed_s, problem = float("nan"), f"  not healed: {shop.request('GET', '/readyz')[1].decode()}"
    visitor.stop()
    lost, wrong = count_harm(saver)
    print(
        f"{name:<28}{saver.saves:>6}{saver.refused:>8}{lost:>6}{wrong:>7}{healed_s:>8.0f}"
        f"{visitor.failed:>8}/{visitor.asked:<6}{max(saver.longest_s, visitor.longest_s):>7.1f}{problem}",
        flush=True,
    )


def soak(shop: Shop, *, minutes: float, seed: int, key: str) -> None:
    draw = random.Random(seed)  # noqa: S311  (to be repeated, not to be secret)
    ends_at = time.monotonic() + 60 * minutes
    saver, visitor = Saver(shop, key=key, products=PRODUCTS), Visitor(shop)
    saver.start()
    visitor.start()
    time.sleep(WARM_UP_S)
    before = shop.describe()
    faults = KILLS | OUTAGES
    done = dict.fromkeys(faults, 0)
    while time.monotonic() < ends_at:
        name = draw.choice(list(faults))
        with contextlib.suppress(Exception):  # what is to be killed may just be starting
            faults[name](shop)
            done[name] += 1
        time.sleep(draw.uniform(*DRAWN_EVERY_S))
    saver.stop()
    healed_s = wait_until(lambda: has_settled(shop), timeout_s=HEAL_TIMEOUT_S)
    visitor.stop()
    lost, wrong = count_harm(saver)
    print(f"{minutes:g} minutes, seed {seed}: " + ", ".join(f"{name} {count}" for name, count in done.items() if count))
    print(f"saves {saver.saves}, refused {saver.refused}, lost {lost}, wrong {wrong}, healed after {healed_s:.0f} s")
    print(f"visits {visitor.asked}, failed {visitor.failed}, longest wait {visitor.longest_s:.1f} s")
    after = shop.describe()
    print(f"{'':<12}{'MB before':>10}{'after':>7}{'files before':>14}{'after':>7}")
    for name in before:
        (mb, files), (mb_after, files_after) = before[name], after.get(name, (0, 0))
        print(f"{name:<12}{mb:>10}{mb_after:>7}{files:>14}{files_after:>7}")
    sys.exit(1 if lost or wrong else 0)


@contextlib.contextmanager
def home_directory_of_its_own() -> Iterator[Path]:
    """Yield a directory on a small disk of its own where we may make one, else a plain one."""
    with tempfile.TemporaryDirectory(prefix="kindred-faults-", ignore_cleanup_errors=True) as parent:
        home = Path(parent) / "home"
        home.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m,mode=0755", "tmpfs", str(home)]
        is_small = os.geteuid() == 0 and not subprocess.run(["mount", *options], check=False).returncode  # noqa: S607
        try:
            yield home
        finally:
            if is_small:
                subprocess.run(["umount", "--lazy", str(home)], check=False)  # noqa: S607


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="faults whose name holds one of these")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="draw kills and outages for so long")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn, default: %(default)s")
    options = parser.parse_args()
    with home_directory_of_its_own() as home:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "KINDRED_HOME": str(home)}
        shop = Shop(home)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        try:
            run(shop, options)
        finally:
            shop.stop()


def run(shop: Shop, options: argparse.Namespace) -> None:
    import django

    wait_until(shop.is_ready, timeout_s=READY_TIMEOUT_S)
    django.setup()
    from api.models import ApiKey

    key = ApiKey.objects.issue("faults", scope="secret")[1]
    if options.soak:
        soak(shop, minutes=options.soak, seed=options.seed, key=key)
    print(f"{'fault':<28}{'saves':>6}{'refused':>8}{'lost':>6}{'wrong':>7}{'healed':>8}{'visits failed':>15}{'s':>7}")
    for name, do_harm in (KILLS | OUTAGES | OTHERS).items():
        if any(text in name for text in options.only):
            try_fault(shop, name, do_harm, key=key)


if __name__ == "__main__":
    main()
