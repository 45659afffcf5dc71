"""The doctor holds products up to their neighbours: doubles, odd prices and categories, mixed groups, the unseen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.doctor import rounds
from catalog.doctor.checks import CHECKS
from catalog.doctor.deeds import DEEDS, Asked, DeedError, do_deed, undo_deed
from catalog.models import Category, DistinctPair, Finding, Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from embeddings.models import EmbeddingSpace
from recommendations.doctor import neighbourhoods
from recommendations.doctor.listed import ListedProduct
from recommendations.models import Rule, RuleChange
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db
LAMPS, MUGS = "Lighting/Lamps", "Kitchen/Mugs"


@pytest.fixture
def space() -> EmbeddingSpace:
    return make_space()


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", is_staff=True)


def look() -> None:
    rounds.ask_for_round()
    rounds.examine_due(budget_s=60)


def listed(name: str) -> list[str]:
    found = Finding.objects.open().filter(check_name=name).order_by("product__sku")
    return list(found.values_list("product__sku", flat=True))


def put_mugs(space: EmbeddingSpace, count: int = 12, **fields) -> list[Product]:
    """Mugs around 0 degrees, a degree apart, of 10 to 21 euros."""
    usual = {"category": MUGS, "currency": "EUR"}
    return [
        put(space, f"MUG-{number:02}", at_angle(number), **usual | {"price": Decimal(10 + number)} | fields)
        for number in range(count)
    ]


def test_two_listings_of_one_product_are_found_as_a_pair_the_older_first(space):
    every = [FUSED, TEXT, IMAGE]
    older = put(space, "OLD", [1.0, 0.0, 0.0], modalities=every)
    newer = put(space, "NEW", [0.99, 0.0, 0.14], modalities=every)
    put(space, "BOWL", [0.0, 1.0, 0.0], modalities=every)
    look()
    (finding,) = Finding.objects.filter(check_name="near_duplicate")
    assert (finding.product, finding.other, finding.details) == (older, newer, {"text": 0.99, "image": 0.99})
    assert CHECKS["near_duplicate"].describe(finding.details) == "Alike: texts 0.99, pictures 0.99 of 1"
    rounds.examine([newer.pk], until=float("inf"))  # from the other side it is the same one
    assert Finding.objects.filter(check_name="near_duplicate").count() == 1


def test_two_that_are_not_the_same_are_found_no_more(space):
    every = [FUSED, TEXT, IMAGE]
    older = put(space, "OLD", [1.0, 0.0, 0.0], modalities=every)
    newer = put(space, "NEW", [0.99, 0.0, 0.14], modalities=every)
    look()
    DistinctPair.objects.create(first=older, second=newer)
    look()
    assert listed("near_duplicate") == []


def test_a_price_far_from_those_of_its_neighbours_is_found_in_its_currency(space):
    put_mugs(space)
    put(space, "ODD", at_angle(5.5), price=Decimal("1590.00"), currency="EUR", category=MUGS)
    put(space, "YEN", at_angle(6.5), price=Decimal("1590.00"), currency="JPY", category=MUGS)
    look()
    assert listed("odd_price") == ["ODD"]
    finding = Finding.objects.get(check_name="odd_price")
    assert (finding.about, finding.details["usual"]) == ("1590.00 EUR", 15.49)
    assert len(finding.details["beside"]) == 3
    assert CHECKS["odd_price"].describe(finding.details) == (
        "It costs 1590.00 EUR, 102.6 times what is usual around it: 15.49."
    )
    Product.objects.filter(sku="ODD").update(price=Decimal("15.90"))
    look()
    assert listed("odd_price") == []


def test_to_ignore_one_price_does_not_silence_the_next(space):
    put_mugs(space)
    put(space, "ODD", at_angle(5.5), price=Decimal("1590.00"), currency="EUR", category=MUGS)
    look()
    Finding.objects.filter(check_name="odd_price").update(ignored_at=timezone.now())
    Product.objects.filter(sku="ODD").update(price=Decimal("0.10"))
    look()
    assert listed("odd_price") == ["ODD"]
    finding = Finding.objects.open().get(check_name="odd_price")
    assert CHECKS["odd_price"].describe(finding.details).startswith("It costs 0.10 EUR; around it 15.49 is usual")


def test_a_mug_that_sits_in_lighting_is_found_and_moves_to_the_mugs(space, ann):
    put_mugs(space)
    put(space, "LOST", at_angle(5.5), category=LAMPS)
    put(space, "NOWHERE", at_angle(6.5))
    look()
    assert listed("odd_category") == ["LOST", "NOWHERE"]
    finding = Finding.objects.get(check_name="odd_category", product__sku="LOST")
    assert CHECKS["odd_category"].describe(finding.details) == (
        "It sits in Lighting/Lamps; 100% of what is like it in Kitchen/Mugs."
    )
    kept = do_deed(DEEDS["move_category"], finding, Asked(ann))
    assert Product.objects.get(sku="LOST").category.path == MUGS
    look()
    assert listed("odd_category") == ["NOWHERE"]
    undo_deed(kept, user=ann)
    assert Product.objects.get(sku="LOST").category.path == LAMPS


def test_few_neighbours_say_nothing_of_a_category_or_a_price(space):
    put_mugs(space, 5)
    put(space, "LOST", at_angle(5.5), category=LAMPS, price=Decimal(1590), currency="EUR")
    look()
    assert (listed("odd_category"), listed("odd_price")) == ([], [])


def test_a_variant_unlike_its_group_is_found(space):
    put_mugs(space)
    for sku, angle in (("RED", 90), ("BLUE", 91), ("LOST", 5.5)):
        put(space, sku, at_angle(angle), variant_group="BOWL")
    look()
    assert listed("mixed_variants") == ["LOST"]
    finding = Finding.objects.get(check_name="mixed_variants")
    assert CHECKS["mixed_variants"].describe(finding.details) == (
        "It is unlike the others of its group BOWL: 0.10, while other designs reach 1.00."
    )
    assert [deed for deed in CHECKS["mixed_variants"].deeds if DEEDS[deed].fits(finding)] == ["leave_group", "hide"]


def test_two_groups_that_interleave_are_found_even_where_one_reaches_beyond_the_slice(space, monkeypatch):
    monkeypatch.setattr(rounds, "SLICE", 1)
    for number, angle in enumerate((0, 40, 80)):
        put(space, f"A{number}", at_angle(angle), variant_group="A")
        put(space, f"B{number}", at_angle(angle + 1), variant_group="B")
    look()
    found = Finding.objects.filter(check_name="mixed_variants").order_by("product__sku")
    assert list(found.values_list("product__sku", "about")) == [("A0", "A + B"), ("B0", "B + A")]
    assert [deed for deed in CHECKS["mixed_variants"].deeds if DEEDS[deed].fits(found[0])] == ["join_groups", "hide"]


def age(**filters) -> None:
    Product.objects.filter(**filters).update(created_at=timezone.now() - timedelta(days=2))


@pytest.fixture
def crowd(space) -> EmbeddingSpace:
    """Fourteen mugs that are near each other, and LONELY, far from all of them."""
    put_mugs(space, 14)
    put(space, "LONELY", at_angle(120), category=MUGS)
    age()
    return space


def test_what_is_among_the_twelve_nearest_of_nobody_is_found_at_the_end_of_the_round(crowd):
    look()
    assert listed("unlisted") == ["LONELY"]
    assert ListedProduct.objects.count() == 14


def test_a_variant_of_what_is_listed_is_listed_too(crowd):
    Product.objects.filter(sku__in=["LONELY", "MUG-05"]).update(variant_group="SET")
    look()
    assert listed("unlisted") == []


@pytest.mark.parametrize("change", ["new", "without a vector", "hidden"])
def test_what_could_be_on_no_list_yet_is_not_found(crowd, change):
    lonely = Product.objects.filter(sku="LONELY")
    if change == "new":
        lonely.update(created_at=timezone.now() + timedelta(seconds=5))
    elif change == "hidden":
        lonely.update(is_active=False)
    else:
        crowd.embeddings.filter(product__sku="LONELY").delete()
    look()
    assert listed("unlisted") == []


def test_to_look_at_a_product_out_of_its_turn_says_nothing_of_lists(crowd):
    look()
    rounds.examine([Product.objects.get(sku="LONELY").pk], until=float("inf"))
    assert listed("unlisted") == ["LONELY"]


def test_a_boost_in_its_category_brings_it_into_lists_until_it_is_undone(crowd, ann):
    look()
    kept = do_deed(DEEDS["boost"], Finding.objects.get(check_name="unlisted"), Asked(ann))
    rule = Rule.objects.get()
    assert (rule.kind, rule.target.sku, rule.anchor_category.path, rule.factor) == ("boost", "LONELY", MUGS, 1.5)
    rule.full_clean()
    look()
    assert listed("unlisted") == []
    undo_deed(kept, user=ann)
    assert not Rule.objects.exists()
    assert list(RuleChange.objects.order_by("pk").values_list("rule_id", "by")) == [(rule.pk, ann.pk)] * 2


def test_without_a_category_there_is_nothing_to_boost_it_in(crowd, ann):
    Product.objects.filter(sku="LONELY").update(category=None)
    look()
    with pytest.raises(DeedError):
        do_deed(DEEDS["boost"], Finding.objects.get(check_name="unlisted"), Asked(ann))


def test_what_was_listed_in_an_earlier_round_alone_is_listed_no_more(crowd):
    look()
    ListedProduct.objects.update(listed_at=timezone.now() - timedelta(days=1))
    ListedProduct.objects.create(
        product=Product.objects.get(sku="LONELY"), listed_at=timezone.now() - timedelta(days=1)
    )
    look()
    assert listed("unlisted") == ["LONELY"]
    assert ListedProduct.objects.count() == 14


def test_without_a_live_space_nothing_is_compared(db):
    make_space(live=False)
    Product.objects.create(sku="A", title="A", description="A mug.")
    look()
    assert set(Finding.objects.values_list("check_name", flat=True)) == {"no_picture"}


def test_neighbours_are_read_once_for_all_checks_of_a_slice(space, monkeypatch):
    asked = []
    real = neighbourhoods.read_near
    monkeypatch.setattr(neighbourhoods, "read_near", lambda ids: asked.append(len(ids)) or real(ids))
    put_mugs(space)
    look()
    assert asked == [12]
    assert Category.objects.filter(path=MUGS).count() == 1
