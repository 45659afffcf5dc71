"""What a search may become while it is typed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Category, Product
from recommendations.search.suggesting import suggest
from recommendations.search.term import SearchTerm
from tests.api.callers import errors

pytestmark = pytest.mark.django_db
API = "/api/v1/search/suggest/"


def term(text: str, kind: str, value: str, **fields) -> SearchTerm:
    source = fields.pop("source", "catalogue")
    return SearchTerm.objects.create(
        text=text, kind=kind, value=value, label=fields.pop("label", value), source=source, **fields
    )


@pytest.fixture
def shelf(db):
    mugs = Category.objects.get_or_create_path("Table/Mugs")
    Product.objects.create(
        sku="M1",
        title="Halla mug, white",
        category=mugs,
        price=Decimal("12.50"),
        currency="EUR",
        brand="Mull",
        translations={"zh-hans": {"title": "白色马克杯"}},
    )
    Product.objects.create(sku="M2", title="Mug tree", category=mugs)
    Product.objects.create(sku="M3", title="Mug of the past", category=mugs, is_active=False)
    term("mug", "category", "Table/Mugs", label="Mugs", products=3)
    term("mull", "brand", "Mull", products=1)
    term("mug gift", "query", "mug gift", source="visitors", products=9)
    term("mudgreen", "colour", "green", source="built_in")
    term("muslin", "attribute", "muslin", name="material", weight=0.5)
    term("马克杯", "category", "Table/Mugs", label="马克杯", language="zh-hans", products=3)


def told(text: str, **options) -> list[tuple[str, str]]:
    return [(one.kind, one.label) for one in suggest(text, **options).found]


class TestSuggesting:
    def test_categories_come_first_then_searches_of_others_brands_colours_and_products(self, shelf):
        assert told("mu") == [
            ("category", "Mugs"), ("query", "mug gift"), ("brand", "Mull"), ("colour", "Green"),
            ("product", "Mug tree"), ("product", "Halla mug, white"),
        ]  # fmt: skip

    def test_each_leads_to_a_page(self, shelf):
        assert {one.kind: one.url for one in suggest("mu").found} == {
            "category": "/?category=Table%2FMugs",
            "query": "/search/?q=mug+gift",
            "brand": "/?brand=Mull",
            "colour": "/search/?q=mudgreen",
            "product": "/products/M1/",
        }

    def test_what_is_unsure_or_not_for_sale_is_not_suggested(self, shelf):
        assert told("musl") == []
        assert "Mug of the past" not in [label for _, label in told("mug")]

    def test_all_words_but_the_last_are_whole(self, shelf):
        assert told("halla mu") == [("product", "Halla mug, white")]
        assert told("hal mu") == []

    def test_chinese_is_completed_by_its_characters(self, shelf):
        assert told("马克")[0] == ("category", "马克杯")

    def test_what_nothing_begins_with_is_put_right(self, shelf):
        assert suggest("halla mugg").did_you_mean == "halla mug"
        assert suggest("qqqq zzzz").did_you_mean == ""

    @pytest.mark.parametrize("text", ["", "  ", "%", "_", "\\", "'", "& | !", "!:*", "(", "a" * 200])
    def test_what_is_no_word_finds_nothing_and_breaks_nothing(self, shelf, text):
        assert told(text) == []

    def test_a_percent_sign_is_no_wildcard(self, shelf):
        assert set(told("m%")) == set(told("m"))

    @pytest.mark.parametrize("limit", [1, 2, 3, 5, 20])
    def test_no_more_than_asked_for(self, shelf, limit):
        assert len(told("mu", limit=limit)) == min(limit, 6)

    def test_two_queries(self, shelf, django_assert_num_queries):
        with django_assert_num_queries(2):
            suggest("mu")


class TestApi:
    def test_a_product_has_what_a_list_shows(self, client, shelf):
        (found,) = client.get(API, {"q": "halla"}).json()["suggestions"]
        assert found == {
            "kind": "product", "text": "Halla mug, white", "label": "Halla mug, white", "sku": "M1",
            "url": "http://testserver/products/M1/", "image_url": None, "price": "12.50", "currency": "EUR",
        }  # fmt: skip

    def test_it_is_told_in_the_language_of_the_request(self, client, shelf):
        (found,) = client.get(API, {"q": "halla"}, headers={"accept-language": "zh-hans"}).json()["suggestions"]
        assert found["label"] == "白色马克杯"

    def test_it_may_be_kept_for_a_while(self, client, shelf):
        answer = client.get(API, {"q": "mu"})
        assert "max-age" in answer["Cache-Control"]
        assert client.get(API, {"q": "mu"}, headers={"if-none-match": answer["ETag"]}).status_code == 304

    @pytest.mark.parametrize(
        ("query", "field"), [("", "q"), (f"q={'x' * 201}", "q"), ("q=a&limit=0", "limit"), ("q=a&limit=21", "limit")]
    )
    def test_what_is_out_of_bounds_is_refused(self, client, shelf, query, field):
        assert list(errors(client.get(f"{API}?{query}"))) == [field]

    def test_nothing_typed_is_nothing_suggested(self, client, shelf):
        assert client.get(API, {"q": ""}).json() == {"suggestions": [], "did_you_mean": None}
