"""Progress where nobody watches a terminal: plain lines that say how far a command is, and none from a short one."""

from __future__ import annotations

import io
import threading

import pytest

from catalog.management import progress
from catalog.management.progress import PlainProgress, open_bar


@pytest.mark.parametrize(
    ("options", "done", "line"),
    [
        ({"total": 700, "unit": "product"}, 412, "embed: 412 of 700 products, 00:20, about 00:13 left"),
        ({"total": 700, "unit": "product"}, 0, "embed: 0 of 700 products, 00:20"),
        ({"total": 1, "unit": "product"}, 1, "embed: 1 of 1 products, 00:20"),
        ({"total": None, "unit": "anchor"}, 5, "embed: 5 anchors, 00:20"),
        ({"total": 1, "unit": "step"}, 0, "embed: at work, 00:20"),
        ({"total": 1, "unit": "step"}, 1, "embed: done, 00:20"),
        ({"total": 2_000_000, "unit": "B"}, 500_000, "embed: 500kB of 2.00MB, 00:20, about 01:00 left"),
    ],
)
def test_a_line_says_how_much_is_done_how_long_it_took_and_how_long_it_will_take(options, done, line):
    with PlainProgress("embed", **options) as shown:
        shown.update(done)
        assert shown.describe(20.0) == line
        shown.set_postfix_str("3 rejected", refresh=False)
        assert shown.describe(20.0) == f"{line}, 3 rejected"


def test_lines_come_while_nothing_moves_and_the_last_one_says_how_it_ended(monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.01)
    output, said_twice = io.StringIO(), threading.Event()
    write = output.write

    def count_lines(text: str) -> int:
        if output.getvalue().count("fit: 0 of 1") >= 2:
            said_twice.set()
        return write(text)

    monkeypatch.setattr(output, "write", count_lines)
    with PlainProgress("fit", total=1, unit="product", output=output) as shown:
        assert said_twice.wait(30)
        shown.update()
    assert output.getvalue().splitlines()[-1].startswith("fit: 1 of 1 products, 00:0")


def test_a_short_command_says_nothing(capsys):
    with open_bar("embed", total=3) as shown:
        shown.update(3)
    assert capsys.readouterr() == ("", "")
