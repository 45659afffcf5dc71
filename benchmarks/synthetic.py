"""A synthetic catalogue of any size in the real schema: seeded, loaded by COPY, indexed by the project's own code.

Its shape is that of shops: a category tree with roots of uneven size, brands of which half keep to one root, prices
from cents to thousands, words that follow Zipf's law, vectors in clusters that lie near each other where categories do.
Every number that a filter of the benchmarks asks for is spread evenly over the catalogue.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

DIM = 384
SEED = 7
BATCH = 20_000
ROOTS, BRANCHES, LEAVES = 12, 6, 5  # 360 leaves
BRANDS = 240
COMMON_WORDS, WORDS = 4, 20_000  # of descriptions
COLOURS = ("white", "black", "navy", "sage", "terracotta", "grey", "mustard", "rust", "teal", "ivory")
MATERIALS = ("oak", "steel", "stoneware", "linen", "glass", "wool", "cotton", "brass", "rattan", "marble")
STYLES = (
    "brushed",
    "classic",
    "slim",
    "round",
    "tall",
    "folding",
    "ribbed",
    "woven",
    "plain",
    "large",
    "small",
    "deep",
)
NOUNS = ("mug", "plate", "lamp", "rug", "chair", "table", "shelf", "vase", "mirror", "cushion", "clock", "basket")
CHINESE = ("白色", "黑色", "蓝色", "绿色", "陶土色", "灰色", "黄色", "锈色", "青色", "米色")
PRODUCT_COLUMNS = (
    "id", "sku", "title", "description", "translations", "brand", "category_id", "price", "list_price", "currency",
    "stock", "attributes", "variant_group", "collection", "url", "is_active", "source", "created_at", "updated_at",
)  # fmt: skip


@contextmanager
def use_home(home: Path) -> Iterator[None]:
    """Start the embedded servers on `home` and set Django up; the servers end with the block."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "static").mkdir(exist_ok=True)  # whitenoise warns about a missing one
    os.environ.update(
        KINDRED_HOME=str(home.resolve()),
        DJANGO_SETTINGS_MODULE="config.settings",
        ALLOWED_HOSTS="testserver,127.0.0.1",
        KINDRED_API_RATE_ANONYMOUS="10000000/min",
        LOG_LEVEL="ERROR",
    )
    import django

    from config import services

    try:
        services.ensure_running()
        django.setup()
        yield
    finally:
        services.release()


def prepare(products: int, *, say: Callable[[str], None]) -> None:
    """Make the catalogue of so many products unless it is there, with the index of its one space, which is live."""
    from django.core.management import call_command
    from django.db import connection

    from catalog.models import Product
    from embeddings.models import EmbeddingSpace
    from embeddings.spaces.indexes import create_indexes

    call_command("migrate", verbosity=0)
    if Product.objects.order_by().count() != products:
        load(products, say=say)
    space = EmbeddingSpace.objects.get(status="live")
    started = time.perf_counter()
    create_indexes(space)
    if (seconds := time.perf_counter() - started) > 1:
        say(f"HNSW index built in {seconds:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def load(products: int, *, say: Callable[[str], None]) -> None:
    """Replace whatever is there. Products, pictures and vectors of a space that is live and up to date."""
    from django.db import connection

    from embeddings.models import EmbeddingSpace

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE catalog_category, catalog_product, embeddings_embeddingspace, catalog_titleword CASCADE"
        )
        space = EmbeddingSpace.objects.create(
            name="benchmark", status="live", dim=DIM, text_dim=DIM, image_dim=DIM, fitted_on=products,
            parameters=b"synthetic", text_encoder="packaged:e5-small", image_encoder="packaged:efficientnet-lite2",
        )  # fmt: skip
        rng = np.random.default_rng(SEED)
        leaves = load_categories()
        leaf_of = choose_leaves(products, len(leaves), rng=rng)
        with paused_indexes("catalog_product"), paused_indexes("catalog_productimage"):
            started = time.perf_counter()
            copy_products(products, leaves=leaves, leaf_of=leaf_of, rng=rng)
            say(f"{products:,} products copied in {time.perf_counter() - started:.0f} s")
            started = time.perf_counter()
        say(f"their indexes made in {time.perf_counter() - started:.0f} s")
        started = time.perf_counter()
        with paused_indexes("embeddings_productembedding"):
            copy_vectors(space.pk, leaf_of=leaf_of, leaves=len(leaves), rng=rng)
        say(f"vectors copied in {time.perf_counter() - started:.0f} s")
        for table in ("catalog_category", "catalog_product", "catalog_productimage"):
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id)) FROM " + table, [table])
        cursor.execute("TRUNCATE embeddings_pendingembedding, embeddings_cataloguesweep")  # nothing of it is stale
        # Copied rows have queued themselves; their vectors are there already.
        cursor.execute("TRUNCATE embeddings_pendingembedding, embeddings_sweeprequest")
        cursor.execute("UPDATE embeddings_cataloguesweep SET is_urgent = false")
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def paused_indexes(table: str) -> Iterator[None]:
    """Without the indexes of a table that keep no constraint; they are made again by their own definitions."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "WHERE i.indrelid = %s::regclass AND NOT i.indisunique",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")


def load_categories() -> list[tuple[int, int]]:
    """Make the tree; return (id, number of the root) of each leaf."""
    from catalog.models import Category

    paths = [
        f"Range {root}/Branch {root}.{branch}/Kind {root}.{branch}.{leaf}"
        for root in range(ROOTS)
        for branch in range(BRANCHES)
        for leaf in range(LEAVES)
    ]
    nodes = Category.objects.get_or_create_paths(paths)
    return [(node.pk, number // (BRANCHES * LEAVES)) for number, path in enumerate(paths) if (node := nodes[path])]


def choose_leaves(products: int, leaves: int, *, rng: np.random.Generator) -> np.ndarray:
    """Return the leaf of each product: the largest root has about a third of the catalogue, the smallest 3 %."""
    share = 1 / (1 + np.arange(leaves) // (BRANCHES * LEAVES)) * rng.uniform(0.3, 1.7, leaves)
    return rng.choice(leaves, size=products, p=share / share.sum())


def copy_products(
    products: int, *, leaves: Sequence[tuple[int, int]], leaf_of: np.ndarray, rng: np.random.Generator
) -> None:
    from django.db import connection

    words = make_words(rng)
    chance = 1 / np.arange(1, WORDS + 1)  # Zipf's law
    cumulated = np.cumsum(chance / chance.sum())
    copy = f"COPY catalog_product ({', '.join(PRODUCT_COLUMNS)}) FROM STDIN"
    for first in range(0, products, BATCH):
        numbers = range(first, min(first + BATCH, products))
        drawn = np.searchsorted(cumulated, rng.random((len(numbers), 24)))
        with connection.cursor() as cursor, cursor.copy(copy) as rows:
            for number, drawn_words in zip(numbers, drawn.tolist(), strict=True):
                leaf = int(leaf_of[number])
                rows.write_row(make_product(number, leaf, leaves[leaf], [words[word] for word in drawn_words]))
        pictures = "COPY catalog_productimage (product_id, file, position, sha256, width, height, source_url, is_clean)"
        with connection.cursor() as cursor, cursor.copy(f"{pictures} FROM STDIN") as rows:
            for number in numbers:
                rows.write_row((number + 1, f"products/{number:x}.webp", 0, f"{number:064x}", 800, 800, "", True))


def make_words(rng: np.random.Generator) -> list[str]:
    """Return words that look like words, the most frequent first."""
    syllables = [start + end for start in "bcdfghklmnprstvwz" for end in ("a", "e", "i", "o", "u", "ar", "en", "il")]
    words = {"".join(rng.choice(syllables, size=2 + number % 3)): None for number in range(3 * WORDS)}
    return ["and", "with", "made", "home", *words][:WORDS]


def make_product(number: int, leaf: int, category: tuple[int, int], words: Sequence[str]) -> tuple[object, ...]:
    """Return one row. Numbers follow from the product's own, multiplied by primes so that they are independent."""
    colour, material = number * 7919 % 10, number * 104729 % 10
    design = number // 3 if number % 5 < 3 else None
    category_id, root = category
    title = (
        f"{STYLES[number * 31 % 12]} {COLOURS[colour]} {MATERIALS[material]} {NOUNS[leaf % 12]} {words[-1]} {number}"
    )
    translations = {"zh": {"title": f"{CHINESE[colour]}产品{number % 1000}"}} if number % 4 == 0 else {}
    price = round(0.5 + (number * 15485863 % 10_000 / 10_000) ** 3 * 2000, 2)  # few are dear
    attributes = {
        "colour": COLOURS[colour], "material": MATERIALS[material],
        "tenth": number * 611953 % 10, "hundredth": number * 611953 % 100, "thousandth": number * 611953 % 1000,
    }  # fmt: skip
    own_brand = number * 999983 % 2 == 0
    brand = f"brand {root * 10 + number * 49979687 % 10}" if own_brand else f"brand {120 + number * 49979687 % 120}"
    return (
        number + 1, f"S{number + 1}", f"{title.capitalize()} {number}", f"{' '.join(words)}.".capitalize(),
        json.dumps(translations, ensure_ascii=False), brand, category_id, price,
        round(price * 1.25, 2) if number % 5 == 0 else None, "EUR",
        (None, 0, *range(1, 11))[number * 179424673 % 12], json.dumps(attributes),
        f"design {design}" if design is not None else "", f"collection {number % 40}", "", number % 50 != 0, "",
        created_at(number), "2026-06-02",
    )  # fmt: skip


def created_at(number: int) -> str:
    """One product each 90 s, counted back from a fixed day, in an order of its own."""
    minutes = (number * 32452843 % 1_000_003) * 1.5
    return str(np.datetime64("2026-06-01T00:00:00") - np.timedelta64(int(minutes * 60), "s")) + "+00"


def copy_vectors(space_id: int, *, leaf_of: np.ndarray, leaves: int, rng: np.random.Generator) -> None:
    """COPY a fused vector for each product, with the fingerprint that the product has."""
    from django.db import connection

    from embeddings.inputs import read_fingerprints

    centres = make_centres(leaf_of, leaves, rng=rng)
    columns = "product_id, space_id, modality, fingerprint, vector, updated_at"
    copy = f"COPY embeddings_productembedding ({columns}) FROM STDIN"
    for first in range(0, len(leaf_of), BATCH):
        clusters = choose_clusters(leaf_of[first : first + BATCH], centres, rng=rng)
        vectors = unit(clusters + 0.6 * unit(rng.standard_normal(clusters.shape, dtype=np.float32)))
        fingerprints = read_fingerprints(range(first + 1, first + len(vectors) + 1))
        with connection.cursor() as cursor, cursor.copy(copy) as rows:
            for product_id, vector in enumerate(vectors.astype(np.float16), start=first + 1):
                text = f"[{','.join(map(str, vector.tolist()))}]"
                rows.write_row((product_id, space_id, "fused", fingerprints[product_id], text, "2026-06-01"))


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def make_centres(leaf_of: np.ndarray, leaves: int, *, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the centres of each leaf's clusters, (clusters, dim), one for about 50 products."""

    def directions(count: int) -> np.ndarray:
        return unit(rng.standard_normal((count, DIM), dtype=np.float32))

    roots, branches, kinds = directions(ROOTS), directions(ROOTS * BRANCHES), directions(leaves)
    centres = []
    for leaf, count in enumerate(np.bincount(leaf_of, minlength=leaves)):
        base = 0.5 * roots[leaf // (BRANCHES * LEAVES)] + 0.4 * branches[leaf // LEAVES] + 0.4 * kinds[leaf]
        centres.append(unit(base + 0.7 * directions(max(int(count) // 50, 1))))
    return centres


def choose_clusters(leaf_of: np.ndarray, centres: Sequence[np.ndarray], *, rng: np.random.Generator) -> np.ndarray:
    """Return the centre of the cluster of each product, (n, dim)."""
    return np.stack([centres[leaf][rng.integers(len(centres[leaf]))] for leaf in leaf_of])
