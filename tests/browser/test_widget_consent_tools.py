"""The lines of docs/widget.md for consent tools, run as they stand: before the widget's script and after it."""

from __future__ import annotations

import pytest

from tests.browser.foreign_page import ForeignPage
from tests.browser.test_widget_events import SILENT
from tests.docs.blocks import read_blocks

pytestmark = pytest.mark.django_db(transaction=True)
SNIPPETS = {
    name: next(block.text for block in read_blocks("docs/widget.md") if block.language == "js" and name in block.text)
    for name in ("Cookiebot", "OneTrust")
}
COOKIEBOT = """(yes) => {
    window.Cookiebot = { consent: { statistics: yes } };
    dispatchEvent(new Event(yes ? "CookiebotOnAccept" : "CookiebotOnDecline"));
}"""
ONETRUST = """(yes) => dispatchEvent(
    new CustomEvent("OneTrustGroupsUpdated", { detail: yes ? ["C0001", "C0002"] : ["C0001"] })
)"""
TOOLS = [("Cookiebot", COOKIEBOT), ("OneTrust", ONETRUST)]


@pytest.mark.parametrize(("name", "decide"), TOOLS, ids=[name for name, _decide in TOOLS])
@pytest.mark.parametrize("order", ["snippet first", "script first"])
def test_the_visitor_decides_and_decides_otherwise(foreign: ForeignPage, name, decide, order):
    page = foreign.open(SILENT, script=SNIPPETS[name] if order == "snippet first" else "")
    if order == "script first":
        page.add_script_tag(content=SNIPPETS[name])
    assert page.evaluate("[kindred.granted, sessionStorage.length]") == [False, 0]
    kept = ["kindred-recent", "kindred-session"]  # what the page is of was looked at once, when it was first allowed
    for said, stored in ((True, kept), (False, []), (True, kept[1:])):
        page.evaluate(decide, said)
        page.evaluate("kindred.track('purchase', 'A')")
        assert page.evaluate("[kindred.granted, Object.keys(sessionStorage).sort()]") == [said, stored]
