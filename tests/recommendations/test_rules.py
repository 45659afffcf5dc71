"""Merchandising rules: from the row in the database to the reason in the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import override

from catalog.models import Category, Product
from embeddings.models import EmbeddingSpace
from embeddings.spaces.indexes import create_indexes
from recommendations import nearest
from recommendations.anchors import read_start
from recommendations.models import Rule
from recommendations.requests import Filters, Options
from recommendations.rule_preview import preview_rule
from recommendations.services import recommend, similar_products
from tests.plans import avoid, read_plans
from tests.recommendations.shelf import at_angle, embed, make_space, put, skus

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf():
    space = make_space()
    put(space, "A", at_angle(0), category="Home/Mugs")
    put(space, "B", at_angle(10), brand="Halla", category="Home/Mugs")
    put(space, "C", at_angle(20), brand="Birk", category="Home/Mugs/Small")
    put(space, "D", at_angle(30), brand="Halla", attributes={"colour": ["sage"]})
    put(space, "E", at_angle(40))
    return {product.sku: product for product in Product.objects.all()}


@pytest.fixture
def space_of_many():
    """Sixty products nearer to A than anything that a test puts beside them."""
    space = make_space()
    put(space, "A", at_angle(0))
    for number in range(60):
        put(space, f"P{number}", at_angle(1 + number / 10))
    return space


def add_rule(kind: str, **fields) -> Rule:
    rule = Rule(kind=kind, **fields)
    rule.full_clean()
    rule.save()
    return rule


def reasons(shown, sku: str) -> list[tuple[str, str, int | None]]:
    (item,) = [item for item in shown if item.candidate.sku == sku]
    return [(reason.code, reason.text, reason.rule_id) for reason in item.reasons]


def test_without_rules_the_order_is_that_of_similarity(shelf):
    assert skus(similar_products("A")) == ["B", "C", "D", "E"]


def test_a_pin_puts_a_product_at_its_position_and_is_named(shelf):
    rule = add_rule("pin", anchor=shelf["A"], target=shelf["E"], position=2, note="Autumn campaign")
    shown = similar_products("A")
    assert skus(shown) == ["B", "E", "C", "D"]
    assert reasons(shown, "E") == [("pin", "Autumn campaign", rule.pk)]
    assert reasons(shown, "B") == [("similar", "Similar to A", None)]
    assert skus(similar_products("B")) == ["A", "C", "D", "E"]


def test_a_pin_brings_in_what_is_too_far_down_or_has_no_vector(shelf):
    put(make_space(name="other", live=False), "NEW", None)
    add_rule("pin", target=Product.objects.get(sku="NEW"), position=1)
    add_rule("pin", target=shelf["E"], position=2)
    assert skus(similar_products("A", limit=3)) == ["NEW", "E", "B"]
    assert similar_products("A", limit=3).fallback_used is False


def test_a_pin_never_passes_a_filter_shows_the_anchor_or_what_is_not_for_sale(shelf):
    add_rule("pin", target=shelf["E"], position=1)
    assert skus(similar_products("A", filters=Filters(brand=("Halla",)))) == ["B", "D"]
    assert skus(similar_products("E")) == ["D", "C", "B", "A"]
    Product.objects.filter(sku="E").update(is_active=False)
    assert skus(similar_products("A")) == ["B", "C", "D"]


def test_a_link_is_always_with_its_anchor(shelf):
    rule = add_rule("link", anchor=shelf["A"], target=shelf["D"])
    shown = similar_products("A")
    assert skus(shown) == ["D", "B", "C", "E"]
    assert reasons(shown, "D") == [("link", f"Rule {rule.pk}", rule.pk)]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"target": "E"}, ["E", "B", "C", "D"]),
        ({"target_brand": "Halla"}, ["B", "D", "C", "E"]),
        ({"target_category": "Home/Mugs/Small"}, ["C", "B", "D", "E"]),
        ({"target_attribute": "colour", "target_value": "sage"}, ["D", "B", "C", "E"]),
    ],
)
def test_a_boost_lifts_what_it_targets(shelf, target, expected):
    if "target" in target:
        target = {"target": shelf[target["target"]]}
    if "target_category" in target:
        target = {"target_category": Category.objects.get(path=target["target_category"])}
    rule = add_rule("boost", factor=1.5, **target)
    shown = similar_products("A")
    assert skus(shown) == expected
    assert ("boost", f"Rule {rule.pk}", rule.pk) in reasons(shown, expected[0])


def test_a_boost_of_a_category_means_what_is_below_it_and_nothing_that_begins_alike(shelf):
    put(EmbeddingSpace.objects.live(), "SHOT", at_angle(50), category="Home/Mugshots")
    rule = add_rule("boost", factor=1.5, target_category=Category.objects.get(path="Home/Mugs"))
    shown = similar_products("A")
    boosted = [
        item.candidate.sku
        for item in shown
        if ("boost", f"Rule {rule.pk}", rule.pk) in reasons(shown, item.candidate.sku)
    ]
    assert boosted == ["B", "C"]


@pytest.mark.parametrize(
    ("attributes", "value", "is_meant"),
    [
        ({"size": 9.5}, "9.5", True),
        ({"size": "9.5"}, "9.5", True),
        ({"size": ["S", 9.5]}, "9.5", True),
        ({"size": True}, "true", True),
        ({"size": True}, "1", False),
        ({"size": {"height": 9.5}}, "9.5", False),
        ({}, "9.5", False),
        (["size", "9.5"], "9.5", False),
    ],
)
def test_an_attribute_means_its_value_in_any_form_that_a_catalogue_has(shelf, attributes, value, is_meant):
    Product.objects.filter(sku="E").update(attributes=attributes)
    add_rule("boost", factor=3, target_attribute="size", target_value=value)
    assert (skus(similar_products("A"))[0] == "E") is is_meant
    Rule.objects.update(kind="exclude", factor=1)
    assert ("E" not in skus(similar_products("A"))) is is_meant


def test_burying_sinks_and_the_similarity_stays_true(shelf):
    add_rule("bury", target=shelf["B"], factor=2)
    shown = similar_products("A")
    assert skus(shown) == ["C", "D", "E", "B"]
    assert shown.results[3].similarity == pytest.approx(0.985, abs=1e-3)
    assert shown.results[3].score == pytest.approx(0.4924, abs=1e-3)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"target": "B"}, ["C", "D", "E"]),
        ({"target_brand": "Halla"}, ["C", "E"]),
        ({"target_category": "Home/Mugs"}, ["D", "E"]),
        ({"target_attribute": "colour", "target_value": "sage"}, ["B", "C", "E"]),
    ],
)
def test_excluded_products_are_not_shown_and_cost_no_rows(shelf, target, expected):
    if "target" in target:
        target = {"target": shelf[target["target"]]}
    if "target_category" in target:
        target = {"target_category": Category.objects.get(path=target["target_category"])}
    add_rule("exclude", **target)
    assert skus(similar_products("A")) == expected
    assert skus(similar_products("A", limit=len(expected))) == expected


def test_a_rule_of_a_category_covers_what_is_below_it_and_nothing_that_begins_alike(shelf):
    space = make_space(name="other", live=False)
    put(space, "SHOT", None, category="Home/Mugshots")
    add_rule("exclude", anchor_category=Category.objects.get(path="Home/Mugs"), target=shelf["E"])
    as_listed = Options(out_of_stock="mixed")
    assert "E" not in skus(recommend("similar", anchors=["C"], options=as_listed))
    assert "E" in skus(recommend("similar", anchors=["D"], options=as_listed))
    assert "E" not in skus(recommend("similar", anchors=["A", "D"], options=as_listed))


@pytest.mark.parametrize(
    ("window", "works"),
    [
        ({}, True),
        ({"is_active": False}, False),
        ({"starts_at": -1, "ends_at": 1}, True),
        ({"starts_at": 1}, False),
        ({"ends_at": -1}, False),
    ],
)
def test_a_rule_works_only_within_its_window(shelf, window, works):
    now = timezone.now()
    fields = {name: now + timedelta(hours=value) if name != "is_active" else value for name, value in window.items()}
    Rule.objects.create(kind="exclude", target=shelf["B"], **fields)
    assert ("B" not in skus(similar_products("A"))) is works


def test_a_rule_works_from_its_first_moment_to_just_before_its_last(shelf):
    first, last, tick = (timezone.now(), timezone.now() + timedelta(hours=1), timedelta(microseconds=1))
    rule = Rule.objects.create(kind="exclude", target=shelf["B"], starts_at=first, ends_at=last)
    said = []
    for moment in (first - tick, first, last - tick, last):
        active = read_start(["A"], modality="fused", at=moment).rules.active
        said.append(([one.rule_id for one in active], rule.state(at=moment)))
    assert said == [
        ([], "not in force yet"),
        ([rule.pk], "in force"),
        ([rule.pk], "in force"),
        ([], "over"),
    ]


def test_a_boost_lifts_what_is_far_down(shelf):
    space = EmbeddingSpace.objects.live()
    for number in range(40):
        put(space, f"NEARER{number}", at_angle(1 + number / 10))
    add_rule("boost", target=shelf["E"], factor=2)
    assert skus(similar_products("A", limit=1)) == ["E"]


@pytest.mark.parametrize("few", [10_000, 0], ids=["exact", "by the index"])
@pytest.mark.parametrize("options", [{}, {"exact": True}, {"metric": "euclidean"}])
def test_a_boost_reaches_what_is_farther_than_all_that_is_fetched(space_of_many, monkeypatch, few, options):
    monkeypatch.setattr(nearest, "FEW_PRODUCTS", few)
    put(space_of_many, "FAR", at_angle(50), brand="Halla")
    put(space_of_many, "FARTHER", at_angle(55), brand="Halla", attributes={"colour": "sage"})
    add_rule("boost", target_brand="Halla", factor=50)
    add_rule("boost", target_attribute="colour", target_value="sage", factor=50)
    create_indexes(space_of_many)
    shown = similar_products("A", limit=3, options=Options(**options))
    assert skus(shown) == ["FARTHER", "FAR", "P0"]


def test_what_takes_the_places_of_buried_products_is_found_however_far(space_of_many):
    Product.objects.filter(sku__startswith="P").update(brand="Birk")
    put(space_of_many, "FAR", at_angle(50))
    add_rule("bury", target_brand="Birk", factor=100)
    assert skus(similar_products("A", limit=3)) == ["FAR", "P0", "P1"]


def test_of_boosted_products_the_best_are_found_by_their_score_and_not_by_their_distance(space_of_many):
    """Forty are boosted a little and are near; the one that is boosted most is the farthest."""
    for number in range(40):
        put(space_of_many, f"N{number}", at_angle(20), brand="Halla")
    put(space_of_many, "MOST", at_angle(80), brand="Birk")
    add_rule("boost", target_brand="Halla", factor=1.1)
    add_rule("boost", target_brand="Birk", factor=100)
    assert skus(similar_products("A", limit=2))[0] == "MOST"


def test_a_boost_lifts_what_points_away_and_keeps_the_order(space_of_many):
    put(space_of_many, "AWAY", at_angle(100), brand="Halla")
    put(space_of_many, "FARTHER", at_angle(120), brand="Halla")
    add_rule("boost", target_brand="Halla", factor=2)
    shown = similar_products("A", limit=100, options=Options(variants="show"))
    scores = {item.candidate.sku: round(item.score, 4) for item in shown}
    assert [sku for sku in skus(shown) if not sku.startswith("P")] == ["AWAY", "FARTHER"]
    assert (scores["AWAY"], scores["FARTHER"]) == (-0.0868, -0.25)


@pytest.mark.parametrize(
    ("scope", "acts_in"),
    [
        ({}, ["similar", "widget"]),
        ({"strategies": ["visual"], "placements": []}, ["visual", "widget"]),
        ({"strategies": [], "placements": ["basket"]}, ["basket"]),
        ({"strategies": ["recent", "popular"], "placements": []}, ["recent", "popular"]),
    ],
)
def test_a_rule_acts_in_the_lists_of_its_scope(shelf, scope, acts_in):
    space = EmbeddingSpace.objects.live()
    for number, product in enumerate(shelf.values()):
        for modality in ("text", "image"):
            embed(space, product, at_angle(10 * number), modality=modality)
    add_rule("exclude", target=shelf["C"], **scope)
    lists = {
        "similar": recommend("similar", anchors=["A"]),
        "visual": recommend("visual", anchors=["A"]),
        "recent": recommend("recent"),
        "popular": recommend("popular"),
        "widget": recommend("visual", anchors=["A"], options=Options(placement="widget")),
        "basket": recommend("textual", anchors=["A"], options=Options(placement="basket")),
    }
    assert [name for name, shown in lists.items() if "C" not in skus(shown)] == acts_in


def test_a_rule_that_acts_nowhere_or_in_an_unknown_strategy_is_refused(shelf):
    nowhere: dict[str, list[str]] = {"strategies": [], "placements": []}
    for scope, said in [(nowhere, "Choose a strategy"), ({"strategies": ["x"]}, "Unknown: x")]:
        with pytest.raises(ValidationError, match=said):
            add_rule("exclude", target=shelf["C"], **scope)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.create(kind="exclude", target=shelf["C"], **nowhere)


def test_a_brand_that_a_rule_names_has_to_be_there_and_is_missed_when_it_goes(shelf, admin_client):
    for brand, said in [("halla", "No product has the brand halla. Did you mean Halla?"), ("Nobody", "brand Nobody.'")]:
        with pytest.raises(ValidationError, match=said):
            add_rule("boost", target_brand=brand)
    rule = add_rule("boost", target_brand="Halla")
    assert rule.find_missing() == ""
    Product.objects.filter(brand="Halla").update(brand="Halla Home")
    assert "No product has the brand Halla." in admin_client.get("/admin/recommendations/rule/").content.decode()
    rule.is_active = False
    rule.full_clean()


def test_a_brand_that_nothing_has_is_missed_without_reading_every_product(shelf):
    avoid("seqscan")
    plans = read_plans(Rule(kind="boost", target_brand="halla").find_missing)
    assert [plan for plan in plans if "Index Cond: (brand = " not in plan] == []
    assert len(plans) == 1


def test_the_preview_shows_a_list_in_which_the_rule_acts(shelf):
    rule = Rule(kind="exclude", target=shelf["B"], anchor=shelf["A"], strategies=["recent"], placements=[])
    preview = preview_rule(rule)
    (shown,) = preview.lists
    assert preview.notes == ("Below is the list of the strategy recent.",)
    assert (skus(shown.before), skus(shown.after)) == (["B"], [])


def test_rules_need_no_query_of_their_own(shelf, django_assert_num_queries):
    for number, name in enumerate("BCD"):
        add_rule("pin", target=shelf[name], position=number + 1)
    add_rule("boost", target_brand="Halla", factor=2)
    with django_assert_num_queries(2):
        assert skus(similar_products("A", limit=4)) == ["B", "C", "D", "E"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "pin", "target": "B"}, "position"),
        ({"kind": "pin", "target_brand": "Halla", "position": 1}, "target"),
        ({"kind": "boost"}, "target"),
        ({"kind": "boost", "target": "B", "target_brand": "Halla"}, "target"),
        ({"kind": "boost", "target_attribute": "colour"}, "target_value"),
        ({"kind": "boost", "target": "B", "factor": 0.5}, "factor"),
        ({"kind": "link", "target": "A", "anchor": "A"}, "target"),
        ({"kind": "exclude", "target": "B", "anchor": "A", "anchor_category": "Home/Mugs"}, "anchor_category"),
        ({"kind": "exclude", "target": "B", "starts_at": 2, "ends_at": 1}, "ends_at"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_beside_its_field(shelf, fields, field):
    given = dict(fields)
    for name in ("anchor", "target"):
        if name in given:
            given[name] = shelf[given[name]]
    if "anchor_category" in given:
        given["anchor_category"] = Category.objects.get(path=given["anchor_category"])
    for name in ("starts_at", "ends_at"):
        if name in given:
            given[name] = timezone.now() + timedelta(days=given[name])
    with pytest.raises(ValidationError) as refused:
        Rule(**given).full_clean()
    assert field in refused.value.message_dict


@pytest.mark.parametrize(
    "fields",
    [{"kind": "pin", "position": 1}, {"kind": "pin", "target": "B"}, {"kind": "boost", "target": "B", "factor": 0}],
)
def test_the_database_refuses_it_too(shelf, fields):
    given = {**fields, **({"target": shelf[fields["target"]]} if "target" in fields else {})}
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.create(**given)
    assert Rule.objects.count() == 0


def test_the_preview_shows_a_rule_that_is_not_saved(shelf):
    rule = Rule(kind="pin", anchor=shelf["A"], target=shelf["E"], position=1)
    preview = preview_rule(rule)
    (shown,) = preview.lists
    assert (skus(shown.before), skus(shown.after)) == (["B", "C", "D", "E"], ["E", "B", "C", "D"])
    assert (shown.changes, preview.notes, shown.anchor.sku) == (True, (), "A")
    assert Rule.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "notes"),
    [({}, ()), ({"is_active": False}, ("规则已关闭。下面是它生效时的效果。",))],
    ids=["in force", "switched off"],
)
def test_the_preview_says_in_chinese_that_a_rule_is_not_in_force_and_only_then(shelf, fields, notes):
    with override("zh-hans"):
        assert preview_rule(Rule(kind="exclude", target=shelf["B"], **fields), sku="A").notes == notes


def test_the_preview_of_a_saved_rule_leaves_it_out_of_the_list_before(shelf):
    rule = add_rule("exclude", target=shelf["B"])
    shown = preview_rule(rule, sku="A").lists[0]
    assert (skus(shown.before), skus(shown.after)) == (["B", "C", "D", "E"], ["C", "D", "E"])


def test_the_preview_shows_the_order_that_saving_gives(shelf):
    """A new pin at a position that is taken comes before the older one, in the preview as in the shop."""
    add_rule("pin", target=shelf["D"], position=1)
    rule = Rule(kind="pin", target=shelf["E"], position=1)
    previewed = preview_rule(rule, sku="A").lists[0]
    assert (skus(previewed.before), skus(previewed.after)) == (["D", "B", "C", "E"], ["E", "D", "B", "C"])
    rule.save()
    assert skus(similar_products("A")) == skus(previewed.after)


def test_the_preview_of_an_older_rule_leaves_it_behind_a_newer_one(shelf):
    older = add_rule("pin", target=shelf["D"], position=2)
    add_rule("pin", target=shelf["E"], position=1)
    older.position = 1
    previewed = preview_rule(older, sku="A").lists[0]
    older.save()
    assert skus(previewed.after) == skus(similar_products("A")) == ["E", "D", "B", "C"]


def test_a_preview_leaves_no_trace(shelf):
    saved = add_rule("exclude", target=shelf["B"])
    saved.kind, saved.is_active = "boost", False
    preview_rule(saved, sku="A")
    preview_rule(Rule(kind="exclude", target=shelf["C"]), sku="A")
    assert list(Rule.objects.values_list("pk", "kind", "is_active")) == [(saved.pk, "exclude", True)]
    assert saved.is_active is False


def test_the_preview_of_a_sku_that_no_product_can_have_is_none(shelf):
    assert preview_rule(Rule(kind="exclude", target=shelf["B"]), sku="A\0") is None


def test_the_preview_says_when_a_rule_is_over_or_does_not_apply(shelf):
    over = Rule(kind="exclude", target=shelf["B"], ends_at=timezone.now() - timedelta(days=1))
    assert preview_rule(over, sku="A").notes == ("The rule is over. Below is what it does while it is in force.",)
    elsewhere = Rule(kind="exclude", target=shelf["B"], anchor=shelf["C"])
    shown = preview_rule(elsewhere, sku="A").lists
    assert [(one.anchor.sku, one.applies, one.changes) for one in shown] == [("A", False, False), ("C", True, True)]


@pytest.fixture
def form_values(shelf):
    return {
        "kind": "pin", "note": "<b>Autumn</b>", "is_active": "on", "anchor": shelf["A"].pk, "anchor_category": "",
        "target": shelf["E"].pk, "target_brand": "", "target_category": "", "target_attribute": "", "target_value": "",
        "position": "1", "factor": "1.5", "starts_at_0": "", "starts_at_1": "", "ends_at_0": "", "ends_at_1": "",
        "strategies": ["similar", "visual"], "placements": "widget, basket",
    }  # fmt: skip


def test_the_admin_previews_the_form_as_it_stands_and_saves_nothing(admin_client, form_values):
    page = admin_client.post("/admin/recommendations/rule/preview/", form_values)
    assert page.status_code == 200
    text = page.content.decode()
    assert text.index("Without the rule") < text.index("With the rule")
    assert "pin: &lt;b&gt;Autumn&lt;/b&gt;" in text
    assert Rule.objects.count() == 0


def test_the_admin_says_what_is_missing_instead(admin_client, form_values):
    page = admin_client.post("/admin/recommendations/rule/preview/", {**form_values, "position": ""})
    assert "Say at which position to pin it; 1 is first." in page.content.decode()


def test_the_preview_is_for_staff(client, form_values):
    assert client.post("/admin/recommendations/rule/preview/", form_values).status_code == 302


def test_the_admin_adds_lists_and_changes_rules(admin_client, form_values):
    answer = admin_client.post("/admin/recommendations/rule/add/", form_values)
    assert answer.status_code == 302
    rule = Rule.objects.get()
    assert (rule.note, rule.position) == ("<b>Autumn</b>", 1)
    assert (rule.strategies, rule.placements) == (["similar", "visual"], ["widget", "basket"])
    page = admin_client.get(f"/admin/recommendations/rule/{rule.pk}/change/").content.decode()
    assert f"/admin/recommendations/rule/preview/?rule={rule.pk}" in page
    listing = admin_client.get("/admin/recommendations/rule/?state=now").content.decode()
    assert "&lt;b&gt;Autumn&lt;/b&gt;" in listing
    assert "in force" in listing
