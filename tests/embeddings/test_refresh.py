from __future__ import annotations

import threading
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.utils import timezone
from pgvector import HalfVector
from pgvector.django import CosineDistance

from catalog.models import Product, ProductImage
from embeddings import services
from embeddings.encoders.base import EncoderUnavailable
from embeddings.encoding import encode_inputs
from embeddings.models import EmbeddingSpace, EncodedInput, PendingEmbedding, ProductEmbedding
from embeddings.querysets import ProductEmbeddingQuerySet
from embeddings.spaces.lifecycle import ensure_live_space
from embeddings.vectors import fuse_products, load_pipeline
from tests.embeddings.shop import add_picture, embedded_modalities, make_product, paint, pending_skus, reason_of
from tests.fakes import FakeTextEncoder

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def fused_vector(product: Product) -> list[float]:
    return ProductEmbedding.objects.get(product=product, modality="fused").vector


def fail_with(error: Exception):
    def fail(*_, **__):
        raise error

    return fail


def expected_vector(**product) -> list[float]:
    """The vector of a product saved like this from the start."""
    twin = make_product("TWIN", **product)
    services.refresh_pending()
    vector = fused_vector(twin)
    twin.delete()
    return vector


def test_text_only_picture_only_several_pictures_and_nothing():
    text_only = make_product("A", title="Mug")
    picture_only = make_product("B", title="", colours=["red"])
    both = make_product("C", title="Mug", colours=["red", "blue", "green"])
    nothing = make_product("D", title="")
    result = services.refresh_pending()
    assert embedded_modalities(text_only) == ["fused", "text"]
    assert embedded_modalities(picture_only) == ["fused", "image"]
    assert embedded_modalities(both) == ["fused", "image", "text"]
    assert embedded_modalities(nothing) == []
    assert result.stored == 3
    assert result.shortfalls == {nothing.pk: "Nothing to encode: give it a title, a description or a picture."}
    assert pending_skus() == ["D"]
    assert reason_of(nothing).startswith("Nothing to encode")


def test_several_pictures_count_alike_in_one_mean_vector(encoders):
    product = make_product("A", title="", colours=["red", "blue"])
    services.refresh_pending()
    space = ensure_live_space()
    vectors = [np.array(row.vector) for row in EncodedInput.objects.filter(encoder="fake:image#1")]
    mean = np.mean(vectors, axis=0)
    (expected,) = (
        load_pipeline(space).modalities["image"].transform(((mean / np.linalg.norm(mean)).astype(np.float32)[None],))
    )
    stored = ProductEmbedding.objects.get(product=product, modality="image").vector
    assert stored == pytest.approx(expected.tolist(), abs=1e-3)


def test_a_product_with_nothing_to_encode_is_not_tried_again_until_it_changes():
    product = make_product("A", title="")
    services.refresh_pending()
    assert services.refresh_stale() == 0
    assert services.refresh_pending().settled == 0
    Product.objects.filter(pk=product.pk).update(title="Now it has one")  # past the signal
    assert services.refresh_pending().stored == 1
    assert pending_skus() == []


def test_a_product_that_lost_everything_loses_its_vectors():
    product = make_product("A", title="", colours=["red"])
    services.refresh_pending()
    product.images.get().delete()
    services.refresh_pending()
    assert embedded_modalities(product) == []
    assert reason_of(product).startswith("Nothing to encode")


def test_saving_without_a_change_encodes_and_stores_nothing(encoders):
    text, _ = encoders
    product = make_product("A", colours=["red"])
    services.refresh_pending()
    encoded = list(text.encoded)
    stored_at = ProductEmbedding.objects.values_list("updated_at", flat=True).first()
    product.stock = 3
    product.save()
    assert pending_skus() == []
    PendingEmbedding.objects.put_many([product.pk])
    assert services.refresh_pending().unchanged == 1
    assert text.encoded == encoded
    assert ProductEmbedding.objects.values_list("updated_at", flat=True).first() == stored_at
    assert pending_skus() == []


def test_only_what_is_new_is_encoded(encoders):
    text, image = encoders
    product = make_product("A", title="Mug", colours=["red"])
    services.refresh_pending()
    assert (text.encoded, image.encoded) == (["Mug"], 1)
    product.description = "White"
    product.save()
    add_picture(product, "blue", position=1)
    services.refresh_pending()
    assert (text.encoded, image.encoded) == (["Mug", "Mug. White"], 2)


def test_the_same_text_and_picture_of_many_products_are_encoded_once(encoders):
    text, image = encoders
    for sku in "ABC":
        make_product(sku, title="Mug", colours=["red"])
    services.refresh_pending()
    assert (text.encoded, image.encoded, ProductEmbedding.objects.count()) == (["Mug"], 1, 9)


def test_an_edit_made_while_its_product_is_encoded_is_encoded_again(encoders, monkeypatch):
    text, _ = encoders
    product = make_product("A", title="old wording")
    edits = ["new wording"]

    def encode_then_edit(*args, **options):
        encodings = encode_inputs(*args, **options)
        while edits:
            product.title = edits.pop()
            product.save()
        return encodings

    monkeypatch.setattr("embeddings.freshness.refresh.encode_inputs", encode_then_edit)
    services.refresh_pending()
    assert text.encoded == ["old wording", "new wording"]
    assert pending_skus() == []
    assert fused_vector(product) == expected_vector(title="new wording")


def test_an_edit_in_the_gap_that_bypasses_the_signal_is_not_overwritten(monkeypatch):
    product = make_product("A", title="old wording")

    def encode_then_edit(*args, **options):
        encodings = encode_inputs(*args, **options)
        Product.objects.filter(title="old wording").update(title="new wording")
        return encodings

    monkeypatch.setattr("embeddings.freshness.refresh.encode_inputs", encode_then_edit)
    result = services.refresh_pending()
    assert (result.changed_meanwhile, result.stored) == (1, 1)
    assert fused_vector(product) == expected_vector(title="new wording")


def test_a_slow_worker_does_not_overwrite_what_a_quicker_one_stored(monkeypatch):
    product = make_product("A", title="old wording")
    calls: list[int] = []

    def encode_slowly(*args, **options):
        encodings = encode_inputs(*args, **options)
        calls.append(1)
        if len(calls) == 1:  # the first worker sleeps; meanwhile the product is saved and another worker embeds it
            product.title = "new wording"
            product.save()
            services.refresh_pending()
        return encodings

    monkeypatch.setattr("embeddings.freshness.refresh.encode_inputs", encode_slowly)
    services.refresh_pending()
    assert len(calls) == 2
    assert pending_skus() == []
    assert fused_vector(product) == expected_vector(title="new wording")


def test_what_bypassed_the_signal_is_embedded(encoders):
    make_product("A", title="Mug", colours=["red"])
    services.refresh_pending()
    Product.objects.bulk_create([Product(sku="B", title="Bulk"), Product(sku="C", title="Bulk too")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET title = 'Raw' WHERE sku = 'A'")
    assert services.refresh_pending().stored == 3
    ProductImage.objects.all()._raw_delete(ProductImage.objects.db)
    services.refresh_pending()
    assert embedded_modalities(Product.objects.get(sku="A")) == ["fused", "text"]


def test_a_damaged_picture_is_a_reason_and_the_product_gets_a_vector_from_the_rest():
    product = make_product("A", title="Mug", colours=["red", "blue"])
    damaged = product.images.get(position=1)
    with default_storage.open(damaged.file.name, "wb") as file:
        file.write(b"no picture at all")
    result = services.refresh_pending()
    assert result.shortfalls.keys() == {product.pk}
    assert reason_of(product).startswith("Picture 2 of 2: The picture is damaged")
    assert embedded_modalities(product) == ["fused", "image", "text"]
    assert services.refresh_stale() == 0
    damaged.delete()
    services.refresh_pending()
    assert pending_skus() == []


def test_a_storage_that_is_down_is_tried_again_later(monkeypatch):
    product = make_product("A", title="Mug", colours=["red"])
    healthy = make_product("B", title="Bowl")

    def fail(*_, **__):
        raise ConnectionError("storage is down")

    monkeypatch.setattr("tests.fakes.FakeImageEncoder.encode_images", fail)
    services.refresh_pending()
    assert pending_skus() == ["A"]
    row = PendingEmbedding.objects.get()
    assert (row.reason, row.retry_at > row.created_at) == ("Picture 1 of 1: ConnectionError: storage is down", True)
    assert embedded_modalities(product) == ["fused", "text"]
    assert embedded_modalities(healthy) == ["fused", "text"]
    monkeypatch.undo()
    PendingEmbedding.objects.update(retry_at="2000-01-01T00:00Z")
    services.refresh_pending()
    assert embedded_modalities(product) == ["fused", "image", "text"]


def test_a_passing_trouble_beside_a_lasting_one_is_tried_again(monkeypatch):
    product = make_product("A", title="Mug", colours=["red"])
    with default_storage.open(product.images.get().file.name, "wb") as file:
        file.write(b"no picture at all")

    def fail(*_, **__):
        raise ConnectionError("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(FakeTextEncoder, "encode_texts", fail)
        services.refresh_pending()
    assert reason_of(product).startswith("Picture 1 of 1: The picture is damaged")
    assert reason_of(product).endswith("; In its text: ConnectionError: no answer")
    assert PendingEmbedding.objects.due().count() == 1
    PendingEmbedding.objects.update(retry_at="2000-01-01T00:00Z")
    services.refresh_pending()
    assert embedded_modalities(product) == ["fused", "text"]
    assert PendingEmbedding.objects.due().count() == 0  # the picture stays as it is


def test_a_database_that_fails_is_asked_once_for_the_whole_batch(monkeypatch):
    products = [make_product(sku) for sku in "ABC"]
    asked: list[int] = []

    def fail(batch, *_, **__):
        asked.append(len(batch))
        raise OperationalError("the disk is full")

    monkeypatch.setattr("embeddings.freshness.refresh.fuse_products", fail)
    with pytest.raises(OperationalError, match="the disk is full"):
        services.refresh_pending()
    assert asked == [3]
    assert [reason_of(product) for product in products] == ["the disk is full"] * 3


def test_a_poisonous_product_blocks_no_other(encoders, monkeypatch):
    products = [make_product(sku, title=title) for sku, title in [("A", "fine"), ("B", "poison"), ("C", "fine too")]]
    encode = FakeTextEncoder.encode_texts

    def choke(self, texts, **options):
        if "poison" in texts:
            raise RuntimeError("cannot read this")
        return encode(self, texts, **options)

    monkeypatch.setattr(FakeTextEncoder, "encode_texts", choke)
    result = services.refresh_pending()
    assert result.stored == 2
    assert [embedded_modalities(product) for product in products] == [["fused", "text"], [], ["fused", "text"]]
    assert reason_of(products[1]) == "In its text: RuntimeError: cannot read this"


@pytest.mark.parametrize("number", [0.0, 1e-9, np.nan, np.inf])
def test_a_vector_without_a_direction_is_the_problem_of_its_text_alone(encoders, monkeypatch, number):
    lost, kept = make_product("A", title="lost"), make_product("B", title="kept")
    encode = FakeTextEncoder.encode_texts

    def lose(self, texts, **options):
        vectors = encode(self, texts, **options)
        vectors[[text == "lost" for text in texts]] = number
        return vectors

    monkeypatch.setattr(FakeTextEncoder, "encode_texts", lose)
    assert services.refresh_pending().stored == 1
    assert reason_of(lost) == "In its text: The encoder gave a vector without a direction."
    assert (embedded_modalities(lost), embedded_modalities(kept)) == ([], ["fused", "text"])


def test_a_vector_that_cannot_be_stored_blocks_no_other(encoders, monkeypatch):
    make_product("A", title="fine")
    broken = make_product("B", title="broken")

    def fuse_badly(*args, **options):
        for product in (drafts := fuse_products(*args, **options)):
            if product.product_id == broken.pk:
                product.vectors["fused"][:] *= 2
        return drafts

    monkeypatch.setattr("embeddings.freshness.refresh.fuse_products", fuse_badly)
    assert services.refresh_pending().stored == 1
    assert "has length 2.000000" in reason_of(broken)


def test_without_its_encoder_nothing_is_lost_and_the_reason_is_told(settings, monkeypatch):
    product = make_product("A")
    ensure_live_space()

    def refuse(spec):
        raise EncoderUnavailable("The weights of fake:text are missing: pip install them.")

    monkeypatch.setattr("embeddings.modalities.text.get_text_encoder", refuse)
    services.refresh_pending()
    assert reason_of(product) == "The weights of fake:text are missing: pip install them."
    monkeypatch.undo()
    PendingEmbedding.objects.update(retry_at="2000-01-01T00:00Z")
    assert services.refresh_pending().stored == 1


def test_other_weights_behind_the_same_spec_are_refused():
    product = make_product("A")
    space = ensure_live_space()
    EmbeddingSpace.objects.filter(pk=space.pk).update(text_identity="fake:text#other weights")
    services.refresh_pending()
    assert "was fitted with fake:text#other weights, but the encoder there is now fake:text#1" in reason_of(product)
    assert embedded_modalities(product) == []


def test_an_interrupted_batch_is_due_again_at_once(monkeypatch):
    make_product("A")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("embeddings.freshness.refresh.encode_inputs", interrupt)
    with pytest.raises(KeyboardInterrupt):
        services.refresh_pending()
    row = PendingEmbedding.objects.get()
    assert (row.leased_until, row.attempts) == (None, 0)


def test_leases_are_renewed_while_encoders_work(encoders, monkeypatch):
    make_product("A")
    text, _ = encoders
    renewed = threading.Event()
    encode = text.encode_texts

    def encode_slowly(texts, **options):
        assert renewed.wait(30)
        return encode(texts, **options)

    monkeypatch.setattr("embeddings.encoding.KEEP_ALIVE_S", 0.01)
    monkeypatch.setattr(text, "encode_texts", encode_slowly)
    monkeypatch.setattr("embeddings.freshness.queue.PendingQuerySet.renew", lambda self, leases: renewed.set())
    assert services.refresh_pending().stored == 1


def test_products_that_are_not_shown_keep_their_vectors():
    product = make_product("A", is_active=False)
    services.refresh_pending()
    assert embedded_modalities(product) == ["fused", "text"]


def test_deleting_a_product_deletes_its_vectors():
    make_product("A", colours=["red"])
    services.refresh_pending()
    Product.objects.all().delete()
    assert (ProductEmbedding.objects.count(), PendingEmbedding.objects.count()) == (0, 0)


def test_time_ends_a_run_after_the_batch_it_is_at():
    for sku in "ABC":
        make_product(sku)
    result = services.refresh_pending(batch_size=1, max_seconds=0)
    assert (result.stored, result.is_unfinished, len(pending_skus())) == (1, True, 2)


def find_nearest(query: services.QueryVectors, *, modality: str) -> list[int]:
    distance = CosineDistance("vector", HalfVector(query.vectors[modality]))
    rows = ProductEmbedding.objects.filter(space=query.space_id, modality=modality)
    return list(rows.order_by(distance, "product_id").values_list("product_id", flat=True))


def test_what_is_saved_while_a_batch_is_encoded_does_not_wait_for_the_batch(monkeypatch):
    for number in range(20):
        make_product(f"I{number:02}")
    PendingEmbedding.objects.update(retry_at=timezone.now() - timedelta(hours=1))
    meanwhile = []

    def encode(*args, **kwargs):
        if not meanwhile:  # during the first batch
            make_product("SAVED")
            meanwhile.append(None)
            meanwhile.append(services.refresh_pending(batch_size=8))
            meanwhile.append(pending_skus())
        return encode_inputs(*args, **kwargs)

    monkeypatch.setattr("embeddings.freshness.refresh.encode_inputs", encode)
    assert services.refresh_pending(batch_size=8).stored == 17
    _, other_thread, left = meanwhile
    assert (other_thread.stored, other_thread.is_unfinished) == (4, False)
    assert left == [f"I{number:02}" for number in (*range(16), 19)]  # it took SAVED and three more; 19 is in the batch
    assert pending_skus() == []


def test_a_run_that_fails_lets_the_next_one_work_through_the_queue(monkeypatch):
    for number in range(3):
        make_product(f"I{number}")
    with monkeypatch.context() as patch:
        patch.setattr(services, "_refresh_batch", fail_with(OperationalError("gone")))
        with pytest.raises(OperationalError):
            services.refresh_pending()
    PendingEmbedding.objects.update(leased_until=None)
    assert services.refresh_pending(batch_size=1).stored == 3


def test_a_query_lands_beside_the_product_it_describes():
    mug, bowl = make_product("A", title="speckled white mug"), make_product("B", title="salad bowl of oak")
    services.refresh_pending()
    query = services.encode_query(text="speckled mug")
    space = ensure_live_space()
    assert (query.space_id, query.vectors.keys()) == (space.pk, {"fused", "text"})
    assert find_nearest(query, modality="fused") == [mug.pk, bowl.pk]


def test_a_photo_lands_beside_the_product_it_shows():
    red, _ = make_product("A", colours=["red"]), make_product("B", colours=["blue"])
    services.refresh_pending()
    query = services.encode_query(photo=paint("red"))
    assert find_nearest(query, modality="image")[0] == red.pk
    with pytest.raises(services.PhotoError, match="damaged"):
        services.encode_query(photo=b"no picture")


@pytest.mark.django_db(transaction=True)
def test_with_a_gpu_one_batch_is_encoded_while_another_is_stored_and_each_product_is_stored_once(encoders, monkeypatch):
    monkeypatch.setattr(services, "has_cuda", lambda: True)
    for number in range(12):
        make_product(f"I{number:02}")
    encoding, storing = threading.Semaphore(0), []
    store = ProductEmbeddingQuerySet.store

    def store_beside(rows, batch, *, space):
        if not batch:  # products with nothing to encode: there are none
            return store(rows, batch, space=space)
        storing.append({draft.product_id for draft in batch})
        if len(storing) == 1:  # the first batch is not stored before a second one is encoded
            assert encoding.acquire(timeout=20)
        return store(rows, batch, space=space)

    def encode(*args, **kwargs):
        encodings = encode_inputs(*args, **kwargs)
        if storing:
            encoding.release()
        return encodings

    monkeypatch.setattr(ProductEmbeddingQuerySet, "store", store_beside)
    monkeypatch.setattr("embeddings.freshness.refresh.encode_inputs", encode)
    totals = services.refresh_pending(batch_size=4)
    assert (totals.stored, pending_skus()) == (12, [])
    assert [len(batch) for batch in storing] == [4, 4, 4]
    assert len(set.union(*storing)) == 12
