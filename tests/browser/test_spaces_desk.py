"""Spaces on the desk: compared, voted on blindly, promoted and returned from, with clicks counted from the front."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from embeddings.models import EmbeddingSpace
from recommendations.models import BlindVote
from tests.browser.clicks import MOST_CLICKS, Clicks
from tests.browser.test_admin import log_in
from tests.recommendations.space_rows import fill_pair


def test_two_spaces_are_compared_with_pictures_by_one_click(live_server, page: Page):
    fill_pair()
    clicks = Clicks(page, live_server.url)
    clicks.menu("Compare spaces")
    expect(page.get_by_role("heading", name="Compare spaces")).to_be_visible()
    expect(page.get_by_text("of 8 in both")).to_have_count(8)
    expect(page.get_by_text("▲ up").first).to_be_visible()
    assert clicks.count == 1


def test_a_space_is_promoted_by_three_clicks_and_returned_from_by_one_more(live_server, page: Page):
    fill_pair()  # its products wait in the queue, which holds up no promotion
    clicks = Clicks(page, live_server.url)
    clicks.menu("Compare spaces")
    clicks.on(page.get_by_role("button", name="Promote next …"))
    expect(page.get_by_role("heading", name="Serve the space next from now on?")).to_be_visible()
    clicks.on(page.get_by_role("button", name="Yes, I’m sure"))
    expect(page.get_by_text("Next is live; live can be rolled back to.")).to_be_visible()
    assert clicks.count <= MOST_CLICKS
    assert EmbeddingSpace.objects.live().name == "next"
    clicks.on(page.get_by_role("button", name="Roll back to live"))
    expect(page.get_by_text("Live is live again.")).to_be_visible()
    assert clicks.count == MOST_CLICKS + 1
    assert EmbeddingSpace.objects.live().name == "live"
    assert "/admin/compare-spaces/" in page.url


def test_a_blind_test_is_one_click_away_and_goes_on_by_keys_without_a_reload(live_server, page: Page):
    fill_pair()
    clicks = Clicks(page, live_server.url)
    clicks.menu("Blind test")
    page.wait_for_url("**/blind-test/**", wait_until="load")  # with its script, which hears the keys
    page.evaluate("window.stays = true")
    asked = page.locator("[data-asked]")
    titles = []
    for key, answered in (("ArrowLeft", 1), ("ArrowRight", 2), ("t", 3), ("S", 3)):
        titles.append(asked.inner_text())
        page.keyboard.press(key)
        expect(page.get_by_text(f"You have answered {answered} question")).to_be_visible()
        expect(asked).not_to_have_text(titles[-1])
    assert page.evaluate("window.stays") is True
    assert page.evaluate("document.activeElement.hasAttribute('data-asked')") is True
    assert len(set(titles)) == 4
    kept = list(BlindVote.objects.order_by("pk").values_list("product__title", "choice", "left"))
    assert [title for title, _, _ in kept] == titles
    (_, first, its_left), (_, second, left), (_, third, _), (_, fourth, _) = kept
    assert first == its_left
    assert {second, left} == {"first", "second"}
    assert (third, fourth) == ("tie", "skip")
    clicks.on(page.get_by_role("link", name="Result", exact=True))
    expect(page.get_by_text("Too early to say")).to_be_visible()
    assert clicks.count <= MOST_CLICKS


def test_a_vote_needs_no_script(live_server, page: Page, browser):
    fill_pair()
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    log_in(plain, live_server.url)
    plain.goto(f"{live_server.url}/admin/blind-test/")
    plain.get_by_role("button", name="As good").click()
    expect(plain.get_by_text("You have answered 1 question about live and next")).to_be_visible()
    context.close()


def test_a_server_that_is_away_is_said_and_the_question_stays(live_server, page: Page):
    fill_pair()
    Clicks(page, live_server.url).menu("Blind test")
    page.route("**/blind-test/vote/", lambda route: route.abort())
    page.get_by_role("button", name="As good").click()
    expect(page.get_by_text("The server does not answer. Try again in a moment.")).to_be_visible()
    expect(page.get_by_role("button", name="As good")).to_be_enabled()
    assert not BlindVote.objects.exists()
