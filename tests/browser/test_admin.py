"""What staff do on a page of the admin is not thrown away by the page."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import Page, expect

from embeddings.models import EmbeddingSpace
from tests.recommendations.shelf import make_space


def log_in(page: Page, url: str) -> None:
    user = User.objects.create_superuser("boss")
    session = SessionStore()
    session.update({"_auth_user_id": str(user.pk), "_auth_user_hash": user.get_session_auth_hash()})
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session.save()
    page.context.add_cookies([{"name": "sessionid", "value": session.session_key, "url": url}])


def report(space: EmbeddingSpace, done: int) -> None:
    space.status = EmbeddingSpace.Status.BUILDING
    space.progress = {"stage": "embedding", "done": done, "total": 40, "at": timezone.now().isoformat()}
    space.save()


def test_a_build_is_followed_while_what_staff_have_ticked_stays(live_server, page: Page):
    live, space = make_space(), make_space(name="second", live=False)
    report(space, 10)
    log_in(page, live_server.url)
    page.clock.install()
    page.goto(f"{live_server.url}/admin/embeddings/embeddingspace/")
    box = page.get_by_role("row", name="second").get_by_role("checkbox")
    box.check()
    page.get_by_label("Action:").select_option("compare")

    report(space, 20)
    page.clock.fast_forward(4_000)

    expect(page.get_by_text("embedding 20 of 40")).to_be_visible()
    assert box.is_checked()
    assert page.get_by_label("Action:").input_value() == "compare"
    assert live.name in page.content()
