"""Who may do what in the admin: every route and every action, walked by role.

A new model, action or view of the admin fails here until its row is added to the tables below.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from celery.app.task import Task
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from api.models import ApiKey
from behaviour.experiments.experiment import Experiment
from behaviour.models import DailyTotal
from behaviour.retail.tables import CategoryPair, ShortStock
from behaviour.versions.version import Version
from catalog.models import DoctorDeed, Finding, Product, Source, ViewRecord, Wording
from embeddings.models import CatalogueMap, EmbeddingSpace, PendingEmbedding, ProductEmbedding
from recommendations.models import GoldenPair, Rule, SearchRule
from tests.behaviour.event_rows import add_events
from tests.behaviour.forecast_rows import make_forecast
from tests.factories import CategoryFactory, ProductAudioFactory, ProductFactory, ProductImageFactory
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db

OURS = {"api", "catalog", "embeddings", "recommendations", "behaviour", "auth"}
# Only the worker writes these rows, and shoppers.
READ_ONLY = {
    "behaviour.categorypair",
    "behaviour.forecast",
    "behaviour.shortstock",
    "behaviour.dailytotal",
    "catalog.sourcerun",
    "catalog.viewrecord",
    "embeddings.pendingembedding",
    "embeddings.productembedding",
    "behaviour.event",
    "behaviour.version",
}
# Staff write these on pages of their own: their forms are for looking, and rows may be taken out.
LOOKED_AT = {"recommendations.goldenpair"}
NEVER_DELETED = READ_ONLY | {"embeddings.embeddingspace"}  # a space is dropped, which is another action

# The permission that each action needs.
ACTIONS = {
    "api.apikey": {"revoke": "change", "delete_selected": "delete"},
    "auth.group": {"delete_selected": "delete"},
    "auth.user": {"delete_selected": "delete"},
    "behaviour.categorypair": {"delete_selected": "delete"},
    "behaviour.dailytotal": {"delete_selected": "delete"},
    "behaviour.experiment": {"delete_selected": "delete"},
    "behaviour.forecast": {"delete_selected": "delete"},
    "behaviour.shortstock": {"delete_selected": "delete"},
    "catalog.category": {"delete_selected": "delete"},
    "catalog.product": {
        "show_in_shop": "change",
        "hide_from_shop": "change",
        "export_listed": "view",
        "move_to_category": "change",
        "embed_again_now": "change",
        "delete_selected": "delete",
    },
    "catalog.productaudio": {"delete_selected": "delete"},
    "catalog.productimage": {"delete_selected": "delete"},
    "catalog.source": {"delete_selected": "delete"},
    "catalog.sourcerun": {"delete_selected": "delete"},
    "catalog.viewrecord": {"export_views": "view", "delete_selected": "delete"},
    "catalog.wording": {"delete_selected": "delete"},
    "embeddings.embeddingspace": {
        "build": "change",
        "promote": "change",
        "compare": "view",
        "drop": "change",
        "delete_selected": "delete",
    },
    "embeddings.pendingembedding": {"try_again": "change", "delete_selected": "delete"},
    "embeddings.productembedding": {"delete_selected": "delete"},
    "behaviour.event": {"delete_selected": "delete"},
    "behaviour.version": {"promote": "change", "compare": "view", "drop": "change", "delete_selected": "delete"},
    "recommendations.goldenpair": {"export": "view", "delete_selected": "delete"},
    "recommendations.rule": {"delete_selected": "delete"},
    "recommendations.searchrule": {"delete_selected": "delete"},
}
# Views of our own, and what they answer to a POST by each role that is let in at all.
VIEWS = {
    "import_begin": {"clerk": 403, "viewer": 403, "editor": 200, "owner": 200},
    "admin:embeddings_embeddingspace_roll_back": {"clerk": 403, "viewer": 403, "editor": 200, "owner": 200},
    "admin:behaviour_shortstock_approve": {"clerk": 403, "viewer": 403, "editor": 404, "owner": 404},
    "admin:behaviour_version_build": {"clerk": 403, "viewer": 403, "editor": 302, "owner": 302},
    "admin:behaviour_version_roll_back": {"clerk": 403, "viewer": 403, "editor": 302, "owner": 302},
    "golden_pairs_answer": {"clerk": 403, "viewer": 403, "editor": 400, "owner": 400},
    "golden_pairs_undo": {"clerk": 403, "viewer": 403, "editor": 302, "owner": 302},
    "golden_pairs_import": {"clerk": 403, "viewer": 403, "editor": 302, "owner": 302},
    "doctor_look_again": {"clerk": 403, "viewer": 403, "editor": 302, "owner": 302},
    "admin:rule_preview": {"clerk": 403, "viewer": 403, "editor": 200, "owner": 200},
}
# What a route answers to a GET and to a POST with nothing in it: a form that was sent empty comes back with its errors.
ROUTES = {
    "changelist": {"clerk": (403, 403), "viewer": (200, 200), "editor": (200, 200), "owner": (200, 200)},
    "add": {"clerk": (403, 403), "viewer": (403, 403), "editor": (200, 200), "owner": (200, 200)},
    "change": {"clerk": (403, 403), "viewer": (200, 403), "editor": (200, 200), "owner": (200, 200)},
    "delete": {"clerk": (403, 403), "viewer": (403, 403), "editor": (403, 403), "owner": (200, 200)},
    "history": {"clerk": (403, 403), "viewer": (200, 200), "editor": (200, 200), "owner": (200, 200)},
}


@pytest.fixture
def rows() -> dict[str, Model]:
    """One row of every table that the admin shows."""
    live, other = make_space(), make_space(name="other", live=False)
    product = put(live, "A", (1.0, 0.0, 0.0))
    source = Source.objects.create(name="feed", kind="csv", address="https://shop.example/feed.csv")
    PendingEmbedding.objects.all().delete()
    return {
        "api.apikey": ApiKey.objects.issue("app", scope="publishable")[0],
        "auth.group": Group.objects.create(name="merchandisers"),
        "auth.user": User.objects.create_user("somebody"),
        "behaviour.dailytotal": DailyTotal.objects.create(day="2026-03-10"),
        "behaviour.experiment": Experiment.objects.create(name="front", title="Front"),
        "behaviour.categorypair": CategoryPair.objects.create(first="Light", second="Table", orders=3, lift=1.5),
        "behaviour.forecast": make_forecast(product),
        "behaviour.shortstock": ShortStock.objects.create(product=product, per_day=1, noticed_at=timezone.now()),
        "catalog.category": CategoryFactory(),
        "catalog.product": ProductFactory(is_active=True),
        "catalog.productaudio": ProductAudioFactory(),
        "catalog.productimage": ProductImageFactory(),
        "catalog.source": source,
        "catalog.sourcerun": source.runs.create(start="dry_run"),
        "catalog.viewrecord": ViewRecord.objects.create(page="product_page", path="/products/A/", shown=["A"]),
        "catalog.wording": Wording.objects.create(kind="category", name="Mugs", language="zh", text="马克杯"),
        "embeddings.embeddingspace": other,
        "embeddings.pendingembedding": PendingEmbedding.objects.get_or_create(product=product)[0],
        "embeddings.productembedding": ProductEmbedding.objects.get(product=product),
        "behaviour.event": add_events([{"type": "click", "sku": "A"}])[0],
        "behaviour.version": Version.objects.create(
            name="night", status="ready", facts_until=timezone.now(), last_event_id=0
        ),
        "recommendations.goldenpair": GoldenPair.objects.create(first=product, second=ProductFactory()),
        "recommendations.rule": Rule.objects.create(kind="exclude", target_brand="Kumori"),
        "recommendations.searchrule": SearchRule.objects.create(kind="redirect", query="sale", url="/sale/"),
    }


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """The tasks that were sent to a worker."""
    names: list[str] = []
    monkeypatch.setattr(Task, "apply_async", lambda task, *_, **__: names.append(task.name))
    return names


@pytest.fixture
def as_role() -> Callable[[str], Client]:
    """Make somebody who is logged in, with the permissions of a role."""

    def log_in(role: str) -> Client:
        client = Client()
        if role != "anonymous":
            user = User.objects.create_user(role, is_staff=True, is_superuser=role == "owner")
            allowed = {"viewer": ["view_"], "editor": ["view_", "add_", "change_"]}.get(role, [])
            for start in allowed:
                user.user_permissions.add(*Permission.objects.filter(codename__startswith=start))
            client.force_login(user)
        return client

    return log_in


def registered() -> dict[str, ModelAdmin[Any]]:
    found = {model._meta.label_lower: model_admin for model, model_admin in admin.site._registry.items()}
    return {label: model_admin for label, model_admin in found.items() if label.split(".")[0] in OURS}


def read_all() -> dict[str, list[tuple[Any, ...]]]:
    """All that is stored, but for sessions."""
    tables = [model for model in apps.get_models() if model is not Session and model._meta.managed]
    return {model._meta.label: sorted(model.objects.values_list(), key=str) for model in tables}


def url_of(label: str, route: str, row: Model) -> str:
    of_row = [row.pk] if route in {"change", "delete", "history"} else []
    return reverse(f"admin:{label.replace('.', '_')}_{route}", args=of_row)


def act(client: Client, label: str, action: str, row: Model) -> None:
    """Post an action as the page would, the question answered."""
    data = {"action": action, ACTION_CHECKBOX_NAME: [row.pk], "confirmed": "yes", "post": "yes"}
    client.post(url_of(label, "changelist", row), data)


def test_the_tables_of_this_file_name_every_model_action_and_view():
    found = {
        label: {name for _, name, _ in model_admin._get_base_actions()} for label, model_admin in registered().items()
    }
    assert found == {label: set(actions) for label, actions in ACTIONS.items()}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", ["clerk", "viewer", "editor", "owner"])
def test_every_page_is_open_to_those_who_may(rows, sent, as_role, role, route):
    client = as_role(role)
    answered = {}
    for label, row in rows.items():
        url = url_of(label, route, row)
        answered[label] = (client.get(url).status_code, client.post(url).status_code)
    assert answered == {label: expected_of(label, route, role) for label in rows}


def expected_of(label: str, route: str, role: str) -> tuple[int, int]:
    shut = (label in READ_ONLY | LOOKED_AT and route == "add") or (label in NEVER_DELETED and route == "delete")
    if shut:
        return 403, 403
    seen, posted = ROUTES[route][role]
    if route == "change" and label in READ_ONLY | LOOKED_AT:
        return seen, 403
    if route == "change" and label == "embeddings.embeddingspace" and posted == 200:
        return seen, 302  # nothing in its form is required: it is saved as it is
    return seen, posted


@pytest.mark.parametrize("role", ["anonymous", "clerk", "viewer"])
def test_whoever_may_not_changes_nothing_by_any_page_view_or_action(rows, sent, as_role, role):
    client = as_role(role)
    before = read_all()
    for label, row in rows.items():
        for action in ACTIONS[label]:
            act(client, label, action, row)
        for route in ROUTES:
            client.post(url_of(label, route, row), {"post": "yes", "name": "changed", "title": "changed", "_save": "1"})
    for name in VIEWS:
        client.post(reverse(name), {"confirmed": "yes"})
    assert read_all() == before
    assert sent == []


@pytest.mark.parametrize("label", ACTIONS)
def test_an_action_is_offered_to_those_who_may(rows, as_role, label):
    for role, permissions in {"viewer": {"view"}, "editor": {"view", "change"}}.items():
        page = as_role(role).get(url_of(label, "changelist", rows[label]))
        listed = page.context["cl"]  # performance is a page of its own, not a list
        form = page.context["action_form"] if listed and listed.result_count else None
        offered = {value for value, _ in form.fields["action"].choices if value} if form else set()
        assert offered == {name for name, needed in ACTIONS[label].items() if needed in permissions}


@pytest.mark.parametrize("role", ["clerk", "viewer", "editor", "owner"])
def test_views_of_our_own_ask_for_permission(rows, sent, as_role, role):
    EmbeddingSpace.objects.filter(name="other").update(status="retired")
    client = as_role(role)
    answered = {name: client.post(reverse(name), {"kind": "exclude"}).status_code for name in VIEWS}
    assert answered == {name: expected[role] for name, expected in VIEWS.items()}
    # A page of the desk asks for the permission first.
    assert {client.get(reverse(name)).status_code for name in VIEWS} <= {403, 405}


# Pages of the desk about spaces: what they answer to a GET, or to a POST where that is all they take.
SPACE_PAGES = {
    "compare_spaces": ("get", {"clerk": 403, "viewer": 200, "editor": 200, "owner": 200}),
    "measure_spaces": ("post", {"clerk": 403, "viewer": 403, "editor": 302, "owner": 302}),
    "blind_test": ("get", {"clerk": 403, "viewer": 403, "editor": 200, "owner": 200}),
    "blind_vote": ("post", {"clerk": 403, "viewer": 403, "editor": 302, "owner": 302}),
    "blind_result": ("get", {"clerk": 403, "viewer": 200, "editor": 200, "owner": 200}),
}


@pytest.mark.parametrize("role", ["clerk", "viewer", "editor", "owner"])
def test_pages_about_spaces_ask_for_permission(rows, sent, as_role, role):
    client, before = as_role(role), read_all()
    answered = {name: getattr(client, method)(reverse(name)).status_code for name, (method, _) in SPACE_PAGES.items()}
    assert answered == {name: expected[role] for name, (_, expected) in SPACE_PAGES.items()}
    promote = reverse("admin:embeddings_embeddingspace_promote", args=[rows["embeddings.embeddingspace"].pk])
    assert client.post(promote).status_code == (200 if role in ("editor", "owner") else 403)
    if role in ("clerk", "viewer"):
        client.post(promote, {"confirmed": "yes"})
        assert read_all() == before
        assert sent == []


@pytest.mark.parametrize("name", ["doctor", "doctor_findings"])
def test_the_doctor_is_for_those_who_may_see_products(rows, as_role, name):
    url = reverse(name, args=[] if name == "doctor" else ["near_duplicate"])
    assert [as_role(role).get(url).status_code for role in ("anonymous", "clerk", "viewer")] == [302, 403, 200]


@pytest.mark.parametrize("name", ["doctor_act", "doctor_undo"])
def test_what_the_doctor_offers_is_for_those_who_may_change_products(rows, as_role, name):
    product = rows["catalog.product"]
    finding = Finding.objects.create(check_name="no_text", product=product)
    kept = DoctorDeed.objects.create(
        deed="hide", check_name="no_text", product=product, before={"id": product.pk, "is_active": True}
    )
    url, asked = reverse(name, args=["no_text"]), {"deed": "hide", "finding": finding.pk, "kept": kept.pk}
    roles = ("anonymous", "clerk", "viewer", "editor")
    assert [as_role(role).post(url, asked).status_code for role in roles] == [302, 403, 403, 302]


def test_an_editor_hides_a_product_and_shows_it_again(rows, as_role):
    client, product = as_role("editor"), rows["catalog.product"]
    for action, shown in (("hide_from_shop", False), ("show_in_shop", True)):
        act(client, "catalog.product", action, product)
        assert Product.objects.get(pk=product.pk).is_active is shown


def test_a_deed_that_cannot_be_undone_is_asked_about_first(rows, as_role):
    client, space, key = as_role("editor"), rows["embeddings.embeddingspace"], rows["api.apikey"]
    before = read_all()
    questions = [
        ask(client, "embeddings.embeddingspace", "promote", space),
        ask(client, "embeddings.embeddingspace", "drop", space),
        ask(client, "api.apikey", "revoke", key),
    ]
    assert [page.context["title"] for page in questions] == [
        "Serve the space other from now on?",
        "Drop the space other?",
        "Revoke app?",
    ]
    assert "its vectors of 0 products are deleted" in questions[1].content.decode()
    assert read_all() == before

    act(client, "embeddings.embeddingspace", "drop", space)
    assert not EmbeddingSpace.objects.filter(name="other").exists()


def test_rolling_back_asks_first(rows, as_role):
    space = rows["embeddings.embeddingspace"]
    EmbeddingSpace.objects.filter(pk=space.pk).update(status="retired")
    PendingEmbedding.objects.all().delete()
    Product.objects.all().delete()
    client, url = as_role("editor"), reverse("admin:embeddings_embeddingspace_roll_back")
    assert client.post(url).context["title"] == "Serve the space other from now on?"
    assert EmbeddingSpace.objects.live().name == "test"
    client.post(url, {"confirmed": "yes"})
    assert EmbeddingSpace.objects.live().name == "other"


def ask(client: Client, label: str, action: str, row: Model) -> Any:
    return client.post(url_of(label, "changelist", row), {"action": action, ACTION_CHECKBOX_NAME: [row.pk]})


def test_the_map_is_for_those_who_may_see_products(rows, as_role):
    shown = CatalogueMap.objects.create(space=EmbeddingSpace.objects.live(), method="umap", is_complete=True)
    addresses = [
        reverse("map"),
        reverse("map_points", args=[shown.pk, 0]),
        reverse("map_picture", args=[shown.pk, 0]),
        reverse("map_products") + "?ids=1",
        reverse("map_find") + "?q=A",
    ]
    CatalogueMap.objects.update(points=gzip.compress(b"\0" * 8))
    for role, expected in {"anonymous": 302, "clerk": 403, "viewer": 200}.items():
        client = as_role(role)
        assert {url: client.get(url).status_code for url in addresses} == dict.fromkeys(addresses, expected)
        assert {client.post(url).status_code for url in addresses} == {405 if role == "viewer" else expected}
