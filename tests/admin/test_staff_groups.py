"""What each group of staff may do: every page, form and action of the admin, walked by group.

A new model or page fails here until it is decided who may open it.
"""

from __future__ import annotations

import importlib

import pytest
from celery.app.task import Task
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from behaviour.staff_groups import GROUPS, make_groups
from catalog.desk.pages import PAGES
from tests.admin.test_permissions import ACTIONS, LOOKED_AT, act, read_all, registered, rows, url_of  # noqa: F401  rows: a fixture

pytestmark = pytest.mark.django_db

# Beside looking, by model: v is looking itself, where not everybody may; a, c, d: add, change, delete.
NOBODY = {"auth.group", "auth.user"}
RIGHTS = {
    "viewer": {},
    "merchandiser": {
        "catalog.product": "acd", "catalog.productimage": "acd", "catalog.productaudio": "acd",
        "catalog.category": "acd", "catalog.source": "c", "catalog.wording": "acd",
        "recommendations.rule": "acd", "recommendations.searchrule": "acd", "embeddings.pendingembedding": "c",
        "embeddings.embeddingspace": "c", "behaviour.shortstock": "c", "recommendations.goldenpair": "acd",
    },
    "analyst": {"behaviour.experiment": "acd", "behaviour.event": "v", "recommendations.goldenpair": "acd"},
    "operator": {
        "api.apikey": "vacd", "catalog.source": "acd", "embeddings.embeddingspace": "ac",
        "embeddings.pendingembedding": "c", "behaviour.version": "c", "behaviour.event": "v",
    },
}  # fmt: skip
ANEW = "embed_again_now"  # an action on products, and a right on what waits
SHUT = {
    "api.apikey",
    "behaviour.event",
    "catalog.viewrecord",
    *NOBODY,
}  # who has no right of their own does not even look
LETTERS = {"view": "v", "add": "a", "change": "c", "delete": "d"}


@pytest.fixture
def member(monkeypatch):
    """Log in a member of a group."""
    monkeypatch.setattr(Task, "apply_async", lambda *_, **__: None)
    make_groups(apps)

    def log_in(group: str) -> Client:
        user = User.objects.create_user(group, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(user)
        return client

    return log_in


def rights_of(group: str, label: str) -> str:
    own = RIGHTS[group].get(label, "")
    return own if label in SHUT else f"v{own}"


def test_a_migration_makes_them():
    migration = importlib.import_module("behaviour.migrations.0010_staff_groups")
    Group.objects.all().delete()
    migration.make_groups(apps)
    assert set(Group.objects.values_list("name", flat=True)) == {"viewer", "merchandiser", "analyst", "operator"}


def test_a_group_of_that_name_keeps_what_it_has():
    Group.objects.all().delete()
    group = Group.objects.create(name="viewer")
    extra = importlib.import_module("django.contrib.auth.models").Permission.objects.get(codename="add_user")
    group.permissions.add(extra)
    make_groups(apps)
    assert extra in group.permissions.all()
    assert group.permissions.count() > 10


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_opens_what_it_may_and_nothing_else(rows, member, group):  # noqa: F811
    client = member(group)
    found, expected = {}, {}
    for label, row in rows.items():
        rights = rights_of(group, label)
        model_admin = registered()[label]
        adds = (
            "a" in rights
            and label not in LOOKED_AT
            and model_admin.has_add_permission.__qualname__.split(".")[0] != "ReadOnlyAdmin"
        )
        found[label] = tuple(
            client.get(url_of(label, route, row)).status_code for route in ("changelist", "add", "change", "delete")
        )
        deletes = "d" in rights
        expected[label] = (
            200 if rights else 403, 200 if adds else 403, 200 if rights else 403, 200 if deletes else 403,
        )  # fmt: skip
    assert found == expected


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_is_offered_the_actions_it_may_use(rows, member, group):  # noqa: F811
    client = member(group)
    for label, row in rows.items():
        rights = rights_of(group, label)
        if not rights:
            continue
        page = client.get(url_of(label, "changelist", row))
        listed = page.context["cl"]
        form = page.context["action_form"] if listed and listed.result_count else None
        offered = {value for value, _ in form.fields["action"].choices if value} if form else set()
        expected = {name for name, needed in ACTIONS[label].items() if LETTERS[needed] in rights} - {ANEW}
        if label == "catalog.product" and "c" in rights_of(group, "embeddings.pendingembedding"):
            expected.add(ANEW)
        assert offered == expected, label


@pytest.mark.parametrize("group", GROUPS)
def test_each_page_of_the_desk_opens_to_the_groups_that_have_its_permission(member, group):
    client = member(group)
    user = User.objects.get(username=group)
    for page in PAGES.values():
        if page.title:
            expected = 200 if user.has_perm(page.permission) else 403
            assert client.get(reverse(page.name)).status_code == expected, page.name


def test_a_viewer_changes_nothing_by_any_action(rows, member):  # noqa: F811
    client = member("viewer")
    before = read_all()
    for label, row in rows.items():
        for action in ACTIONS[label]:
            act(client, label, action, row)
    assert read_all() == before
