from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from django.db import connection

from catalog.models import Product
from embeddings import querysets
from embeddings.encoding import Encodings
from embeddings.inputs import hash_text, read_fingerprints
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.querysets import InvalidVector, ProductVectors
from embeddings.vectors import fuse_products
from tests.embeddings.shop import embedded_modalities, make_product
from tests.product_inputs import make_inputs
from tests.unit.embeddings.first_format import STORED, make_pairs

pytestmark = pytest.mark.django_db


@pytest.fixture
def space(rings) -> EmbeddingSpace:
    return EmbeddingSpace.objects.create(name="small", status="live", dim=4, text_dim=4, image_dim=2)


def unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def draft(product: Product, **vectors: np.ndarray) -> ProductVectors:
    return ProductVectors(product.pk, read_fingerprints([product.pk])[product.pk], vectors=vectors)


def test_vectors_are_stored_and_replaced(space):
    product = make_product("A")
    for vector in (unit(1, 0, 0, 0), unit(0, 1, 0, 0)):
        assert ProductEmbedding.objects.store([draft(product, fused=vector)], space=space) == {product.pk}
    row = ProductEmbedding.objects.get()
    assert (row.vector, row.fingerprint) == ([0, 1, 0, 0], read_fingerprints([product.pk])[product.pk])


def test_a_product_changed_since_it_was_read_is_not_stored(space):
    changed, same = make_product("A"), make_product("B")
    batch = [draft(changed, fused=unit(1, 0, 0, 0)), draft(same, fused=unit(1, 0, 0, 0))]
    Product.objects.filter(pk=changed.pk).update(title="newer")
    assert ProductEmbedding.objects.store(batch, space=space) == {same.pk}
    assert list(ProductEmbedding.objects.values_list("product__sku", flat=True)) == ["B"]


@pytest.mark.django_db(transaction=True)
def test_a_slow_storer_never_overwrites_the_vector_of_a_newer_text(space, monkeypatch):
    """A product is saved and stored anew right after the slow storer has compared: the newer vector has to wait."""
    product = make_product("A")
    slow, newer = draft(product, fused=unit(1, 0, 0, 0)), unit(0, 1, 0, 0)
    stored: list[set[int]] = []

    def save_and_store_anew() -> None:
        try:
            Product.objects.filter(pk=product.pk).update(title="newer")
            stored.append(ProductEmbedding.objects.store([draft(product, fused=newer)], space=space))
        finally:
            connection.close()

    other = threading.Thread(target=save_and_store_anew)

    def read_and_be_overtaken(product_ids: Sequence[int]) -> dict[int, str]:
        monkeypatch.setattr(querysets, "read_fingerprints", read_fingerprints)  # the other storer is not overtaken
        found = read_fingerprints(product_ids)
        other.start()
        while other.is_alive() and not somebody_waits_for_a_storer():
            pass  # it ends if nothing makes it wait
        return found

    monkeypatch.setattr(querysets, "read_fingerprints", read_and_be_overtaken)
    assert ProductEmbedding.objects.store([slow], space=space) == {product.pk}
    other.join(30)
    assert stored == [{product.pk}]
    row = ProductEmbedding.objects.get()
    assert (row.vector, row.fingerprint) == ([0, 1, 0, 0], read_fingerprints([product.pk])[product.pk])


def somebody_waits_for_a_storer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND NOT granted)",
            [querysets.STORERS_LOCK],
        )
        return cursor.fetchone()[0]


def test_a_product_deleted_since_it_was_read_is_passed_over(space):
    gone, same = make_product("A"), make_product("B")
    batch = [draft(gone, fused=unit(1, 0, 0, 0)), draft(same, fused=unit(1, 0, 0, 0))]
    gone.delete()
    assert ProductEmbedding.objects.store(batch, space=space) == {same.pk}


def test_a_modality_that_is_gone_is_deleted(space):
    product = make_product("A")
    vector = unit(1, 0, 0, 0)
    ProductEmbedding.objects.store([draft(product, fused=vector, text=vector, image=unit(1, 0))], space=space)
    ProductEmbedding.objects.store([draft(product, fused=vector, text=vector)], space=space)
    assert embedded_modalities(product) == ["fused", "text"]
    ProductEmbedding.objects.store([draft(product)], space=space)
    assert embedded_modalities(product) == []


def test_an_incomplete_vector_is_served_but_not_taken_for_up_to_date(space):
    product = make_product("A")
    partial = ProductVectors(
        product.pk,
        read_fingerprints([product.pk])[product.pk],
        vectors={"fused": unit(1, 0, 0, 0)},
        text_weight=0.3,
        is_complete=False,
    )
    ProductEmbedding.objects.store([partial], space=space)
    row = ProductEmbedding.objects.get()
    assert (row.fingerprint, row.text_weight) == ("", 0.3)


@pytest.mark.parametrize(
    ("vector", "complaint"),
    [
        (np.array([1, 0, 0, 0], dtype=np.float64), "float64"),
        (unit(1, 0, 0), "this space holds float32 .4,."),
        (np.array([1, 1, 0, 0], dtype=np.float32), "has length 1.41"),
        (np.array([0, 0, 0, 0], dtype=np.float32), "has length 0.0"),
        (np.array([np.nan, 0, 0, 0], dtype=np.float32), "has length nan"),
        (np.array([np.inf, 0, 0, 0], dtype=np.float32), "has length inf"),
    ],
)
def test_a_vector_that_is_not_of_the_space_stores_nothing(space, vector, complaint):
    good, bad = make_product("A"), make_product("B")
    batch = [draft(good, fused=unit(1, 0, 0, 0)), draft(bad, fused=vector)]
    with pytest.raises(InvalidVector, match=complaint):
        ProductEmbedding.objects.store(batch, space=space)
    assert ProductEmbedding.objects.count() == 0


def test_deleting_a_space_deletes_its_vectors_and_no_others(space):
    other = EmbeddingSpace.objects.create(name="other", dim=4, text_dim=4, image_dim=2)
    product = make_product("A")
    for each in (space, other):
        ProductEmbedding.objects.store([draft(product, fused=unit(1, 0, 0, 0))], space=each)
    other.delete()
    assert list(ProductEmbedding.objects.values_list("space", flat=True)) == [space.pk]


def test_a_space_that_was_stored_in_the_first_format_goes_on_without_a_rebuild(rings):
    space = EmbeddingSpace.objects.create(
        name="old", dim=16, text_dim=24, image_dim=24, fusion="weighted", text_weight=0.55,
        parameters=STORED["weighted_recipe"].tobytes(),
    )  # fmt: skip
    raw, rows = make_pairs(), range(0, 240, 5)
    (title, body), (picture,) = raw["text"], raw["image"]
    products = [
        make_inputs(f"picture {row}", texts=(f"title {row}", f"body {row}"), product_id=row, fingerprint="f")
        for row in rows
    ]
    named = (("title", title), ("body", body))
    encodings = Encodings(
        {
            "text": {hash_text(f"{name} {row}"): part[row] for name, part in named for row in rows},
            "image": {f"picture {row}": picture[row] for row in rows if picture[row].any()},
        }
    )
    fused = np.stack([made.vectors["fused"] for made in fuse_products(products, encodings, space=space)])
    np.testing.assert_allclose(fused, STORED["weighted"], atol=1e-6)
