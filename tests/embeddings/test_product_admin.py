"""What the admin of products says of their vectors, and asking for one again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from api import heartbeats
from catalog.models import Product
from embeddings.freshness import asking, bell
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from embeddings.models import EmbeddingSpace, PendingEmbedding, PlaceholderPicture
from tests.factories import ProductImageFactory
from tests.plans import add_vectors, fill_shop, forget_earlier_rows, read_plans
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db
PRODUCTS = "/admin/catalog/product/"


@pytest.fixture
def live() -> EmbeddingSpace:
    """FRESH has a vector; STALE has one and waits; NEW waits for its first; FAILED was tried twice."""
    space = make_space()
    for sku, vector in {"FRESH": (1, 0, 0), "STALE": (1, 0, 0), "NEW": None, "FAILED": None}.items():
        put(space, sku, vector, modalities=(FUSED, TEXT, IMAGE), is_active=True)
    PendingEmbedding.objects.filter(product__sku="FRESH").delete()
    PendingEmbedding.objects.filter(product__sku="FAILED").update(
        reason="Nothing to encode: give it a title, a description or a picture.",
        attempts=2,
        retry_at=timezone.now() + timedelta(minutes=2),
    )
    return space


@pytest.fixture
def rung(monkeypatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(bell, "ring_after_commit", lambda: calls.append("ring"))
    return calls


def page_of(sku: str) -> str:
    return f"{PRODUCTS}{Product.objects.get(sku=sku).pk}/change/"


def test_the_list_is_narrowed_by_the_state_of_the_vector(admin_client, live):
    def list_skus(choice: str) -> list[str]:
        listed = admin_client.get(f"{PRODUCTS}?embedding={choice}").context["cl"].queryset
        return [product.sku for product in listed]

    assert {choice: list_skus(choice) for choice in ("fresh", "waiting", "failed", "none", "unknown")} == {
        "fresh": ["FRESH"],
        "waiting": ["NEW", "STALE"],
        "failed": ["FAILED"],
        "none": ["FAILED", "NEW"],
        "unknown": ["FAILED", "FRESH", "NEW", "STALE"],
    }


def test_each_row_says_how_its_vector_stands(admin_client, live):
    html = admin_client.get(PRODUCTS).content.decode()
    cells = [part.partition("</td>")[0] for part in html.split('<td class="field-state">')[1:]]
    words = ["failed", "up to date", "waiting, no vector yet", "waiting"]
    assert [f">{word}</span>" in cell for word, cell in zip(words, cells, strict=True)] == [True] * 4
    assert "Nothing to encode" in cells[0]


def test_those_that_wait_are_found_without_reading_all_products(admin_client):
    space = make_space()
    fill_shop()
    add_vectors(space)
    numbers = list(Product.objects.values_list("pk", flat=True)[:20])
    PendingEmbedding.objects.put_many(numbers)
    PendingEmbedding.objects.filter(product__in=numbers[:5]).update(reason="broken")
    forget_earlier_rows("embeddings_pendingembedding", "embeddings_productembedding")

    for choice in ("waiting", "failed", "none"):
        plans = read_plans(lambda choice=choice: admin_client.get(f"{PRODUCTS}?embedding={choice}"))
        of_the_list = [plan for plan in plans if "embeddings_pendingembedding" in plan]
        assert len(of_the_list) == 2  # its count and its page
        for plan in of_the_list:
            assert "Seq Scan on catalog_product" not in plan


def test_the_page_says_how_often_it_was_tried_and_when_it_is_next(admin_client, live):
    html = admin_client.get(page_of("FAILED")).content.decode()
    assert "Tried 2 times." in html
    assert "Next try at " in html
    assert "Nothing to encode" in html
    assert "Next try at " not in admin_client.get(page_of("NEW")).content.decode()


def test_the_page_says_in_which_spaces_its_text_and_pictures_are(admin_client, live):
    other = make_space(name="other", live=False)
    put(other, "BOTH", (1, 0, 0), modalities=("fused", "text"), is_active=True)
    html = admin_client.get(page_of("BOTH")).content.decode()
    row = html.partition('<th scope="row">other')[2].partition("</tr>")[0]
    assert [word in row for word in (">yes</span>", ">no</span>")] == [True, True]


def test_again_now_queues_the_product_anew_and_rings(admin_client, live, rung):
    failed = PendingEmbedding.objects.get(product__sku="FAILED")
    answer = admin_client.post(reverse("embed_again", args=[failed.product_id]), follow=True)
    again = PendingEmbedding.objects.get(pk=failed.pk)
    assert (again.attempts, again.reason) == (0, "")
    assert again.retry_at <= timezone.now()
    assert again.generation == failed.generation + 1
    assert rung == ["ring"]
    assert "1 product is embedded again." in [str(message) for message in answer.context["messages"]]


def test_it_says_where_no_worker_has_been_heard_of(admin_client, live, rung, monkeypatch):
    monkeypatch.setattr(heartbeats, "is_shared", lambda: True)
    url = reverse("embed_again", args=[Product.objects.get(sku="NEW").pk])

    def told() -> list[str]:
        return [str(message) for message in admin_client.post(url, follow=True).context["messages"]]

    monkeypatch.setattr(heartbeats, "read_silence_s", lambda name: None)
    assert any(message.startswith("No worker has been heard of lately") for message in told())
    monkeypatch.setattr(heartbeats, "read_silence_s", lambda name: 3.0 if name == "embeddings" else None)
    assert told() == ["1 product is embedded again."]


def test_a_product_that_somebody_is_saving_is_left_to_that_save(admin_client, live, rung, monkeypatch):
    monkeypatch.setattr(asking.PendingEmbedding.objects, "put_changed", lambda numbers: None)
    url = reverse("embed_again", args=[Product.objects.get(sku="NEW").pk])
    told = [str(message) for message in admin_client.post(url, follow=True).context["messages"]]
    assert told[0] == "1 product is being saved just now: it is embedded then anyway."


def test_selected_products_are_queued_together_and_no_more_than_a_page_can_wait_for(
    admin_client, live, rung, monkeypatch
):
    numbers = list(Product.objects.filter(sku__in=["FRESH", "FAILED"]).values_list("pk", flat=True))
    selected = {"action": "embed_again_now", "_selected_action": numbers}
    admin_client.post(PRODUCTS, selected)
    assert PendingEmbedding.objects.filter(product__in=numbers, reason="", attempts=0).count() == 2

    PendingEmbedding.objects.all().delete()
    monkeypatch.setattr("embeddings.product_admin.MOST_AT_ONCE", 1)
    admin_client.post(PRODUCTS, selected)
    assert not PendingEmbedding.objects.exists()


def test_a_picture_that_counts_as_missing_says_so(admin_client):
    image = ProductImageFactory()
    PlaceholderPicture.objects.create(sha256=image.sha256)
    html = admin_client.get(reverse("product_pictures", args=[image.product_id])).content.decode()
    assert "A placeholder: products of many other designs have it, too, so it counts as missing." in html


def test_colours_are_shown_with_their_shares(admin_client, live):
    Product.objects.filter(sku="FRESH").update(
        colours=["brown"], picture_colours={"brown": 0.78, "white": 0.214, "red": 0.001}, noted="f"
    )
    html = admin_client.get(page_of("FRESH")).content.decode()
    assert "Found under: Brown." in html
    assert html.count('class="swatch"') == 2
    assert "<span>21 %</span>" in html
