"""Descriptions in HTML become text that a person, and an encoder, can read."""

from __future__ import annotations

import time

import pytest

from catalog.html_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("<ul><li>One</li><li>Two <b>bold</b></li></ul>", "One\nTwo bold"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("<p>Line\n broken in\tthe source</p>", "Line broken in the source"),
        ("<div>A<div>B</div>C</div>", "A\nB\nC"),
        ("<table><tr><th>Width</th><td>9 cm</td></tr><tr><td>x</td></tr></table>", "Width 9 cm\nx"),
        ("<table><tr><td>9</td><td>cm</td></tr></table>", "9 cm"),
        ("<p>Fish &amp; chips &lt;3 caf&eacute; &#x1F375;&nbsp;ok</p>", "Fish & chips <3 café 🍵 ok"),
        ("Salt &amp; pepper", "Salt & pepper"),
        ("<style>p {color: red}</style><script>if (1 < 2) alert()</script>Seen", "Seen"),
        ("<p>Seen</p><script>if (1 < 2) alert()</script><style>p {color: red}</style><p>Too</p>", "Seen\nToo"),
        ("<html><head><title>No</title></head><body><p>Yes</p></body></html>", "Yes"),
        ("Before <!-- hidden <p> --> after", "Before after"),
        ('<p class="a" style="x: y" onclick=\'go("1")\'>Text</p>', "Text"),
        ("<p>Cut in the <b", "Cut in the <b"),
        ("I <3 you & a < b > c", "I <3 you & a < b > c"),
        ("Size <M> or <L>", "Size <M> or <L>"),
        ("First\r\n\r\nSecond  \n", "First\n\nSecond"),
        ("  plain  ", "plain"),
        ("", ""),
    ],
)
def test_markup_goes_and_what_a_reader_would_see_stays(html, text):
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "unit",
    [
        "<div>",
        "<p>a</p>",
        "<p><!--",
        "<!--",
        "<p></",
        "<p><?",
        "<x<p>",
        "<p a='>",
        "<![CDATA[<p>",
        "<script>",
        "&#1;<p>",
        "<a",
        "a",
        "<b>",
        "<li><ul>",
    ],
)
def test_hostile_markup_takes_no_longer_than_its_length_is_worth(unit):
    """What is quadratic in the length takes 3 to 60 s of CPU here. `a` is the name of one tag that never ends."""
    text = "<p><" + unit * (100_000 // len(unit))

    start = time.process_time()
    html_to_text(text)

    assert time.process_time() - start < 1.5
