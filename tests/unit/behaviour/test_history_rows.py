"""What the cells of files of events mean."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from behaviour.events.history.repeats import Repeats
from behaviour.events.history.rows import is_cancelled, read_moment, read_paid, read_quantity, read_type
from catalog.importers.report import RowError

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "dates", "moment"),
    [
        ("2010-12-01 08:26:00", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("2010-12-01T08:26:00+01:00", "", datetime(2010, 12, 1, 7, 26, tzinfo=UTC)),
        ("12/13/2010 8:26", "", datetime(2010, 12, 13, 8, 26, tzinfo=UTC)),
        ("13/12/2010", "", datetime(2010, 12, 13, tzinfo=UTC)),
        ("12/1/2010 8:26", "mdy", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("12/1/2010 8:26", "dmy", datetime(2010, 1, 12, 8, 26, tzinfo=UTC)),
        ("01.12.2010 08:26", "mdy", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("1291191960", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("1291191960000", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("Wed, 01 Dec 2010 08:26:00 GMT", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("2010-12-01 08:26:00 UTC", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("12/1/10 8:26", "mdy", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("13/12/10", "dmy", datetime(2010, 12, 13, tzinfo=UTC)),
        ("01-Dec-2010 08:26", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("20101201082600", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("40513", "", datetime(2010, 12, 1, tzinfo=UTC)),
        ("40513.351388889", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("40513,351388889", "", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("1767323045123456789", "", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("1291191960.25", "", datetime(2010, 12, 1, 8, 26, 0, 250_000, tzinfo=UTC)),
        ("1291191960125", "", datetime(2010, 12, 1, 8, 26, 0, 125_000, tzinfo=UTC)),
        ("1291191960000125", "", datetime(2010, 12, 1, 8, 26, 0, 125, tzinfo=UTC)),
    ],
)
def test_moments_as_platforms_write_them(text, dates, moment):
    assert read_moment(text, dates=dates, now=NOW) == moment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12/1/2010", "may be two days: pass --dates dmy or --dates mdy"),
        ("soon", "is no moment"),
        ("2026-11-27", "in the future"),
        ("0000-00-00 00:00:00", "is no moment"),
        ("1899-12-30", "before 1970"),
        ("31/02/2010", "is no moment"),
        ("13/12/10", "may be two days"),
        ("129119196012", "is no moment"),
    ],
)
def test_what_is_no_moment_or_could_be_two_is_not_guessed(text, said):
    with pytest.raises(RowError, match=said):
        read_moment(text, dates="", now=NOW)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Transaction", "purchase"),
        ("addtocart", "add_to_cart"),
        ("detail-page-view", "view"),
        ("FAV", "wishlist"),
        ("Product Viewed", "view"),
        ("view_item_list", "impression"),
        ("", ""),
    ],
)
def test_types_by_the_names_that_others_give_them(text, kind):
    assert read_type(text) == kind


def test_a_type_that_nobody_knows_is_none_and_neither_is_half_a_piece():
    with pytest.raises(RowError, match="is none of add_to_cart, click"):
        read_type("stare")
    with pytest.raises(RowError, match="no whole number"):
        read_quantity("1.5")
    with pytest.raises(RowError, match="price is out of bounds"):
        read_paid("-1", "", default="EUR")
    assert [read_quantity(text) for text in ("", "6", "6.0", "6,00", "-3")] == [1, 6, 6, 6, -3]


def test_a_price_that_was_worked_out_is_rounded_to_what_is_kept():
    assert read_paid("3.33333333", "EUR", default="") == (Decimal("3.3333"), "EUR")
    with pytest.raises(RowError, match=r"can mean 3333 or 3\.333"):
        read_paid("3.333", "EUR", default="")


@pytest.mark.parametrize(
    ("order_id", "expected"), [("C536379", True), ("CUSTOM-7", False), ("536379", False), ("C", False)]
)
def test_an_order_that_was_taken_back_is_known_by_its_letter(order_id, expected):
    assert is_cancelled(order_id, "C") is expected
    assert not is_cancelled(order_id, "")


def test_repeats_are_counted_one_by_one():
    repeats = Repeats()
    one, two = b"1" * 20, b"2" * 20
    assert [repeats.count(digest) for digest in (one, two, one, one, two)] == [0, 0, 1, 2, 1]
