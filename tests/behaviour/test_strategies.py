"""Lists that go by what shoppers did: exact products in exact order, in shops that fit in the head."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import override_settings
from django.utils import timezone

from behaviour.events.event import Consent
from behaviour.events.pseudonyms import make_key
from recommendations.models import Rule
from recommendations.requests import Filters, Options, Page
from recommendations.services import recommend
from recommendations.visitors import Visitor
from tests.behaviour.event_rows import add_events
from tests.behaviour.learned_rows import make_version, teach_neighbours, teach_profile, teach_ranking
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db
ANNA, VISIT = Visitor(user_id="anna"), Visitor(session_id="visit")
ANNA_KEY, VISIT_KEY = make_key("user", "anna"), make_key("session", "visit")


@pytest.fixture
def shelf():
    """Six products in a fan: their names say how far each is from CUP."""
    space = make_space()
    for number, name in enumerate(["CUP", "MUG", "POT", "TEA", "BOWL", "LAMP"]):
        put(space, name, at_angle(10 * number), category="Lamps" if name == "LAMP" else "Kitchen", stock=5)
    return space


@pytest.fixture
def version(shelf):
    return make_version()


def did(type: str, sku: str, *, days_ago: float = 0, **fields) -> dict:
    consent = fields.pop("consent", Consent.PERSONALISATION)
    moment = timezone.now() - timedelta(days=days_ago)
    return {"type": type, "sku": sku, "occurred_at": moment, "consent": consent, **fields}


def texts(shown) -> list[str]:
    return [item.reasons[0].text for item in shown]


def sources(shown) -> list[tuple[float, float]]:
    return [tuple(round(part, 4) for part in item.candidate.sources) for item in shown]


def codes(shown) -> list[str]:
    return [item.reasons[0].code for item in shown]


def test_a_bundle_is_what_was_bought_together_best_first(version):
    teach_neighbours(version, "bundle", {"CUP": [("TEA", 0.8), ("POT", 0.4, 0.25)]})
    shown = recommend("bundle", anchors=["CUP"])
    assert skus(shown) == ["TEA", "POT"]
    assert texts(shown) == ["Often bought together with CUP", "Like what others bought with CUP"]
    assert sources(shown) == [(1.0, 0.0), (0.25, 0.75)]
    assert [round(item.score, 4) for item in shown] == [1.0, 0.5]
    assert (shown.search, shown.fallback_used, shown.more) == ("exact", False, False)


def test_the_rows_of_all_in_a_cart_count_together_and_the_cart_is_not_shown(version):
    teach_neighbours(
        version,
        "bundle",
        {"CUP": [("POT", 0.5), ("TEA", 0.3, 0.5), ("MUG", 0.1)], "POT": [("CUP", 0.9), ("TEA", 0.3), ("MUG", 0.2)]},
    )
    shown = recommend("bundle", anchors=["CUP", "POT"])
    assert skus(shown) == ["TEA", "MUG"]
    assert sources(shown) == [(0.75, 0.25), (1.0, 0.0)]
    assert texts(shown) == ["Often bought together with CUP", "Often bought together with POT"]
    weighed = recommend("bundle", anchors=["CUP", "POT"], options=Options(weights={"POT": 10}))
    assert texts(weighed) == ["Often bought together with POT"] * 2


def test_several_products_are_a_cart_with_rows_of_its_own_as_soon_as_they_were_learned(version):
    teach_neighbours(version, "bundle", {"CUP": [("TEA", 0.9)], "POT": [("TEA", 0.9)]})
    teach_neighbours(version, "cart", {"CUP": [("MUG", 0.4), ("TEA", 0.3)], "POT": [("MUG", 0.1)]})
    assert skus(recommend("bundle", anchors=["CUP", "POT"])) == ["TEA"]
    version.settings = {"cart_ridge": 50}
    version.save()
    assert skus(recommend("bundle", anchors=["CUP", "POT"])) == ["MUG", "TEA"]
    assert skus(recommend("bundle", anchors=["CUP"])) == ["TEA"]


def test_a_bundle_without_behaviour_is_empty_unless_it_may_be_filled(version):
    assert skus(recommend("bundle", anchors=["CUP"])) == []
    filled = recommend("bundle", anchors=["CUP"], limit=3, options=Options(fallback=True))
    assert (skus(filled), filled.fallback_used) == (["MUG", "POT", "TEA"], True)
    assert texts(filled) == ["Similar to CUP"] * 3
    assert sources(filled) == [(0.0, 1.0)] * 3


def test_a_strict_bundle_has_only_what_behaviour_itself_says(version):
    teach_neighbours(version, "bundle", {"CUP": [("TEA", 0.8, 0.49), ("POT", 0.4, 0.5)]})
    assert skus(recommend("bundle", anchors=["CUP"], options=Options(strict=True))) == ["POT"]


def test_variants_of_the_anchor_are_never_in_its_bundle(shelf):
    put(shelf, "CUP-S", at_angle(1), variant_group="cups")
    put(shelf, "CUP-L", at_angle(2), variant_group="cups")
    teach_neighbours(make_version(), "bundle", {"CUP-S": [("CUP-L", 0.9), ("TEA", 0.1)]})
    for variants in ("collapse", "show"):
        assert skus(recommend("bundle", anchors=["CUP-S"], options=Options(variants=variants))) == ["TEA"]


def test_filters_rules_stock_and_pages_hold_for_what_is_brought(shelf, version):
    gone = put(shelf, "GONE", at_angle(60), stock=0)
    teach_neighbours(
        version, "bundle", {"CUP": [("GONE", 0.9), ("LAMP", 0.8), ("TEA", 0.6), ("POT", 0.5), ("MUG", 0.4)]}
    )
    bundle = {"strategy": "bundle", "anchors": ["CUP"]}
    assert skus(recommend(**bundle)) == ["LAMP", "TEA", "POT", "MUG", "GONE"]
    assert skus(recommend(**bundle, options=Options(out_of_stock="hidden"))) == ["LAMP", "TEA", "POT", "MUG"]
    assert skus(recommend(**bundle, options=Options(out_of_stock="mixed"), limit=2)) == ["GONE", "LAMP"]
    assert skus(recommend(**bundle, filters=Filters(category=("Kitchen",), exclude=("POT",)))) == ["TEA", "MUG"]
    first = recommend(**bundle, limit=3)
    ids = tuple(item.candidate.product_id for item in first)
    second = recommend(**bundle, limit=3, options=Options(page=Page(ids, first.recommendation_id)))
    assert (skus(first), skus(second)) == (["LAMP", "TEA", "POT"], ["MUG", "GONE"])
    assert (second.recommendation_id, second.more) == (first.recommendation_id, False)
    Rule.objects.create(kind="bury", target_category=shelf_category("Lamps"), factor=4, strategies=["bundle"])
    assert skus(recommend(**bundle, limit=4)) == ["TEA", "POT", "MUG", "LAMP"]
    Rule.objects.create(kind="link", target=gone, note="Goes with every cup", strategies=["bundle"])
    linked = recommend(**bundle, limit=2)
    assert skus(linked) == ["GONE", "TEA"]
    assert (codes(linked), texts(linked)[0]) == (["link", "bundle"], "Goes with every cup")


def shelf_category(path: str):
    from catalog.models import Category

    return Category.objects.get(path=path)


def test_complements_are_what_staff_say_goes_with_it(shelf, version):
    teach_neighbours(version, "bundle", {"CUP": [("POT", 0.9)]})
    from catalog.models import Product

    cup, tea = Product.objects.get(sku="CUP"), Product.objects.get(sku="TEA")
    Rule.objects.create(kind="link", anchor=cup, target=tea, note="Tea for it", strategies=["complements", "bundle"])
    shown = recommend("complements", anchors=["CUP"])
    assert (skus(shown), texts(shown), sources(shown)) == (["TEA"], ["Tea for it"], [(0.0, 0.0)])
    assert skus(recommend("bundle", anchors=["CUP"])) == ["TEA", "POT"]
    assert skus(recommend("complements", anchors=["MUG"])) == []


def test_also_viewed_goes_by_visits_and_is_filled_with_what_is_similar(version):
    teach_neighbours(version, "viewed", {"CUP": [("LAMP", 0.8), ("TEA", 0.4, 0.2)]})
    shown = recommend("also_viewed", anchors=["CUP"], limit=4)
    assert skus(shown) == ["LAMP", "TEA", "MUG", "POT"]
    assert texts(shown) == [
        "Others looked at it beside CUP", "Like what others looked at beside CUP", "Similar to CUP", "Similar to CUP"
    ]  # fmt: skip
    assert shown.fallback_used is True


def test_only_the_live_version_is_served(shelf):
    old, live = make_version(name="old", status="retired"), make_version(name="new")
    teach_neighbours(old, "bundle", {"CUP": [("POT", 1)]})
    teach_neighbours(live, "bundle", {"CUP": [("TEA", 1)]})
    assert skus(recommend("bundle", anchors=["CUP"])) == ["TEA"]


def test_popular_is_by_sales_once_there_are_some_and_then_by_stock(shelf):
    put(shelf, "DEEP", at_angle(70), stock=99)
    assert texts(recommend("popular", limit=1)) == [
        "Well stocked, which stands in for popularity until there are sales to count"
    ]
    teach_ranking(make_version(), "popular", ["LAMP", "TEA", "CUP"])
    shown = recommend("popular", limit=5)
    assert skus(shown)[:4] == ["LAMP", "TEA", "CUP", "DEEP"]
    assert texts(shown)[:3] == ["Bought by many"] * 3
    assert sources(shown)[2:4] == [(1.0, 0.0), (0.0, 0.0)]
    assert skus(recommend("popular", anchors=["CUP"], limit=1)) == ["TEA"]  # of its category
    assert skus(recommend("popular", filters=Filters(category=("Kitchen",)), limit=2)) == ["TEA", "CUP"]


def test_what_is_popular_is_sooner_shown_to_who_cares_for_its_category(shelf):
    """LAMP has place 3; all of the visitor's interest is in lamps, so that it counts as 1.5."""
    put(shelf, "LAMP2", at_angle(75), category="Lamps")
    teach_ranking(make_version(), "popular", ["TEA", "POT", "LAMP", "MUG"])
    assert skus(recommend("popular", limit=3)) == ["TEA", "POT", "LAMP"]
    fond = Options(visitor=Visitor(recent=("LAMP2",)))
    assert skus(recommend("popular", limit=5, options=fond))[:4] == ["TEA", "LAMP", "POT", "MUG"]


def test_trending_is_a_ranking_of_its_own_and_is_filled_with_what_is_popular(version):
    teach_ranking(version, "trending", ["POT"])
    teach_ranking(version, "popular", ["TEA", "POT", "MUG"])
    shown = recommend("trending", limit=3)
    assert (skus(shown), shown.fallback_used) == (["POT", "TEA", "MUG"], True)
    assert texts(shown)[0] == "Bought more than usual now"
    assert skus(recommend("trending", limit=3, options=Options(fallback=False))) == ["POT"]


def test_personal_needs_no_profile_and_says_what_led_to_it(version):
    teach_neighbours(version, "personal", {"CUP": [("TEA", 1.0)], "MUG": [("POT", 1.0, 0.5)], "POT": [("LAMP", 9.0)]})
    add_events([
        did("purchase", "CUP", user_key=ANNA_KEY), did("view", "MUG", user_key=ANNA_KEY),
        did("view", "POT", user_key=make_key("user", "somebody else")),
    ])  # fmt: skip
    shown = recommend("personal", limit=2, options=Options(visitor=ANNA))
    assert skus(shown) == ["TEA", "POT"]
    assert texts(shown) == ["Because you bought CUP", "Because you looked at MUG"]
    assert [round(item.score, 3) for item in shown] == [1.0, 0.333]


def test_a_session_and_what_the_app_remembers_make_a_personal_list_too(version):
    teach_neighbours(version, "personal", {"CUP": [("TEA", 1.0)], "MUG": [("POT", 0.9)]})
    add_events([did("view", "CUP", session_key=VISIT_KEY)])
    without = Options(visitor=VISIT, fallback=False)
    assert skus(recommend("personal", options=without)) == ["TEA"]
    both = Options(visitor=Visitor(session_id="visit", recent=("MUG",)), fallback=False)
    assert skus(recommend("personal", options=both)) == ["TEA", "POT"]
    assert skus(recommend("personal", options=Options(visitor=Visitor(recent=("MUG",)), fallback=False))) == ["POT"]


def test_a_profile_joins_with_what_was_done_since(version):
    teach_profile(version, ANNA_KEY, [("LAMP", 8.0), ("BOWL", 2.0, 0.5)])
    profile = Options(visitor=ANNA, fallback=False)
    shown = recommend("personal", options=profile)
    assert (skus(shown), sources(shown)) == (["LAMP", "BOWL"], [(1.0, 0.0), (0.5, 0.5)])
    assert texts(shown)[0] == "Chosen by what you bought and looked at"
    teach_neighbours(version, "personal", {"CUP": [("BOWL", 0.3), ("TEA", 0.15)]})
    add_events([did("view", "CUP", user_key=ANNA_KEY)])
    assert skus(recommend("personal", options=profile)) == ["BOWL", "LAMP", "TEA"]


def test_somebody_new_gets_what_is_like_what_they_looked_at_then_what_is_popular(version):
    teach_ranking(version, "popular", ["LAMP"])
    shown = recommend("personal", limit=2, options=Options(visitor=Visitor(recent=("CUP",))))
    assert skus(shown) == ["MUG", "POT"]
    assert texts(shown) == ["Similar to what you looked at"] * 2
    nothing = recommend("personal", limit=1, options=Options(visitor=Visitor(session_id="unknown")))
    assert (skus(nothing), nothing.fallback_used) == (["LAMP"], True)


def test_own_history_alone_is_compared_and_nobody_elses_deeds_count(version):
    teach_neighbours(version, "personal", {"CUP": [("LAMP", 1.0)]})
    teach_ranking(version, "popular", ["LAMP"])
    own = Options(visitor=Visitor(recent=("CUP",)), history="own")
    shown = recommend("personal", limit=3, options=own)
    assert (skus(shown), shown.fallback_used) == (["MUG", "POT", "TEA"], False)
    assert (codes(shown), texts(shown)) == (["personal"] * 3, ["Similar to what you looked at"] * 3)
    assert sources(shown) == [(0.0, 1.0)] * 3
    assert skus(recommend("personal", options=Options(visitor=ANNA, history="own"))) == []


def test_next_goes_on_from_what_this_session_did_last(version):
    teach_neighbours(version, "viewed", {"CUP": [("TEA", 1.0)], "MUG": [("POT", 1.0)], "BOWL": [("LAMP", 1.0)]})
    add_events([
        did("view", "CUP", days_ago=0.02, session_key=VISIT_KEY, user_key=ANNA_KEY),
        did("view", "MUG", days_ago=0.01, session_key=VISIT_KEY, user_key=ANNA_KEY),
        did("view", "BOWL", days_ago=3, user_key=ANNA_KEY),
    ])  # fmt: skip
    both = Options(visitor=Visitor(user_id="anna", session_id="visit"), fallback=False)
    shown = recommend("next", options=both)
    assert skus(shown) == ["POT", "TEA"]
    assert [round(item.score, 2) for item in shown] == [1.0, 0.8]
    alone = Options(visitor=ANNA, fallback=False)  # no session: what they were busy with last
    assert skus(recommend("next", options=alone)) == ["POT", "TEA", "LAMP"]


def test_again_is_ones_own_purchases_by_how_often_and_how_long_ago(version):
    """TEA twice, 120 and 240 days ago: .5 + .25; CUP once, 60 days ago: .707; POT once, 120 days ago: .5."""
    add_events([
        did("purchase", "TEA", days_ago=120, user_key=ANNA_KEY),
        did("purchase", "TEA", days_ago=240, user_key=ANNA_KEY),
        did("purchase", "CUP", days_ago=60, user_key=ANNA_KEY), did("purchase", "POT", days_ago=120, user_key=ANNA_KEY),
        did("view", "LAMP", user_key=ANNA_KEY), did("add_to_cart", "POT", user_key=ANNA_KEY),
    ])  # fmt: skip
    shown = recommend("again", options=Options(visitor=ANNA))
    assert skus(shown) == ["TEA", "CUP"]  # POT is in the cart
    assert [round(item.score, 3) for item in shown] == [1.0, 0.943]
    assert (texts(shown), sources(shown)) == (["You bought it before"] * 2, [(1.0, 0.0)] * 2)


def test_what_was_bought_carted_or_put_away_is_not_shown_again_for_a_while(version):
    teach_ranking(version, "popular", ["CUP", "MUG", "POT", "TEA", "BOWL", "LAMP"])
    add_events([
        did("purchase", "CUP", days_ago=29, user_key=ANNA_KEY), did("purchase", "LAMP", days_ago=31, user_key=ANNA_KEY),
        did("add_to_cart", "MUG", days_ago=1, user_key=ANNA_KEY),
        did("add_to_cart", "POT", days_ago=2, user_key=ANNA_KEY),
        did("remove_from_cart", "POT", days_ago=1, user_key=ANNA_KEY),
        did("dismiss", "TEA", days_ago=100, user_key=ANNA_KEY),
    ])  # fmt: skip
    shown = recommend("popular", options=Options(visitor=ANNA))
    assert sorted(skus(shown)) == ["BOWL", "LAMP", "POT"]
    assert skus(recommend("similar", anchors=["CUP"], options=Options(visitor=ANNA))) == [
        "MUG", "POT", "TEA", "BOWL", "LAMP"
    ]  # fmt: skip
    hidden = Options(visitor=ANNA, hide_known=True)
    assert skus(recommend("similar", anchors=["CUP"], options=hidden)) == ["POT", "BOWL", "LAMP"]
    assert len(recommend("popular", options=Options(visitor=ANNA, hide_known=False))) == 6
    with override_settings(KINDRED_HIDE_BOUGHT_DAYS=0, KINDRED_HIDE_CART_DAYS=0, KINDRED_HIDE_DISMISSED_DAYS=0):
        assert len(recommend("popular", options=Options(visitor=ANNA))) == 6


def test_nor_is_another_variant_of_what_was_bought(shelf):
    put(shelf, "SHIRT-RED", at_angle(80), variant_group="shirt")
    put(shelf, "SHIRT-BLUE", at_angle(81), variant_group="shirt")
    teach_ranking(make_version(), "popular", ["SHIRT-BLUE", "TEA"])
    add_events([did("purchase", "SHIRT-RED", session_key=VISIT_KEY)])
    assert skus(recommend("popular", limit=1, options=Options(visitor=VISIT))) == ["TEA"]


@pytest.mark.parametrize("consent", [Consent.ANALYTICS, Consent.NONE])
def test_without_consent_no_history_is_read(version, consent):
    teach_neighbours(version, "personal", {"CUP": [("TEA", 1.0)]})
    add_events([did("view", "CUP", user_key=ANNA_KEY, consent=consent)])
    assert skus(recommend("personal", options=Options(visitor=ANNA, fallback=False))) == []


def test_caps_hold_for_every_strategy(shelf, version):
    for number, brand in enumerate(["Halla", "Halla", "Birk", "", ""]):
        put(shelf, f"B{number}", at_angle(20 + number), brand=brand, category=f"C{number % 2}")
    rows = {"CUP": [(f"B{number}", 1 - number / 10) for number in range(5)]}
    teach_neighbours(version, "bundle", rows)
    one = Options(max_per_brand=1)
    assert skus(recommend("bundle", anchors=["CUP"], options=one)) == ["B0", "B2", "B3", "B4"]
    each = Options(max_per_category=1)
    assert skus(recommend("bundle", anchors=["CUP"], options=each)) == ["B0", "B1"]
    near = recommend("similar", anchors=["CUP"], limit=9, options=Options(max_per_brand=1, variants="show"))
    assert [sku for sku in skus(near) if sku.startswith("B") and sku != "BOWL"] == ["B0", "B2", "B3", "B4"]


def test_a_list_for_a_visitor_is_one_query_more(version, django_assert_num_queries):
    teach_neighbours(version, "personal", {"CUP": [("TEA", 1.0), ("POT", 0.5)]})
    add_events([did("view", "CUP", session_key=VISIT_KEY)])
    with django_assert_num_queries(3):
        assert len(recommend("personal", limit=2, options=Options(visitor=VISIT))) == 2
    teach_neighbours(version, "bundle", {"CUP": [("TEA", 1.0), ("POT", 0.5)]})
    with django_assert_num_queries(2):
        assert len(recommend("bundle", anchors=["CUP"], limit=2)) == 2


def test_a_users_key_is_the_pseudonym_of_events():
    assert isinstance(ANNA_KEY, UUID)


def test_similar_is_lifted_by_what_is_looked_at_together_where_that_is_proven_to_help(shelf):
    """MUG is at 10 degrees (.985), TEA at 30 (.866), BOWL at 40 (.766)."""
    version = make_version(settings={"similar_lift": 0.2})
    teach_neighbours(version, "viewed", {"CUP": [("TEA", 0.5), ("BOWL", 0.1)]})
    shown = recommend("similar", anchors=["CUP"], limit=4)
    assert skus(shown) == ["TEA", "MUG", "POT", "BOWL"]
    assert [round(item.score, 3) for item in shown] == [1.066, 0.985, 0.94, 0.806]
    assert [round(item.similarity, 3) for item in shown] == [0.866, 0.985, 0.94, 0.766]
    assert sources(shown)[:2] == [(0.1876, 0.8124), (0.0, 1.0)]
    assert skus(recommend("similar", anchors=["MUG"], limit=2)) == ["CUP", "POT"]  # nothing is known of it
    assert skus(recommend("similar", anchors=["CUP"], limit=1, options=Options(history="own"))) == ["MUG"]


def test_similar_goes_by_content_alone_where_nothing_is_proven(version):
    teach_neighbours(version, "viewed", {"CUP": [("TEA", 0.5)]})
    shown = recommend("similar", anchors=["CUP"], limit=2)
    assert (skus(shown), sources(shown)) == (["MUG", "POT"], [(0.0, 1.0)] * 2)
