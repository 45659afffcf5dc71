"""What is made of the text of a feed before a parser sees it."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from catalog.importers.google.availability import IN_STOCK_WORDS, OUT_OF_STOCK_WORDS, TO_ORDER_WORDS
from catalog.importers.google.markup import Mender

PARTS = ["&amp;", "&nbsp;", "&", "&#11;", "&#x41;", "&#xD800;", "&NewLine;", "&LT;", "&no;", "&copy", "a;", "\n"]
SECTIONS = ["<![CDATA[", "]]>", "<!--", "-->", "<", "]", "-"]


def mend(*pieces: str) -> str:
    mender = Mender()
    return "".join([*map(mender.mend, pieces), mender.mend("", is_last=True)])


@given(st.lists(st.sampled_from(PARTS + SECTIONS), max_size=20).map("".join), st.integers(1, 12))
def test_it_does_not_matter_in_which_pieces_a_text_comes_and_no_line_is_lost(text, size):
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    assert mend(*pieces) == mend(text)
    assert mend(text).count("\n") == text.count("\n")


@given(st.lists(st.sampled_from(PARTS), max_size=20).map("".join))
def test_whatever_stands_between_elements_is_text_to_a_parser(text):
    ElementTree.fromstring(f"<a>{mend(text)}</a>")


def test_references_mean_what_html_means_by_them_and_cdata_keeps_its_own():
    assert mend("&eacute; &LT; &#11; A&B <![CDATA[&eacute;]]>") == "&#233; &#60;   A&amp;B <![CDATA[&eacute;]]>"


def test_no_word_for_availability_means_two_things():
    assert not IN_STOCK_WORDS & OUT_OF_STOCK_WORDS
    assert not IN_STOCK_WORDS & TO_ORDER_WORDS
    assert not OUT_OF_STOCK_WORDS & TO_ORDER_WORDS
