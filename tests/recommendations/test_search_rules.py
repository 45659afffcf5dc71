"""What staff decide about searches: which rules concern a search, and what words mean by them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Category, Product
from recommendations.models import Rule, SearchRule, SearchTerm
from recommendations.requests import Filters, Options, Page
from recommendations.search.rules import FIND, find_search_rules
from recommendations.search.services import search_text
from recommendations.search.vocabulary.looking_up import look_up
from tests.factories import CategoryFactory, ProductFactory
from tests.recommendations.shelf import skus

pytestmark = pytest.mark.django_db


def add(kind: str, query: str, **fields: Any) -> SearchRule:
    rule = SearchRule(kind=kind, query=query, **fields)
    rule.full_clean()
    rule.save()
    return rule


def refuse(kind: str, query: str, **fields: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        SearchRule(kind=kind, query=query, **fields).full_clean()
    assert not SearchRule.objects.exists()
    return refused.value.message_dict


def make_category(path: str) -> Category:
    category = Category.objects.get_or_create_path(path)
    assert category
    return category


def ids(text: str) -> list[int]:
    """The products that are pinned for a search."""
    return [product_id for _, product_id, _ in find_search_rules(text).pins]


def test_a_pin_for_a_search_is_found_however_it_is_written():
    product = ProductFactory()
    add("pin", "Blue Mugs, 蓝色马克杯, tasse bleutée", target=product, position=2, note="Autumn")
    pin = [(2, product.pk, "Autumn")]
    for text in ("blue mug", "BLUE  mugs", "蓝色马克杯", "蓝色 马克杯", "Tasse Bleutee", "blue-mug"):
        assert list(find_search_rules(text).pins) == pin
    for text in ("mug", "blue", "big blue mug", "mug blue", "马克杯", "大蓝色马克杯", ""):
        assert ids(text) == []


def test_words_that_a_search_has_in_it_are_found_at_any_place_but_not_within_a_word():
    product = ProductFactory()
    add("pin", "mug, 马克杯", match="contains", target=product, position=1)
    for text in ("mug", "big blue mugs", "mug, white", "一个蓝色马克杯给我", "mug马克杯"):
        assert ids(text) == [product.pk]
    for text in ("smug", "mugwort", "马 克", "杯"):
        assert ids(text) == []


def test_the_rule_for_the_whole_search_goes_before_one_for_a_part_of_it_and_the_newer_before_the_older():
    first, second, third = (ProductFactory() for _ in range(3))
    add("pin", "mug", match="contains", target=first, position=1)
    add("pin", "blue mug", target=second, position=1, note="whole")
    add("pin", "blue", match="contains", target=third, position=1)
    found = find_search_rules("blue mug")
    assert [product_id for _, product_id, _ in found.pins] == [second.pk, third.pk, first.pk]
    assert found.labels == ("whole", "Rule for the search blue", "Rule for the search mug")
    assert found.in_lists.placed_ids == (second.pk, third.pk, first.pk)


def test_a_rule_holds_from_its_beginning_to_its_end_while_it_is_switched_on():
    product, now, hour = ProductFactory(), timezone.now(), timedelta(hours=1)
    for number, (fields, holds) in enumerate(
        [
            ({"starts_at": now - hour, "ends_at": now + hour}, True),
            ({"starts_at": now + hour}, False),
            ({"ends_at": now - hour}, False),
            ({"is_active": False}, False),
        ]
    ):
        add("pin", f"mug {number}", target=product, position=1, **fields)
        assert ids(f"mug {number}") == ([product.pk] if holds else [])


def test_what_is_left_out_of_a_search_is_a_condition_of_products():
    cups, mugs = make_category("Home/Cups"), make_category("Home/Cups/Mugs")
    products = [
        ProductFactory(sku="A", brand="Halla", category=mugs),
        ProductFactory(sku="B", brand="Birk", category=cups),
        ProductFactory(sku="C", brand="Birk", category=None),
    ]

    def left_out() -> list[str]:
        found = [
            Product.objects.meeting(one).values_list("sku", flat=True) for one in find_search_rules("mug").excluded
        ]
        return sorted(sku for of_one in found for sku in of_one)

    for fields, expected in (
        ({"target": products[2]}, ["C"]),
        ({"target_brand": "Birk"}, ["B", "C"]),
        ({"target_category": cups}, ["A", "B"]),
    ):
        rule = add("exclude", "mug", **fields)
        assert left_out() == expected
        rule.delete()
    assert left_out() == []


def test_what_is_left_out_is_not_pinned():
    product = ProductFactory()
    add("pin", "mug", target=product, position=1)
    add("exclude", "mug", target=product)
    assert ids("mug") == []


def test_a_search_that_leads_elsewhere():
    add("redirect", "sale, 打折", url="/sale/?from=search")
    add("redirect", "returns", match="contains", url="https://shop.example/returns", note="Returns page")
    assert [find_search_rules(text).redirect for text in ("Sale", "打折", "my returns", "sale mug")] == [
        "/sale/?from=search", "/sale/?from=search", "https://shop.example/returns", "",
    ]  # fmt: skip
    assert find_search_rules("my returns").labels == ("Returns page",)


def test_everything_about_a_search_is_one_statement_and_few_rows_of_many(django_assert_num_queries):
    product = ProductFactory()
    SearchRule.objects.bulk_create(
        SearchRule(kind="pin", query=f"w{n}", phrases=[f"w{n}"], target=product, position=1) for n in range(300)
    )
    SearchRule.objects.bulk_create(
        SearchRule(kind="pin", query="mug", phrases=["mug"], target=product, position=1) for n in range(150)
    )
    with django_assert_num_queries(1):
        assert len(ids("mug")) == 100
    with django_assert_num_queries(1):
        assert ids("w7") == [product.pk]


def test_of_many_rules_those_of_a_search_are_found_by_index():
    product = ProductFactory()
    SearchRule.objects.bulk_create(
        SearchRule(kind="pin", query=f"w{n}", phrases=[f"w{n}"], target=product, position=1) for n in range(5000)
    )
    params = {"key": "w7", "phrases": ["w7"], "at": timezone.now(), "placement": "", "kinds": []}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE recommendations_searchrule")
        cursor.execute(f"EXPLAIN {FIND}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "search_rule_by_phrase" in plan
    assert "Seq Scan on recommendations_searchrule" not in plan


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("javascript:alert(1)", True),
        ("JavaScript:alert(1)", True),
        ("data:text/html,x", True),
        ("//evil.example/", True),
        ("/\\evil.example/", True),
        ("\\\\evil.example", True),
        ("https://", True),
        ("ftp://shop.example/", True),
        ("sale", True),
        ("/sale\n/x", True),
        ("https://shop.example\\@evil.example/", True),
        ("", True),
        ("/sale/", False),
        ("https://shop.example/sale?x=1#y", False),
        ("/search/?q=cups", False),
        ("/search/?q=mugs", True),
        ("https://shop.example/search/?q=MUG", True),
    ],
)
def test_an_address_leads_to_a_page_and_never_to_the_search_itself(url, is_refused):
    rule = SearchRule(kind="redirect", query="mug", url=url)
    if is_refused:
        with pytest.raises(ValidationError) as refused:
            rule.full_clean()
        assert list(refused.value.message_dict) == ["url"]
    else:
        rule.full_clean()


def test_searches_do_not_lead_to_each_other():
    add("redirect", "mug", url="/search/?q=cup")
    with pytest.raises(ValidationError) as refused:
        SearchRule(kind="redirect", query="cup", url="/search/?q=mug").full_clean()
    assert refused.value.message_dict == {"url": ["That search leads to another page by itself; name that page."]}
    with pytest.raises(ValidationError) as refused:
        SearchRule(kind="redirect", query="tea", match="contains", url="/search/?q=green+tea").full_clean()
    assert refused.value.message_dict == {"url": ["The search would lead to itself."]}


def test_what_is_missing_or_too_much_is_said_beside_its_field():
    product, category = ProductFactory(brand="Halla"), CategoryFactory()
    now = timezone.now()
    assert refuse("pin", "mug", position=1) == {"target": ["A pin needs a product as its target, and nothing else."]}
    assert refuse("pin", "mug", target=product) == {"position": ["Say at which position to pin it; 1 is first."]}
    assert list(refuse("pin", "mug", target=product, position=1, target_brand="Halla")) == ["target"]
    both = {"target": product, "target_category": category}
    assert refuse("exclude", "mug") == refuse("exclude", "mug", **both)
    assert refuse("exclude", "mug", target_brand="Nobody") == {"target_brand": ["No product has the brand Nobody."]}
    assert list(refuse("exclude", " , !", target=product)) == ["query"]
    assert list(refuse("exclude", ",".join("abcdefghijklmnopqrtuv"), target=product)) == ["query"]
    assert list(refuse("exclude", "a long and very long phrase of words", match="contains", target=product)) == [
        "query"
    ]
    assert refuse("exclude", "mug", target=product, starts_at=now, ends_at=now) == {
        "ends_at": ["The rule has to end after it starts."]
    }
    assert refuse("synonym", "couch") == {"meant": ["Say what the words mean."]}
    assert refuse("synonym", "couch, Sofas", meant="sofa") == {"meant": ["sofa would mean itself."]}
    assert list(refuse("synonym", "couch", meant="sofa", starts_at=now)) == ["starts_at"]


def meanings(text: str) -> set[tuple[str, str, str]]:
    """What a text means by staff: kind, value and how it is shown."""
    rows = SearchTerm.objects.filter(text=text, source="staff")
    return {(row.kind, row.value, row.label) for row in rows}


@pytest.fixture
def sofas() -> Category:
    category = make_category("Home/Sofas")
    SearchTerm.objects.create(text="sofa", kind="category", value="Home/Sofas", label="Sofas", source="catalogue")
    SearchTerm.objects.create(text="sofa", kind="brand", value="Perhaps", label="Perhaps", source="learned", weight=0.6)
    return category


def test_words_mean_other_words_from_the_moment_a_rule_is_saved_until_it_is_gone(sofas):
    rule = add("synonym", "Couch, 长沙发", meant="sofas")
    as_sofa = {("word", "sofa", "sofa"), ("category", "Home/Sofas", "Sofas")}
    assert meanings("couch") == meanings("长沙发") == as_sofa
    assert meanings("sofa") == {("word", "couch", "couch"), ("word", "长沙发", "长沙发")}
    assert {(term.kind, term.value) for term in look_up("a red couch")["couch"]} == {
        ("word", "sofa"), ("category", "Home/Sofas"),
    }  # fmt: skip
    rule.is_one_way = True
    rule.save()
    assert (meanings("couch"), meanings("sofa")) == (as_sofa, set())
    rule.is_active = False
    rule.save()
    assert not SearchTerm.objects.filter(source="staff").exists()
    rule.is_active = True
    rule.save()
    rule.delete()
    assert not SearchTerm.objects.filter(source="staff").exists()


def test_a_word_that_means_a_colour_is_that_colour():
    SearchTerm.objects.create(text="blue", kind="colour", value="blue", label="Blue", source="built_in")
    add("synonym", "petrol", meant="blue", is_one_way=True)
    assert meanings("petrol") == {("word", "blue", "blue"), ("colour", "blue", "Blue")}


def test_a_rule_of_words_that_mean_others_leaves_other_terms_alone(sofas):
    before = list(SearchTerm.objects.order_by("pk").values_list("text", "kind", "value", "source"))
    add("synonym", "couch", meant="sofa").delete()
    assert list(SearchTerm.objects.order_by("pk").values_list("text", "kind", "value", "source")) == before


def test_rules_of_lists_reach_searches_where_they_say_so():
    mugs = make_category("Home/Mugs")
    for number, fields in enumerate(
        [
            {"kind": "boost", "strategies": ["similar", "search"], "placements": []},
            {"kind": "bury", "strategies": [], "placements": ["header"]},
            {"kind": "boost", "strategies": ["search"], "placements": [], "anchor_category": mugs},
            {"kind": "exclude", "strategies": ["similar"], "placements": ["widget"]},
            {"kind": "exclude", "strategies": ["search"], "placements": [], "is_active": False},
            {"kind": "pin", "strategies": ["similar", "search"], "position": 1, "target": ProductFactory()},
        ]
    ):
        target = {} if "target" in fields else {"target_brand": "Halla"}
        Rule.objects.create(note=str(number), **target, **fields)
    assert [rule.label for rule in find_search_rules("mug").in_lists.active] == ["2", "0"]
    assert [rule.label for rule in find_search_rules("mug", placement="header").in_lists.active] == ["2", "1", "0"]
    ProductFactory(sku="A", brand="Halla", category=mugs)
    ProductFactory(sku="B", brand="Halla", category=None)
    in_mugs, everywhere = find_search_rules("mug").in_lists.weights
    assert set(Product.objects.meeting(in_mugs.target).values_list("sku", flat=True)) == {"A"}
    assert set(Product.objects.meeting(everywhere.target).values_list("sku", flat=True)) == {"A", "B"}


def test_a_rule_of_lists_for_searches_alone_pins_nothing():
    product = ProductFactory()
    Rule(kind="boost", target=product, strategies=["search"], placements=[]).full_clean()
    with pytest.raises(ValidationError) as refused:
        Rule(kind="pin", position=1, target=product, strategies=["search"], placements=[]).full_clean()
    assert refused.value.message_dict == {
        "kind": ["Searches leave out, boost and bury; to pin a product make a search rule."]
    }
    assert Rule().strategies == ["similar"]


@pytest.fixture
def mugs() -> dict[str, Product]:
    """Four mugs in the order in which the search for mug finds them, and a lamp that it does not find."""
    for sku, title, brand in (
        ("A", "Mug", "Halla"), ("B", "Mug, red", "Halla"), ("C", "Mug, red, tall", "Birk"),
        ("D", "Mug, red, tall, round", "Birk"), ("LAMP", "Lamp", "Lumen"),
    ):  # fmt: skip
        ProductFactory(sku=sku, title=title, brand=brand, price=20)
    return {product.sku: product for product in Product.objects.all()}


def find(text: str, **options: Any) -> list[str]:
    return skus(search_text(text, mode="full_text", **options).shown)


def why(text: str, sku: str) -> list[tuple[str, str]]:
    (item,) = [one for one in search_text(text, mode="full_text").shown if one.candidate.sku == sku]
    return [(reason.code, reason.text) for reason in item.reasons]


def test_a_search_shows_what_is_pinned_at_its_position_whether_or_not_it_would_be_found(mugs):
    assert sorted(find("mug")) == ["A", "B", "C", "D"]
    before = find("mug")
    add("pin", "mug", target=mugs["LAMP"], position=2, note="Autumn")
    add("pin", "mug", target=mugs[before[3]], position=1)
    assert find("mug") == [before[3], "LAMP", *before[:3]]
    assert why("mug", "LAMP") == [("pin", "Autumn")]
    assert find("mug", limit=2) == [before[3], "LAMP"]
    assert find("red mug")[:1] != ["LAMP"]
    assert "LAMP" not in find("red mug")


def test_what_is_pinned_meets_the_filters_but_need_not_be_what_was_read(mugs):
    add("pin", "mug under 15", target=mugs["LAMP"], position=1)
    assert find("mug under 15")[0] == "LAMP"
    assert "LAMP" not in find("mug under 15", filters=Filters(price_max=Decimal(10)))
    Product.objects.filter(sku="LAMP").update(is_active=False)
    assert "LAMP" not in find("mug under 15")


def test_what_is_pinned_for_a_search_that_finds_nothing_is_shown_alone(mugs):
    add("pin", "xyzzy", target=mugs["LAMP"], position=3)
    answer = search_text("xyzzy", mode="full_text")
    assert skus(answer.shown) == ["LAMP"]
    assert "LAMP" not in [one.candidate.sku for one in answer.near]


def test_a_page_after_the_first_does_not_pin_again(mugs):
    add("pin", "mug", target=mugs["D"], position=1)
    seen = Page(shown_ids=(mugs["D"].pk, mugs["A"].pk))
    assert sorted(find("mug", options=Options(variants="show", page=seen))) == ["B", "C"]


def test_a_search_leaves_out_what_staff_say(mugs):
    add("exclude", "mug", target_brand="Halla")
    assert sorted(find("mug")) == ["C", "D"]
    assert "B" in find("red mug")
    Rule.objects.create(kind="exclude", target=mugs["B"], strategies=["search"], placements=[])
    assert "B" not in find("red mug")


def test_a_search_boosts_and_buries_and_says_so(mugs):
    last = find("mug")[-1]
    rule = Rule.objects.create(
        kind="boost", factor=3, target=mugs[last], strategies=["search"], placements=[], note="Up"
    )
    assert find("mug")[0] == last
    assert why("mug", last)[-1] == ("boost", "Up")
    rule.kind = "bury"
    rule.save()
    assert find("mug")[-1] == last


def test_a_search_leads_elsewhere_in_the_shop_and_says_so_in_the_answer(mugs):
    add("redirect", "mug sale", url="/sale/")
    assert search_text("Mug sale", mode="full_text").redirect == "/sale/"
    answer = Client().get(reverse("search_page"), {"q": "mug sale"})
    assert (answer.status_code, answer["Location"]) == (302, "/sale/")
    assert Client().get(reverse("search_page"), {"q": "mug"}).status_code == 200
    said = [Client().get("/api/v1/search/", {"q": text}).json()["redirect"] for text in ("mug sale", "mug")]
    assert said == ["/sale/", None]


def test_in_an_order_that_the_visitor_chose_nothing_is_pinned_or_raised_and_what_is_left_out_stays_out(mugs):
    for number, sku in enumerate("DCBA"):
        Product.objects.filter(sku=sku).update(price=10 + number)
    add("pin", "mug", target=mugs["LAMP"], position=1)
    Rule.objects.create(kind="boost", factor=9, target=mugs["A"], strategies=["search"], placements=[])
    Rule.objects.create(kind="exclude", target=mugs["B"], strategies=["search"], placements=[])
    assert find("mug", sort="price") == ["D", "C", "A"]
    assert find("mug")[:2] == ["LAMP", "A"]


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner"))
    return client


def test_the_list_in_the_admin_says_what_a_rule_does_and_links_to_its_search(owner, sofas):
    add("synonym", "couch & chair", meant="sofa")
    add("redirect", "sale", url="/sale/", ends_at=timezone.now() - timedelta(days=1))
    page = owner.get(reverse("admin:recommendations_searchrule_changelist"), {"q": "couch"}).content.decode()
    assert '<a href="/search/?q=couch+%26+chair">Search for couch &amp; chair</a>' in page
    assert "↔ sofa" in page
    assert "in force" in page
    assert "/sale/" not in page
    over = owner.get(reverse("admin:recommendations_searchrule_changelist"), {"state": "over"}).content.decode()
    assert "→ /sale/" in over
    assert "couch" not in over


def test_rules_that_are_deleted_in_the_list_take_their_words_with_them(owner, sofas):
    rules = [add("synonym", word, meant="sofa") for word in ("couch", "settee")]
    url = reverse("admin:recommendations_searchrule_changelist")
    owner.post(url, {"action": "delete_selected", "_selected_action": [rules[0].pk], "post": "yes"})
    assert (meanings("couch"), len(meanings("settee"))) == (set(), 2)


def test_a_rule_is_made_in_the_admin(owner):
    product = ProductFactory()
    form = {
        "kind": "pin",
        "query": "mug, 马克杯",
        "match": "exact",
        "target": product.pk,
        "position": 1,
        "is_active": "on",
    }
    url = reverse("admin:recommendations_searchrule_add")
    refused = owner.post(url, {**form, "target": ""})
    assert "A pin needs a product as its target, and nothing else." in refused.content.decode()
    assert owner.post(url, form).status_code == 302
    assert SearchRule.objects.get().phrases == ["mug", "马克杯"]
    assert owner.get(url).status_code == 200


def test_a_search_finds_what_staff_say_its_words_mean():
    ProductFactory(sku="SOFA", title="Sofa for two")
    ProductFactory(sku="CHAIR", title="Chair")
    assert find("zweisitzer") == find("长椅") == []
    rule = add("synonym", "zweisitzer, 长椅", meant="sofa", is_one_way=True)
    assert find("zweisitzer") == find("a zweisitzer for two") == ["SOFA"]
    assert find("长椅") == ["SOFA"]
    rule.delete()
    assert find("zweisitzer") == []
