"""The dial: lists by the words, by the picture, and between; and the parts of product pages that a script asks for."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from catalog.models import Product
from embeddings.modalities.registry import IMAGE, TEXT
from recommendations.models import Rule
from tests.factories import ProductImageFactory
from tests.recommendations.shelf import at_angle, embed, make_space, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> None:
    """A, and five others whose order by words is the opposite of that by pictures."""
    space = make_space()
    anchor = put(space, "A", at_angle(0))
    ProductImageFactory(product=anchor)
    for modality in (TEXT, IMAGE):
        embed(space, anchor, at_angle(0), modality=modality)
    for number, sku in enumerate(["B", "C", "D", "E", "F"], start=1):
        product = put(space, sku, at_angle(8 * number))
        embed(space, product, at_angle(10 * number), modality=TEXT)
        embed(space, product, at_angle(60 - 10 * number), modality=IMAGE)


def list_skus(client, dial: int | str) -> list[str]:
    return [item.product.sku for item in client.get(f"/similar/?sku=A&dial={dial}").context["recommendations"]]


def test_each_stop_has_its_own_order(shelf, client):
    assert list_skus(client, 0) == ["B", "C", "D", "E", "F"]
    assert list_skus(client, 2) == ["B", "C", "D", "E", "F"]
    assert list_skus(client, 4) == ["F", "E", "D", "C", "B"]
    # By ranks: B is 5th by picture and 1st by both together, 1/15 + 1/11, as F is; ties go by number.
    assert list_skus(client, 3) == ["B", "F", "C", "E", "D"]
    assert list_skus(client, "x") == list_skus(client, 2)


def test_what_a_rule_pins_stays_in_place_at_every_stop(shelf, client):
    rule = Rule.objects.create(
        kind="pin", anchor=Product.objects.get(sku="A"), target=Product.objects.get(sku="D"), position=1
    )
    cache.clear()
    assert [list_skus(client, dial)[0] for dial in range(5)] == ["D"] * 5
    assert [len(set(list_skus(client, dial))) for dial in range(5)] == [5] * 5
    rule.delete()


def test_between_the_ends_no_design_is_shown_twice_and_what_is_sold_out_is_last(shelf, client):
    Product.objects.filter(sku__in=["B", "F"]).update(variant_group="G")
    assert sorted(list_skus(client, 3))[0] == "B"
    assert "F" not in list_skus(client, 3)
    Product.objects.filter(sku="C").update(stock=0)
    assert [list_skus(client, dial)[-1] for dial in (1, 3)] == ["C", "C"]


def test_the_page_stands_where_its_address_says_and_has_no_dial_without_a_picture(shelf, client):
    page = client.get("/products/A/?dial=4")
    assert 'name="dial" min="0" max="4" step="1" value="4"' in page.content.decode()
    assert page.content.decode().index("/products/F/") < page.content.decode().index("/products/B/")
    Product.objects.get(sku="A").images.all().delete()
    assert 'name="dial"' not in client.get("/products/A/?dial=4").content.decode()


def test_a_stop_with_nothing_to_go_by_says_so_and_keeps_the_dial(shelf, client):
    from embeddings.models import ProductEmbedding

    ProductEmbedding.objects.filter(product__sku="A", modality="image").delete()
    page = client.get("/products/A/?dial=4").content.decode()
    assert "Turn the dial back" in page
    assert 'name="dial"' in page
    assert len(list_skus(client, 3)) == 5  # the other list is there


def test_the_part_is_kept_by_this_browser_alone(shelf, client):
    answer = client.get("/similar/?sku=A&dial=0")
    assert answer["Cache-Control"] == "private, max-age=300"
    assert {"Cookie", "Accept-Language"} <= {name.strip() for name in answer["Vary"].split(",")}


@pytest.mark.parametrize("path", ["/similar/?sku=NONE", "/similar/", "/similar/?sku=%00", "/why/?sku=A&other=NONE"])
def test_parts_of_products_that_nobody_may_see_are_not_there(shelf, client, path):
    assert client.get(path).status_code == 404


def test_why_at_a_glance_says_shares_and_what_both_have(shelf, client, monkeypatch):
    Product.objects.filter(sku__in=["A", "B"]).update(brand="Kumori")
    monkeypatch.setattr("recommendations.product_parts.explain_pairs", explain)
    answer = client.get("/why/?sku=A&other=B")
    assert [(share.modality, share.percent) for share in answer.context["shares"]] == [("text", 30), ("image", 70)]
    page = answer.content.decode()
    assert '<th scope="row">Brand</th><td>Kumori</td>' in page
    assert 'href="/products/A/why/B/"' in page


def explain(anchor_id, other_ids, *, space):
    from recommendations.explanations.pairs import PairExplanation

    return {
        other: PairExplanation(
            product_id=other, shares={"text": 0.3, "image": 0.7}, similarities={"text": 0.5, "image": 0.9},
            shared={"brand": "Kumori"},
        )
        for other in other_ids
    }  # fmt: skip


def test_a_product_is_offered_others_to_compare_that_are_not_beside_it_yet(shelf, client):
    page = client.get("/compare/?sku=A&sku=B").content.decode()
    assert "/compare/?sku=A&amp;sku=B&amp;sku=C" in page
    assert "sku=B&amp;sku=B" not in page
