"""Versions in the admin: seen with how far they are, promoted once it is meant, built by the worker."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from behaviour.versions.building import hold_build
from behaviour.versions.version import Version
from tests.behaviour.version_rows import add_version

pytestmark = pytest.mark.django_db
VERSIONS = "/admin/behaviour/version/"


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """The versions that the worker was asked to build."""
    names: list[str] = []
    monkeypatch.setattr("behaviour.versions.admin.build_version.delay", names.append)
    return names


def act(client, action: str, *versions: Version, confirmed: str = "yes") -> str:
    data = {"action": action, "_selected_action": [version.pk for version in versions], "confirmed": confirmed}
    return read(client.post(VERSIONS, data, follow=True))


def read(page) -> str:
    return " ".join(str(message) for message in page.context["messages"])


def test_the_list_shows_each_version_with_its_figures_and_how_far_it_is(admin_client):
    figures = {"facts": {"orders": 12345, "views": 6}, "validation": {"hit@10": 0.25}}
    add_version(name="first", figures=figures)
    progress = {"stage": "bundle", "done": 1, "total": 4, "at": timezone.now().isoformat()}
    add_version(name="second", status="building", progress=progress)
    page = admin_client.get(VERSIONS).content.decode()
    assert '<td class="field-learned_from">Bought: 12,345<br>Looked at: 6</td>' in page
    assert '<td class="field-measured">hit@10: 0.250</td>' in page
    assert 'Building: Bought in one order 1 of 4 <progress value="0.250" max="1">' in page
    assert "data-at-work" in page


def test_a_promotion_asks_first_and_names_what_speaks_against_it(admin_client):
    add_version(name="first", figures={"validation": {"hit@10": 0.3}})
    figures = {"validation": {"hit@10": 0.2}, "validation_of_live": {"hit@10": 0.3}}
    second = add_version(name="second", status="ready", figures=figures)
    page = admin_client.post(VERSIONS, {"action": "promote", "_selected_action": [second.pk]}).content.decode()
    assert "Serve the version second from now on?" in page
    assert "hit@10 is 0.200, with the settings of first 0.300." in page
    assert Version.objects.live().name == "first"
    assert act(admin_client, "promote", second) == "second is live; first can be rolled back to."
    assert Version.objects.live() == second


def test_a_roll_back_asks_first_and_says_who_is_live_again(admin_client):
    add_version(name="first", status="retired", retired_at=timezone.now())
    add_version(name="second")
    assert "Roll back to first" in admin_client.get(VERSIONS).content.decode()
    assert "Serve the version first from now on?" in admin_client.post(f"{VERSIONS}roll-back/").content.decode()
    assert Version.objects.live().name == "second"
    page = admin_client.post(f"{VERSIONS}roll-back/", {"confirmed": "yes"}, follow=True)
    assert read(page) == "first is live again."


def test_build_now_has_the_worker_build_a_version_of_all_events(admin_client, sent):
    page = admin_client.post(f"{VERSIONS}build/", follow=True)
    version = Version.objects.get()
    assert sent == [version.name]
    assert read(page) == f"{version.name} is built by the worker; this page shows how far it is."
    admin_client.post(f"{VERSIONS}build/")
    assert sent == [version.name] * 2  # what waits or was interrupted is gone on with
    assert Version.objects.count() == 1


def test_nothing_is_built_beside_another_build(admin_client, sent):
    with hold_build("spring"):
        page = admin_client.post(f"{VERSIONS}build/", follow=True)
    assert read(page).startswith("A version is built already: version spring, process ")
    assert (sent, Version.objects.count()) == ([], 0)


def test_a_comparison_says_what_the_lists_share(admin_client):
    rows = {("bundle", 1): [(2, 1.0, 1.0), (3, 0.5, 1.0)]}
    add_version(name="first", neighbours=rows)
    other = add_version(name="second", status="ready", neighbours={("bundle", 1): [(2, 1.0, 1.0), (4, 0.5, 1.0)]})
    assert act(admin_client, "compare", other) == (
        "Of the first 10 neighbours, second shares with first: Bought in one order 50%, Lacking in a cart with it 0%, "
        "Looked at in one session 0%, For whoever has looked at or bought it 0%."
    )


def test_a_version_is_dropped_once_it_is_meant(admin_client):
    add_version(name="first")
    second = add_version(name="second", status="retired")
    assert act(admin_client, "drop", second) == "second is gone."
    assert list(Version.objects.values_list("name", flat=True)) == ["first"]


def test_who_may_only_look_changes_nothing(client, sent):
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_version"))
    client.force_login(staff)
    add_version(name="first", status="retired")
    add_version(name="second")
    page = client.get(VERSIONS).content.decode()
    assert "Build now" not in page
    assert "Roll back" not in page
    assert client.post(f"{VERSIONS}build/").status_code == 403
    assert client.post(f"{VERSIONS}roll-back/", {"confirmed": "yes"}).status_code == 403
    assert (sent, Version.objects.live().name) == ([], "second")


def test_a_version_is_shown_with_all_that_is_known_of_it(admin_client):
    version = add_version(name="first", settings={"seed": 3}, figures={"rows": {"bundle": 2000}})
    page = admin_client.get(f"{VERSIONS}{version.pk}/change/").content.decode()
    assert "Bought in one order: 2,000" in page
    assert '<th scope="row">seed</th><td>3</td>' in page


def test_what_validation_measures_is_said_in_words_in_chinese_too(admin_client):
    tasks = dict.fromkeys(("bundle", "cart", "personal", "next"), 0.25)
    add_version(name="first", figures={"validation": tasks})
    page = admin_client.get(VERSIONS, headers={"Accept-Language": "zh-hans"}).content.decode()
    [said] = re.findall(r'<td class="field-measured">(.*?)</td>', page)
    assert said.split("<br>") == [
        "同一订单中购买: 0.250",
        "购物车中还缺的: 0.250",
        "给浏览或购买过它的人: 0.250",
        "顾客的下一张订单: 0.250",
    ]
