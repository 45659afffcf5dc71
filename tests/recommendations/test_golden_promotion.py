"""A promotion in the admin that the gate objects to: refused to most, and asked about with a reason of a superuser."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from embeddings.models import EmbeddingSpace
from tests.recommendations.golden_rows import judge, make_user
from tests.recommendations.shelf import at_angle, embed, make_space, put

pytestmark = pytest.mark.django_db

SPACES = "/admin/embeddings/embeddingspace/"


@pytest.fixture
def other(settings, monkeypatch) -> EmbeddingSpace:
    """A space that turns round what staff say, beside a live one that is right."""
    settings.KINDRED_PROMOTION_GATE = "golden"
    settings.KINDRED_PROMOTION_PAIRS = 5
    monkeypatch.setattr("embeddings.spaces.lifecycle.count_unready", lambda space: 0)
    live, other = make_space(), make_space(name="other", live=False)
    for number in range(12):
        product = put(live, f"P{number}", at_angle(10 * number))
        embed(other, product, at_angle(0 if number == 0 else 10 * (12 - number)))
    for number in range(1, 12):
        judge("P0", f"P{number}", 2 if number < 4 else 1 if number < 8 else 0)
    return other


@pytest.fixture
def editor(client: Client) -> Client:
    user = make_user("editor")
    user.user_permissions.add(*Permission.objects.filter(codename__endswith="_embeddingspace"))
    client.force_login(user)
    return client


def promote(client: Client, space: EmbeddingSpace, **fields: str):
    return client.post(SPACES, {"action": "promote", "_selected_action": [space.pk], **fields}, follow=True)


def said(page) -> str:
    return " ".join(str(message) for message in page.context["messages"])


def test_who_is_no_superuser_is_told_why_and_gets_no_further(other, editor):
    for fields in ({}, {"confirmed": "yes"}, {"confirmed": "yes", "reason": "because"}):
        page = promote(editor, other, **fields)
        assert said(page).startswith("other is worse than test: of two golden pairs")
        assert EmbeddingSpace.objects.live().name == "test"


def test_a_superuser_reads_the_objection_and_says_why_all_the_same(other, admin_client):
    question = promote(admin_client, other)
    content = question.content.decode()
    assert "other is worse than test: of two golden pairs" in content
    assert 'name="reason" required' in content
    page = promote(admin_client, other, confirmed="yes", reason=" ")
    assert said(page).startswith("other is worse than test")
    assert EmbeddingSpace.objects.live().name == "test"
    page = promote(admin_client, other, confirmed="yes", reason="the old encoder is withdrawn")
    assert said(page) == "other is live; test can be rolled back to."
    other.refresh_from_db()
    assert other.report["promotion"]["reason"] == "the old encoder is withdrawn"


def test_what_nothing_is_objected_to_is_asked_about_without_a_reason(other, admin_client, settings):
    settings.KINDRED_PROMOTION_GATE = ""
    assert 'name="reason"' not in promote(admin_client, other).content.decode()
    promote(admin_client, other, confirmed="yes", reason="none is needed")
    other.refresh_from_db()
    assert (other.status, other.report) == ("live", {})


def test_going_back_is_asked_about_without_an_objection(other, admin_client):
    promote(admin_client, other, confirmed="yes", reason="to try it")
    question = admin_client.post(f"{SPACES}roll-back/")
    assert "golden pairs" not in question.content.decode()
    admin_client.post(f"{SPACES}roll-back/", {"confirmed": "yes"})
    assert EmbeddingSpace.objects.live().name == "test"
