"""REST: GET similar/ and POST recommendations/, from the query string to the answer."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, unquote, urlsplit

import pytest

from api.models import ApiKey
from catalog.models import Product
from recommendations.rest.serializers import BatchSerializer, ListSerializer, ResultSerializer
from recommendations.tokens import read_token
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db

SIMILAR = "/api/v1/products/{}/similar/"
BATCH = "/api/v1/recommendations/"


@pytest.fixture
def space():
    return make_space()


@pytest.fixture
def shelf(space):
    put(space, "A", at_angle(0), category="Mugs")
    fields = {"price": Decimal("12.5"), "currency": "EUR", "brand": "Halla", "stock": 3}
    put(space, "B", at_angle(10), **fields, attributes={"colour": "sage"})
    put(space, "C", at_angle(20), brand="Birk", stock=0)
    put(space, "D", at_angle(30), brand="Birk", attributes={"colour": "white"})


def get(client, sku: str = "A", status: int = 200, **params):
    response = client.get(SIMILAR.format(quote(sku, safe="")), params)
    assert response.status_code == status, response.content
    return response.json()


def skus(answer) -> list[str]:
    return [result["sku"] for result in answer["results"]]


def test_the_answer_has_the_shape_that_clients_rely_on(client, shelf):
    answer = get(client, limit=1)
    token = read_token(answer.pop("recommendation_id"))
    assert (token.strategy, token.placement, token.space, token.rules) == ("similar", "", "test", "")
    cursor = answer.pop("next")
    assert cursor.count(":") == 1
    assert answer == {
        "strategy": "similar",
        "heading": "Similar products",
        "status": "ok",
        "anchors": ["A"],
        "missing_anchors": [],
        "space": "test",
        "search": "exact",
        "fallback_used": False,
        "experiment": None,
        "arm": None,
        "results": [
            {
                "position": 1,
                "sku": "B",
                "title": "B",
                "url": "http://testserver/products/B/",
                "image_url": None,
                "price": "12.50",
                "list_price": None,
                "currency": "EUR",
                "in_stock": True,
                "distance": pytest.approx(0.0152, abs=5e-4),
                "similarity": pytest.approx(0.9848, abs=5e-4),
                "score": pytest.approx(0.9848, abs=5e-4),
                "reasons": [{"code": "similar", "text": "Similar to A", "rule": None}],
                "sources": {"behaviour": 0.0, "content": 1.0},
                "explanation": None,
            }
        ],
    }


def test_the_answer_is_what_the_schema_declares(client, shelf):
    answer = get(client)
    assert set(answer) == set(ListSerializer().fields)
    assert {frozenset(result) for result in answer["results"]} == {frozenset(ResultSerializer().fields)}
    batch = client.post(BATCH, {"placements": [{"id": "x", "anchors": ["A"]}]}, content_type="application/json").json()
    assert set(batch) == set(BatchSerializer().fields)
    assert set(batch["placements"][0]) == {"id", "list", "problem"}


def test_a_picture_has_an_absolute_address(client, shelf):
    from catalog.models import ProductImage

    product = Product.objects.get(sku="B")
    (image,) = ProductImage.objects.bulk_create(
        [ProductImage(product=product, file="products/b.webp", sha256="ab" * 32, width=10, height=10)]
    )
    assert get(client, limit=1)["results"][0]["image_url"] == f"http://testserver/images/{image.sha256}/640.webp"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["B", "D", "C"]),
        ({"limit": 2}, ["B", "D"]),
        ({"limit": 2, "out_of_stock": "mixed"}, ["B", "C"]),
        ({"brand": "Birk"}, ["D", "C"]),
        ({"brand": ["Birk", "Halla"], "out_of_stock": "mixed"}, ["B", "C", "D"]),
        ({"attr.colour": "sage"}, ["B"]),
        ({"attr.colour": ["sage", "white"]}, ["B", "D"]),
        ({"in_stock": "true"}, ["B", "D"]),
        ({"exclude": "B,D"}, ["C"]),
        ({"exclude": ["B", "D"]}, ["C"]),
        ({"price_min": "10", "price_max": "12.50"}, ["B"]),
        ({"min_similarity": "0.9"}, ["B", "C"]),
        ({"category": "Mugs"}, []),
        ({"strategy": "substitutes"}, ["B", "D"]),
        ({"exact": "true", "metric": "euclidean"}, ["B", "D", "C"]),
        ({"variants": "show"}, ["B", "D", "C"]),
        ({"created_since": "2020-01-01"}, ["B", "D", "C"]),
    ],
)
def test_parameters_reach_the_search(client, shelf, params, expected):
    assert skus(get(client, **params)) == expected


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"color": "sage"}, "color"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"price_min": "cheap"}, "price_min"),
        ({"price_min": 20, "price_max": 10}, "price_max"),
        ({"metric": "manhattan"}, "metric"),
        ({"modality": "sound"}, "modality"),
        ({"diversity": 2}, "diversity"),
        ({"strategy": "best"}, "strategy"),
        ({"created_since": "yesterday"}, "created_since"),
        ({"fields": "sku,colour"}, "fields"),
        ({"cursor": "made-up"}, "cursor"),
        ({"attr.": "x"}, "attr"),
        ({"brand": ""}, "brand.0"),
    ],
)
def test_what_cannot_be_understood_is_a_problem_that_names_it(client, shelf, params, field):
    answer = get(client, status=400, **params)
    assert answer["code"] == "invalid"
    assert field in [error["field"] for error in answer["errors"]]


def test_an_unknown_sku_is_not_found_and_one_without_a_vector_waits(client, space):
    assert get(client, "NOPE", status=404)["detail"] == "There is no product with the SKU NOPE."
    put(space, "WAITS", None)
    answer = get(client, "WAITS")
    assert (answer["status"], answer["results"], answer["next"]) == ("embedding_pending", [], None)


def test_a_product_that_is_not_for_sale_is_not_found(client, shelf):
    Product.objects.filter(sku="A").update(is_active=False)
    get(client, status=404)


def test_only_who_may_write_gets_the_list_of_a_product_that_is_not_for_sale(client, shelf):
    """Nor may a cache between us and others keep it for them."""
    Product.objects.filter(sku="A").update(is_active=False)
    answers = {}
    for scope in ("publishable", "secret"):
        _key, token = ApiKey.objects.issue("app", scope=scope)
        answers[scope] = client.get(SIMILAR.format("A"), headers={"X-Api-Key": token})
    assert [answer.status_code for answer in answers.values()] == [404, 200]
    assert answers["secret"]["Cache-Control"] == "private, max-age=30"


@pytest.mark.parametrize("sku", ["Å 1", "50%", "a+b", "杯子", "x?y=1&z#"])
def test_skus_of_all_kinds_are_addresses(client, space, sku):
    put(space, sku, at_angle(0))
    put(space, "B", at_angle(10))
    assert get(client, sku)["anchors"] == [sku]
    (result,) = get(client, "B")["results"]
    assert result["sku"] == sku
    address = urlsplit(result["url"])
    assert (unquote(address.path), address.query, address.fragment) == (f"/products/{sku}/", "", "")


def test_fields_leave_out_the_rest(client, shelf):
    assert get(client, limit=2, fields="sku,in_stock")["results"] == [
        {"sku": "B", "in_stock": True},
        {"sku": "D", "in_stock": True},
    ]


def test_pages_go_on_under_one_name_until_there_is_no_next(client, shelf):
    first = get(client, limit=2, variants="show")
    second = get(client, limit=2, variants="show", cursor=first["next"])
    assert (skus(first), skus(second)) == (["B", "D"], ["C"])
    assert [result["position"] for result in second["results"]] == [3]
    assert second["recommendation_id"] == first["recommendation_id"]
    assert second["next"] is None


def test_a_third_page_repeats_nothing_of_the_first(client, shelf):
    first = get(client, limit=1, variants="show")
    second = get(client, limit=1, variants="show", cursor=first["next"])
    third = get(client, limit=1, variants="show", cursor=second["next"])
    assert [skus(page) for page in (first, second, third)] == [["B"], ["D"], ["C"]]


def test_a_page_stays_whole_while_the_shop_changes(client, space, shelf):
    first = get(client, limit=2, variants="show")
    put(space, "NEWEST", at_angle(1))
    Product.objects.filter(sku="B").delete()
    second = get(client, limit=5, variants="show", cursor=first["next"])
    assert skus(second) == ["NEWEST", "C"]


def test_a_cursor_belongs_to_its_parameters(client, shelf):
    cursor = get(client, limit=1)["next"]
    assert skus(get(client, limit=3, fields="sku", cursor=cursor)) == ["D", "C"]
    answer = get(client, limit=1, brand="Birk", cursor=cursor, status=400)
    assert "other parameters" in answer["errors"][0]["detail"]
    get(client, "B", limit=1, cursor=cursor, status=400)
    get(client, limit=1, cursor=cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), status=400)


def test_a_list_can_be_kept_and_asked_for_again(client, shelf):
    first = client.get(SIMILAR.format("A"))
    assert first["Cache-Control"] == "public, max-age=30"
    assert "Authorization" in first["Vary"]
    again = client.get(SIMILAR.format("A"), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Product.objects.filter(sku="B").update(price=Decimal("9.99"))
    changed = client.get(SIMILAR.format("A"), headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize(("params", "queries"), [({"limit": 2}, 2), ({"limit": 3}, 3), ({}, 4)])
def test_queries_are_counted(client, shelf, django_assert_num_queries, params, queries):
    with django_assert_num_queries(queries):
        get(client, **params)


def post(client, placements, status: int = 200):
    response = client.post(BATCH, {"placements": placements}, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def test_placements_are_answered_in_order_and_fail_alone(client, shelf):
    answer = post(client, [
        {"id": "similar", "anchors": ["A"], "limit": 2},
        {"id": "unknown", "anchors": ["NOPE"]},
        {"id": "cart", "anchors": ["A", "D"], "weights": {"D": 5}, "limit": 1},
        {"id": "misspelt", "anchors": ["A"], "filters": {"color": "sage"}},
        {"id": "odd", "anchors": ["A"], "limit": "many", "brand": ["Birk"]},
        {"id": "later", "strategy": "best", "anchors": ["A"]},
        {"id": "new", "strategy": "recent", "exclude": ["D"], "limit": 1, "fields": ["sku"]},
        "not a placement",
    ])["placements"]  # fmt: skip
    assert [placement["id"] for placement in answer] == [
        "similar", "unknown", "cart", "misspelt", "odd", "later", "new", ""
    ]  # fmt: skip
    lists = [skus(placement["list"]) if placement["list"] else None for placement in answer]
    assert lists == [["B", "D"], None, ["B"], None, None, None, ["B"], None]
    problems = [placement["problem"]["status"] if placement["problem"] else None for placement in answer]
    assert problems == [None, 404, None, 400, 400, 400, None, 400]
    assert [error["field"] for error in answer[3]["problem"]["errors"]] == ["color"]
    assert [error["field"] for error in answer[4]["problem"]["errors"]] == ["brand", "limit"]
    assert answer[6]["list"]["results"] == [{"sku": "B"}]


def test_filters_of_a_placement_may_be_lists_numbers_and_truth_values(client, shelf):
    filters = {"brand": ["Birk", "Halla"], "attr.colour": ["white", "sage"], "price_max": 20, "in_stock": True}
    (answer,) = post(client, [{"id": "x", "anchors": ["A"], "filters": filters}])["placements"]
    assert skus(answer["list"]) == ["B"]
    (answer,) = post(client, [{"id": "x", "anchors": ["A"], "filters": {"brand": {"not": "Birk"}}}])["placements"]
    assert answer["problem"]["errors"][0]["field"] == "brand"


def test_both_kinds_of_exclusion_hold(client, shelf):
    sent = {"id": "x", "anchors": ["A"], "exclude": ["B"], "filters": {"exclude": "C"}}
    (answer,) = post(client, [sent])["placements"]
    assert skus(answer["list"]) == ["D"]
    (answer,) = post(client, [{**sent, "exclude": [], "filters": {}}])["placements"]
    assert skus(answer["list"]) == ["B", "D", "C"]


def test_placements_have_pages_too(client, shelf):
    (first,) = post(client, [{"id": "x", "anchors": ["A"], "limit": 1}])["placements"]
    sent = {"id": "y", "anchors": ["A"], "limit": 5, "cursor": first["list"]["next"]}
    (second,) = post(client, [sent])["placements"]
    assert skus(second["list"]) == ["D", "C"]


@pytest.mark.parametrize(
    "value", ["\0", "a" * 1001, None, True, [], {}, [[]], {"a": {"b": [1]}}, 1e308, -1, 10**400, "NaN", [None], [True]]
)
def test_odd_values_are_problems_and_never_failures(client, shelf, value):
    names = ("id", "strategy", "anchors", "weights", "limit", "filters", "exclude", "fields", "cursor", "diversity")
    sent = [{"id": "x", "anchors": ["A"], name: value} for name in names]
    filters = ("brand", "category", "price_min", "in_stock", "created_since", "min_similarity", "attr.x", "exclude")
    sent += [{"id": "x", "anchors": ["A"], "filters": {name: value}} for name in filters]
    sent += [{"id": "x", "anchors": ["A", "B"], "weights": {"A": value}}, {"id": "x", "filters": {"attr.\0": value}}]
    for placement in sent:
        (answer,) = post(client, [placement])["placements"]
        assert (answer["list"] is None) is (answer["problem"] is not None)


def test_half_of_a_surrogate_pair_is_no_json(client, shelf):
    body = r'{"placements": [{"id": "\ud800", "anchors": ["A"]}]}'
    assert client.post(BATCH, body, content_type="application/json").status_code == 400
    whole = r'{"placements": [{"id": "\ud83d\ude00", "anchors": ["A"]}]}'
    answer = client.post(BATCH, whole, content_type="application/json").json()
    assert answer["placements"][0]["id"] == "😀"


@pytest.mark.parametrize("placements", [[], [{"id": str(number)} for number in range(21)], "A", None, {"id": "x"}])
def test_a_batch_is_a_list_of_one_to_twenty(client, shelf, placements):
    answer = post(client, placements, status=400)
    assert answer["errors"][0]["field"] == "placements"


def test_a_body_that_is_not_an_object_is_refused(client):
    response = client.post(BATCH, "[]", content_type="application/json")
    assert response.status_code == 400


def test_each_placement_is_at_most_four_queries(client, shelf, django_assert_max_num_queries):
    placements = [{"id": str(number), "anchors": ["A"], "limit": 50} for number in range(20)]
    with django_assert_max_num_queries(80):
        assert len(post(client, placements)["placements"]) == 20


def test_the_web_component_may_be_loaded_from_anywhere_and_kept(client):
    response = client.get("/widgets/kindred.js", headers={"Origin": "https://blog.example"})
    assert response.status_code == 200
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert b'customElements.define("kindred-similar"' in response.content
    again = client.get("/widgets/kindred.js", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_the_template_tag_works_with_a_product_or_a_sku(shelf, django_assert_num_queries):
    from django.template import Context, Template

    product = Product.objects.get(sku="A")
    for given in (product, "A"):
        template = Template("{% load recommendations %}{% similar_products given limit=2 %}")
        with django_assert_num_queries(6):  # two, within a savepoint and a limit that is set and set back
            html = template.render(Context({"given": given}))
        assert html.index('href="/products/B/"') < html.index('href="/products/D/"')
        assert html.count('class="card') >= 2
        assert "/products/C/" not in html


def test_the_template_tag_shows_nothing_rather_than_an_empty_box(space):
    from django.template import Context, Template

    put(space, "A", None)
    html = Template("{% load recommendations %}{% similar_products 'A' %}").render(Context({}))
    assert html.strip() == ""


def test_the_product_page_shows_its_similar_products(client, shelf):
    html = client.get("/products/A/").content.decode()
    assert [html.count(f'href="/products/{sku}/"') for sku in "BCD"] == [1, 1, 1]


def test_the_command_prints_a_table(shelf, capsys):
    from django.core.management import call_command

    call_command("similar", "A", "--limit", "2")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("│")] == ["1", "2"]
    assert "exact search in space test" in lines[-1]


def test_the_command_says_what_is_wrong(space):
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="no product with the SKU NOPE"):
        call_command("similar", "NOPE")
    put(space, "A", None)
    with pytest.raises(CommandError, match="between 1 and 100"):
        call_command("similar", "A", "--limit", "0")
