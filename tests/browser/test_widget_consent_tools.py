"""The lines of docs/widget.md for consent tools, run as they stand: before the widget's script and after it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.foreign_page import ForeignPage
from tests.browser.test_widget_events import SILENT, wait_for_events
from tests.docs.blocks import read_blocks

pytestmark = pytest.mark.django_db(transaction=True)
SNIPPETS = {
    name: next(block.text for block in read_blocks("docs/widget.md") if block.language == "js" and name in block.text)
    for name in ("Cookiebot", "OneTrust")
}
COOKIEBOT = """(said) => {
    window.Cookiebot = { consent: { statistics: said !== "nothing", marketing: said === "all" } };
    dispatchEvent(new Event(said === "nothing" ? "CookiebotOnDecline" : "CookiebotOnAccept"));
}"""
ONETRUST = """(said) => {
    const detail = { nothing: ["C0001"], statistics: ["C0001", "C0002"], all: ["C0001", "C0002", "C0004"] }[said];
    dispatchEvent(new CustomEvent("OneTrustGroupsUpdated", { detail }));
}"""
TOOLS = [("Cookiebot", COOKIEBOT), ("OneTrust", ONETRUST)]
SESSION, RECENT = "kindred-session", "kindred-recent"
# What the page is of was looked at once, when it was first allowed.
COURSE = (
    ("all", [RECENT, SESSION]), ("statistics", [SESSION]), ("nothing", []),
    ("statistics", [SESSION]), ("all", [SESSION]),
)  # fmt: skip


@pytest.mark.parametrize(("name", "decide"), TOOLS, ids=[name for name, _decide in TOOLS])
@pytest.mark.parametrize("order", ["snippet first", "script first"])
def test_the_visitor_decides_and_decides_otherwise(foreign: ForeignPage, name, decide, order):
    page = foreign.open(SILENT, script=SNIPPETS[name] if order == "snippet first" else "")
    if order == "script first":
        page.add_script_tag(content=SNIPPETS[name])
    assert page.evaluate("[kindred.granted, sessionStorage.length]") == [False, 0]
    for said, stored in COURSE:
        page.evaluate(decide, said)
        page.evaluate("kindred.track('purchase', 'A')")
        assert page.evaluate("[kindred.granted, Object.keys(sessionStorage).sort()]") == [said != "nothing", stored]


def read_events(page: Page, *, count: int) -> list[tuple[str, str, bool]]:
    """Return SKU and consent of what was told until now, and whether a session is known of it, by SKU.

    Batches may overtake one another: at least `count` events are waited for.
    """
    page.evaluate("kindred.track('view', 'LAST'); kindred.flush()")
    told = [event for event in wait_for_events(count + 1) if event.sku != "LAST"]
    return sorted((event.sku, event.consent, event.session_key is not None) for event in told)


def test_events_say_what_the_visitor_had_agreed_to_when_they_were_made(foreign: ForeignPage):
    page = foreign.open(SILENT)
    page.evaluate("kindred.grant('analytics'); kindred.track('purchase', 'B'); kindred.flush()")
    page.evaluate("kindred.grant(); kindred.track('purchase', 'C')")
    assert read_events(page, count=3) == [
        ("A", "analytics", True),
        ("B", "analytics", True),
        ("C", "personalisation", True),
    ]


def test_who_goes_back_to_being_counted_alone_is_in_another_session_and_what_waited_is_forgotten(foreign: ForeignPage):
    page = foreign.open(SILENT)
    page.evaluate("kindred.grant(); kindred.flush(); kindred.track('purchase', 'B')")
    before = page.evaluate("sessionStorage.getItem('kindred-session')")
    page.evaluate("kindred.grant('analytics'); kindred.track('purchase', 'C')")
    assert before not in (None, page.evaluate("sessionStorage.getItem('kindred-session')"))
    assert read_events(page, count=2) == [("A", "personalisation", True), ("C", "analytics", True)]


@pytest.mark.parametrize(
    ("consent", "granted"),
    [("new Event('click')", True), ("undefined", True), ("'granted'", True), ("'statistics'", False), ("''", False)],
)
def test_a_word_that_is_not_known_is_no_consent(foreign: ForeignPage, consent, granted):
    page = foreign.open(SILENT)
    page.evaluate(f"kindred.grant({consent})")
    assert page.evaluate("kindred.granted") is granted
