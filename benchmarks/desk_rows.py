"""What staff have before them beside a synthetic catalogue: findings, rules, judged pairs, a second space, a queue.

As many findings and pending rows as a bad day has, so that a page which reads them all is seen.
"""

from __future__ import annotations

FINDINGS = """INSERT INTO catalog_finding (check_name, product_id, other_id, about, severity, details, found_at)
    SELECT %s, id, id + %s, '', (id %% 97) / 97.0, %s, now()
    FROM catalog_product WHERE id %% 2 = 1 AND id < (SELECT max(id) FROM catalog_product)"""
CROWDED: dict[str, tuple[int | None, str]] = {  # by check: how far the id of the other product is, and the details
    "no_picture": (None, "{}"),
    "odd_price": (None, '{"price": 90, "usual": 9, "currency": "EUR", "factor": 10}'),
    "near_duplicate": (1, '{"text": 0.97}'),
}
RIVAL = "rival"


def fill_desk() -> None:
    """Make the rows that are missing."""
    from catalog.models import Finding
    from embeddings.models import EmbeddingSpace, ProductEmbedding
    from recommendations.models import Rule

    if not Finding.objects.exists():
        _fill_doctor()
    if not Rule.objects.exists():
        _fill_rules()
    if not EmbeddingSpace.objects.filter(name=RIVAL).exists():
        _add_rival()
    if not ProductEmbedding.objects.filter(modality="text").exists():
        _add_modalities()


def _run(statement: str, *values: object) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def _fill_doctor() -> None:
    """Half of the catalogue is amiss in three ways, for a year; a fifth waits to be embedded."""
    from catalog.doctor.checks import CHECKS

    for name, (step, details) in CROWDED.items():
        _run(FINDINGS, name, step, details)
    for name in CHECKS:
        _run(
            "INSERT INTO catalog_doctorscore (check_name, day, amiss, products) "
            "SELECT %s, current_date - n, 100 + n, 100000 FROM generate_series(0, 399) n",
            name,
        )
    _run(
        "INSERT INTO embeddings_pendingembedding (product_id, generation) "
        "SELECT id, 1 FROM catalog_product WHERE id % 5 = 0 ON CONFLICT DO NOTHING"
    )
    _run("ANALYZE catalog_finding, embeddings_pendingembedding")


def _fill_rules() -> None:
    """A hundred rules of each kind that staff make most, half of them for a category, and judged pairs."""
    from catalog.models import Category, Product
    from recommendations.models import GoldenPair, Rule

    products = list(Product.objects.order_by("pk")[:400])
    category = Category.objects.filter(parent=None).order_by("path")[0]
    for number, (one, two) in enumerate(zip(products, products[200:], strict=False)):
        where = {"anchor_category": category} if number % 2 else {"anchor": one}
        match number % 4:
            case 0:
                Rule.objects.create(kind="pin", position=1 + number % 6, target=two, **where)
            case 1:
                Rule.objects.create(kind="boost", factor=1.5, target_brand=f"brand {number}", **where)
            case 2:
                Rule.objects.create(kind="exclude", target=two, **where)
            case _:
                Rule.objects.create(kind="bury", factor=1.5, target_category=category, **where)
        GoldenPair.objects.get_or_create(first=one, second=two)


def _add_rival() -> None:
    """A space that waits, with the vectors of the live one, a fifth of their numbers turned round, and its index."""
    from embeddings.models import EmbeddingSpace
    from embeddings.spaces.indexes import create_indexes

    live = EmbeddingSpace.objects.get(status="live")
    recipe = ("dim", "text_dim", "image_dim", "fitted_on", "parameters", "text_encoder", "image_encoder")
    rival = EmbeddingSpace.objects.create(name=RIVAL, status="ready", **{name: getattr(live, name) for name in recipe})
    turned = "[" + ",".join("-1" if number % 5 == 0 else "1" for number in range(live.dim)) + "]"
    _run(
        "INSERT INTO embeddings_productembedding (space_id, product_id, modality, fingerprint, updated_at, vector) "
        "SELECT %s, product_id, modality, fingerprint, updated_at, vector * %s::halfvec "
        "FROM embeddings_productembedding WHERE space_id = %s",
        rival.pk,
        turned,
        live.pk,
    )
    create_indexes(rival)
    _run("ANALYZE embeddings_productembedding")


def _add_modalities() -> None:
    """Vectors of text and of picture for the first tenth: what the page of a product and its lists ask for."""
    _run(
        "INSERT INTO embeddings_productembedding (space_id, product_id, modality, fingerprint, updated_at, vector) "
        "SELECT e.space_id, e.product_id, m.modality, e.fingerprint, e.updated_at, e.vector "
        "FROM embeddings_productembedding e "
        "JOIN embeddings_embeddingspace s ON s.id = e.space_id AND s.status = 'live' "
        "CROSS JOIN (VALUES ('text'), ('image')) m(modality) "
        "WHERE e.modality = 'fused' AND e.product_id <= (SELECT max(id) / 10 FROM catalog_product)"
    )
    _run("ANALYZE embeddings_productembedding")
