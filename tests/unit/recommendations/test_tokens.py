"""The name of a list says where the list came from, and nobody else can make one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from recommendations.tokens import MAX_LENGTH, Token, make_token, read_token

AT = datetime(2026, 3, 1, 10, 59, 58, tzinfo=UTC)
TOKEN = Token(
    strategy="bundle", placement="basket", space="first", experiment="autumn", arm="b", rules="0a1b2c3d", at=AT,
    teams="0110000001",
)  # fmt: skip


def test_a_token_is_read_as_it_was_made():
    assert read_token(make_token(TOKEN, cached=False)) == TOKEN


def test_a_cached_list_has_one_name_for_an_hour():
    made = {make_token(replace(TOKEN, at=AT - timedelta(minutes=minute)), cached=True, of="A") for minute in (0, 1, 59)}
    assert len(made) == 1
    assert read_token(made.pop()).at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    later = {make_token(replace(TOKEN, at=AT + timedelta(seconds=seconds)), cached=True, of="A") for seconds in (1, 2)}
    assert len(later) == 2


def test_another_list_has_another_name():
    assert make_token(TOKEN, cached=True, of="A") != make_token(TOKEN, cached=True, of="B")
    assert make_token(TOKEN, cached=False) != make_token(TOKEN, cached=False)


def test_a_token_is_short_and_needs_no_escaping():
    made = make_token(TOKEN, cached=False)
    assert len(made) == 90
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=100)] * 4), st.text("01", max_size=100))
def test_names_of_any_length_make_a_token_that_events_have_room_for(names, teams):
    placement, space, experiment, arm = names
    token = Token(
        strategy="similar", placement=placement, space=space, experiment=experiment, arm=arm, at=AT, teams=teams
    )
    made = make_token(token, cached=False)
    read = read_token(made)
    assert len(made) <= MAX_LENGTH
    assert (read.strategy, read.teams, read.at) == ("similar", teams, AT)
    assert placement.replace("\0", "").startswith(read.placement)


def test_the_longest_name_is_cut_first():
    made = make_token(replace(TOKEN, placement="购物车" * 33, teams=""), cached=False)
    read = read_token(made)
    assert (read.space, read.experiment, read.arm) == ("first", "autumn", "b")
    assert read.placement == ("购物车" * 33)[:55]


@pytest.mark.parametrize(
    "text", ["", "x", "1f0c7a2be2f04cde8fb0a1c3a5f4d9e0", "möwe", "A" * 40, "A" * 301, "=" * 8, "AAAA!AAA"]
)
def test_what_is_not_ours_is_no_token(text):
    assert read_token(text) is None


def test_a_changed_letter_makes_it_none():
    made = make_token(TOKEN, cached=False)
    for place in range(len(made) - 1):  # the last letter has bits to spare
        changed = made[:place] + ("A" if made[place] != "A" else "B") + made[place + 1 :]
        assert read_token(changed) is None


def test_a_token_outlives_the_key_that_signed_it_while_that_is_a_fallback():
    with override_settings(SECRET_KEY="old"):
        made = make_token(TOKEN, cached=False)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert read_token(made) == TOKEN
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]):
        assert read_token(made) is None
