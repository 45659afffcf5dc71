"""The desk: its menu, its front, and pages that declare who may see them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone

from catalog.desk import front
from catalog.desk.front import Need, Tile, list_needs, list_tiles
from catalog.desk.menu import Entry, find_current
from catalog.desk.pages import PAGES
from catalog.models import Source
from catalog.sources.source_run import SourceRun
from embeddings.desk_figures import name_failures
from embeddings.models import EmbeddingSpace, PendingEmbedding
from recommendations.models import Vital
from tests.factories import ProductFactory
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


@pytest.fixture
def staff(client):
    """Log in somebody with the permissions of these names."""

    def log_in(*codenames: str):
        user = User.objects.create_user("somebody", is_staff=True)
        user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return log_in


def menu_of(client) -> list[str]:
    found = client.get("/admin/").context["menu"]
    return [entry.title for _label, entries in found for entry in entries]


def test_the_menu_has_what_a_user_may_open_and_nothing_else(staff):
    titles = menu_of(staff("view_product", "view_rule"))
    assert {"Products", "Rules", "Doctor", "History of rules"} <= set(titles)
    assert not {"Sources", "Users", "Text or picture", "Embedding spaces"} & set(titles)


def test_products_come_first_in_their_group(admin_client):
    groups = admin_client.get("/admin/").context["menu"]
    catalogue = next(entries for label, entries in groups if label == "Catalogue")
    assert [entry.title for entry in catalogue[:2]] == ["Products", "Categories"]


def test_the_entry_of_a_page_is_the_longest_that_its_address_begins_with():
    menu = [("All", [Entry("a", "/admin/a/"), Entry("ab", "/admin/a/b/"), Entry("c", "/admin/c/")])]
    assert find_current(menu, path="/admin/a/b/7/") == "/admin/a/b/"
    assert find_current(menu, path="/admin/x/") == ""


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_of_the_desk_is_shut_to_those_without_its_permission(staff, name):
    page = PAGES[name]
    kinds = re.findall("<([a-z]+):", page.route)
    args = [1 if kind == "int" else "load" for kind in kinds]
    client = staff()
    assert client.get(reverse(name, args=args)).status_code in {403}
    assert client.post(reverse(name, args=args)).status_code == 403


def test_the_front_says_what_waits_for_a_person_the_urgent_first(admin_client, monkeypatch):
    source = Source.objects.create(name="feed", kind="csv", address="https://shop.example/feed.csv", failures=2)
    source.runs.create(start="schedule", state=SourceRun.State.ASKING)
    product = ProductFactory()
    PendingEmbedding.objects.update_or_create(product=product, defaults={"retry_at": None, "reason": "Broken"})
    texts = [need.text for need in list_needs(User(is_superuser=True, is_active=True))]
    assert texts[0] == "The source feed waits for a decision."
    assert "The source feed could not be read, 2 times in a row." in texts
    assert "1 product could not be embedded and is in no list." in texts
    page = admin_client.get("/admin/").content.decode()
    assert all(text in page for text in texts)


def test_what_a_user_may_not_see_is_not_asked_for(monkeypatch):
    monkeypatch.setattr(front, "NEEDS", {"secret": ("auth.view_user", "", lambda: 1 / 0)})
    monkeypatch.setattr(front, "TILES", {})
    assert list_needs(User.objects.create_user("clerk", is_staff=True)) == []


def test_the_figures_are_those_of_the_shop(admin_client):
    put(make_space(), "A", (1.0, 0.0, 0.0), is_active=True)
    ProductFactory(is_active=False)
    for hours, value in ((2, 0.85), (1, 0.8)):
        vital = Vital.objects.create(kind="recall", value=value)
        Vital.objects.filter(pk=vital.pk).update(at=timezone.now() - timedelta(hours=hours))
    tiles = {tile.title: tile for tile in list_tiles(User(is_superuser=True, is_active=True))}
    assert (tiles["Products in the shop"].figure, tiles["Products in the shop"].note) == ("1", "of 2 in all")
    assert tiles["Embedded"].figure == "50%"
    assert tiles["Recall of the index"].figure == "80.0%"
    assert tiles["Time of a list"].figure == "–"
    assert "The index finds only 80.0% of what is nearest" in admin_client.get("/admin/").content.decode()


def test_a_space_that_was_never_fitted_needs_nobody(monkeypatch):
    monkeypatch.setattr("embeddings.spaces.lifecycle.MIN_FIT_PRODUCTS", 1)
    space = make_space()
    put(space, "A", (1.0, 0.0, 0.0))
    PendingEmbedding.objects.all().delete()
    assert list(name_failures()) == []  # a worker fits it by itself
    EmbeddingSpace.objects.update(fitted_on=1, status="live")
    monkeypatch.setattr("embeddings.spaces.lifecycle.SMALL_GROWTH", 1)
    assert [need.text for need in name_failures()] == [
        "The catalogue has outgrown the 1 products that space test was fitted on: there are 1. Add a space, build it, "
        "compare and promote it: nothing is encoded again."
    ]


def test_a_line_is_drawn_through_values():
    drawn = Template("{% load desk %}{% sparkline points %}").render(Context({"points": (0.0, 5.0, 10.0)}))
    assert 'points="0.0,45.0 120.0,24.0 240.0,3.0"' in drawn
    assert Template("{% load desk %}{% sparkline points %}").render(Context({"points": (3.0,)})) == ""


def test_every_registered_figure_and_need_says_who_may_see_it():
    for registered in (front.NEEDS, front.TILES):
        for permission, _part, _ask in registered.values():
            app, codename = permission.split(".")
            assert Permission.objects.filter(content_type__app_label=app, codename=codename).exists()


def test_needs_and_tiles_are_plain_values():
    assert Need(text="a", url="/").is_urgent is False
    assert Tile(title="a", figure="1").points == ()


def test_scripts_of_the_desk_take_no_log_in_page_for_an_answer():
    """Where a session is over, an answer leads to the log-in, which is a page as good as any to `fetch`."""
    apps = ("catalog", "embeddings", "recommendations")
    scripts = [path for app in apps for path in (ROOT / app).rglob("static/**/*.js")]
    texts = {path.name: path.read_text() for path in scripts}
    asking = {name: text for name, text in texts.items() if "const response = await fetch(" in text}
    forgetful = {
        name for name, text in asking.items() if text.count("await fetch(") > text.count("response.redirected")
    }
    assert forgetful == {"imports.js", "search.js"}  # one takes JSON alone, the other is on the shop's pages
