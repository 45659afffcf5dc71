"""The board of a product: one click makes, changes or takes back a rule, and each can be undone."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from recommendations.curation.board import Click, decide, order_pins, read_board
from recommendations.curation.history import CannotUndo, change_rule, undo
from recommendations.curation.rule_change import RuleChange
from recommendations.models import Rule, SearchRule
from tests.recommendations.fitted_shelf import make_fitted_shelf
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db
PIN = {"deed": "pin"}


@pytest.fixture
def shelf() -> dict[str, Product]:
    """A, and four products ever further from it."""
    space = make_space()
    return {
        sku: put(space, sku, at_angle(10 * place), modalities=(FUSED, TEXT, IMAGE), is_active=True)
        for place, sku in enumerate("ABCDE")
    }


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss")


def shown(product: Product) -> list[str]:
    return [card.item.candidate.sku for card in read_board(product).cards]


def click(shelf: dict[str, Product], deed: str, sku: str, by: User, position: int = 1) -> object:
    return decide(shelf["A"], Click(deed, shelf[sku], position), strategy="similar", by=by)


def test_a_pin_stands_where_it_was_clicked_until_it_is_taken_back(shelf, boss):
    assert shown(shelf["A"]) == ["B", "C", "D", "E"]
    click(shelf, "pin", "E", boss, position=2)
    assert shown(shelf["A"]) == ["B", "E", "C", "D"]
    assert click(shelf, "pin", "E", boss, position=2) is None  # a double click, or a colleague's
    assert shown(shelf["A"]) == ["B", "E", "C", "D"]
    click(shelf, "back", "E", boss)
    assert shown(shelf["A"]) == ["B", "C", "D", "E"]
    assert not Rule.objects.exists()


def test_a_pin_that_is_clicked_at_another_place_moves(shelf, boss):
    click(shelf, "pin", "E", boss, position=1)
    click(shelf, "pin", "E", boss, position=3)
    assert shown(shelf["A"]) == ["B", "C", "E", "D"]
    assert Rule.objects.get().position == 3


@pytest.mark.parametrize(
    ("deed", "expected"),
    [("never", ["B", "D", "E"]), ("bury", ["B", "D", "E", "C"]), ("with", ["C", "B", "D", "E"])],
)
def test_each_deed_makes_its_rule_for_this_list_alone(shelf, boss, deed, expected):
    before = shown(shelf["B"])
    click(shelf, deed, "C", boss)
    assert shown(shelf["A"]) == expected
    assert shown(shelf["B"]) == before
    rule = Rule.objects.get()
    assert (rule.anchor, rule.target, rule.strategies) == (shelf["A"], shelf["C"], ["similar"])


def test_another_deed_takes_the_place_of_the_first_and_is_undone_with_it(shelf, boss):
    click(shelf, "bury", "C", boss)
    done = click(shelf, "never", "C", boss)
    assert [rule.kind for rule in Rule.objects.all()] == ["exclude"]
    undo(done, by=boss)
    assert [rule.kind for rule in Rule.objects.all()] == ["bury"]


def test_a_rule_for_other_lists_is_left_alone(shelf, boss):
    everywhere = Rule.objects.create(kind="exclude", target=shelf["C"])
    click(shelf, "pin", "C", boss)
    click(shelf, "back", "C", boss)
    assert click(shelf, "back", "C", boss) is None
    assert list(Rule.objects.all()) == [everywhere]


def test_dragging_pins_in_the_new_order(shelf, boss):
    click(shelf, "pin", "D", boss, position=1)
    click(shelf, "pin", "E", boss, position=2)
    done = order_pins(
        shelf["A"], [(shelf["E"].pk, 1), (shelf["D"].pk, 2), (shelf["C"].pk, 4)], strategy="similar", by=boss
    )
    assert shown(shelf["A"]) == ["E", "D", "B", "C"]
    undo(done, by=boss)
    assert shown(shelf["A"]) == ["D", "E", "B", "C"]


def test_what_is_left_out_is_listed_below_with_what_takes_it_back(shelf, boss):
    click(shelf, "never", "C", boss)
    (decision,) = read_board(shelf["A"]).decisions
    assert (decision.rule.target, decision.deed, decision.is_in_force) == (shelf["C"], "never", True)


def test_a_change_is_undone_once_and_not_over_a_later_one(shelf, boss):
    done = click(shelf, "pin", "E", boss, position=1)
    rule = Rule.objects.get()
    rule.position = 4
    change_rule(rule, rule.save, by=boss)
    with pytest.raises(CannotUndo, match="has been changed since"):
        undo(done, by=boss)
    assert Rule.objects.get().position == 4

    undo(RuleChange.objects.order_by("-id")[0].deed, by=boss)
    assert Rule.objects.get().position == 1
    with pytest.raises(CannotUndo, match="undone already"), CaptureQueriesContext(connection) as asked:
        undo(RuleChange.objects.order_by("-id")[1].deed, by=boss)
    assert any("FOR UPDATE" in one["sql"] for one in asked)  # of two who press at once the second waits, and is told


def test_a_deleted_rule_comes_back_as_it_was(shelf, boss):
    rule = Rule.objects.create(kind="boost", target_brand="Kumori", factor=3, note="Autumn", strategies=["visual"])
    done = change_rule(rule, rule.delete, by=boss).deed
    assert not Rule.objects.exists()
    undo(done, by=boss)
    back = Rule.objects.get()
    assert (back.kind, back.target_brand, back.factor, back.note, back.strategies) == (
        "boost", "Kumori", 3, "Autumn", ["visual"],
    )  # fmt: skip
    assert back.created_at is not None


def test_a_rule_whose_product_is_gone_does_not_come_back(shelf, boss):
    click(shelf, "pin", "E", boss)
    done = click(shelf, "back", "E", boss)
    shelf["E"].delete()
    with pytest.raises(CannotUndo, match="cannot come back"):
        undo(done, by=boss)
    assert not Rule.objects.exists()


def test_the_form_of_a_rule_and_its_deletion_are_in_the_history(shelf, admin_client, admin_user):
    admin_client.post(
        reverse("admin:recommendations_rule_add"),
        {"kind": "exclude", "target": shelf["C"].pk, "strategies": ["similar"], "factor": "1.5", "is_active": "on"},
    )
    rule = Rule.objects.get()
    admin_client.post(reverse("admin:recommendations_rule_delete", args=[rule.pk]), {"post": "yes"})
    made, deleted = RuleChange.objects.order_by("id")
    assert (made.before, made.by, made.after["target"]) == (None, admin_user, shelf["C"].pk)
    assert (deleted.before, deleted.after) == (made.after, None)
    page = admin_client.get(reverse("rule_changes")).content.decode()
    assert page.count("<form") >= 2
    admin_client.post(reverse("undo_rule_change"), {"deed": str(deleted.deed)})
    assert Rule.objects.get().pk == rule.pk


def test_the_page_of_a_product_shows_its_list_and_offers_the_deeds(shelf, admin_client):
    html = admin_client.get(reverse("admin:catalog_product_change", args=[shelf["A"].pk])).content.decode()
    assert html.count("data-position=") == 4
    assert 'aria-label="Pin here: B"' in html


def test_a_click_without_scripts_comes_back_with_an_offer_to_undo(shelf, admin_client):
    url = reverse("board_decide", args=[shelf["A"].pk])
    answer = admin_client.post(url, {"deed": "never", "target": shelf["C"].pk, "list": "similar"}, follow=True)
    html = answer.content.decode()
    assert "Done. Shoppers see it from now on." in html
    assert html.count("data-position=") == 3
    assert 'aria-label="Take back: C"' in html


@pytest.mark.parametrize(
    "sent", [{}, {"deed": "eat", "target": "1"}, {"deed": "pin", "target": "x"}, {"deed": "pin", "target": "9" * 30}]
)
def test_a_click_that_makes_no_sense_changes_nothing(shelf, admin_client, sent):
    assert admin_client.post(reverse("board_decide", args=[shelf["A"].pk]), sent).status_code == 400
    assert not Rule.objects.exists()


def test_a_product_is_not_recommended_beside_itself(shelf, admin_client):
    answer = admin_client.post(reverse("board_decide", args=[shelf["A"].pk]), {"deed": "pin", "target": shelf["A"].pk})
    assert answer.status_code == 400
    assert "never recommended beside itself" in answer.content.decode()


def test_who_may_look_may_not_decide(shelf, client):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(viewer)
    html = client.get(reverse("product_board", args=[shelf["A"].pk])).content.decode()
    assert html.count("data-position=") == 4
    assert "board-deeds" not in html
    sent = {"deed": "pin", "target": shelf["B"].pk}
    assert client.post(reverse("board_decide", args=[shelf["A"].pk]), sent).status_code == 403
    assert not Rule.objects.exists()


def test_the_button_of_what_is_done_takes_it_back(shelf, boss, admin_client):
    click(shelf, "pin", "E", boss, position=1)
    click(shelf, "pin", "D", boss, position=1)  # the newer one stands there, and E is pushed on
    html = admin_client.get(reverse("product_board", args=[shelf["A"].pk])).content.decode()
    said = re.findall(r'value="(\w+)" aria-pressed="\w+" aria-label="Pin here: (\w)"', html)
    assert sorted(said) == [("back", "D"), ("pin", "B"), ("pin", "C"), ("pin", "E")]


def test_changes_of_rules_about_searches_are_for_who_may_change_those(shelf, boss, client):
    rule = SearchRule(kind="exclude", query="mug", target=shelf["B"])
    done = change_rule(rule, rule.save, by=boss).deed
    editor = User.objects.create_user("editor", is_staff=True)
    editor.user_permissions.add(*Permission.objects.filter(codename__in=["view_rule", "change_rule"]))
    client.force_login(editor)
    assert str(done) not in client.get(reverse("rule_changes")).content.decode()
    assert client.post(reverse("undo_rule_change"), {"deed": str(done)}).status_code == 403
    assert SearchRule.objects.exists()


def test_undoing_leads_to_no_other_site(shelf, boss, admin_client):
    done = click(shelf, "pin", "E", boss)
    answer = admin_client.post(reverse("undo_rule_change"), {"deed": str(done), "next": "//evil.example/"})
    assert answer.url == reverse("rule_changes")


def test_why_two_are_similar_is_a_panel(admin_client):
    make_fitted_shelf()
    first, second = Product.objects.order_by("pk")[:2]
    html = admin_client.get(reverse("board_why", args=[first.pk, second.pk])).content.decode()
    assert "What the similarity is made of" in html
    assert 'class="why-text"' in html
