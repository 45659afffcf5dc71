"""Visitors are shared out by a hash: the same for ever, as promised, and anew under another salt."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from behaviour.experiments.assignment import choose_arm, place_unit


@dataclass(frozen=True)
class Arm:
    name: str
    share: int


def share_out(arms: list[Arm], *, salt: str, number: int = 20_000) -> list[str]:
    return [choose_arm(arms, salt=salt, key=UUID(int=value)).name for value in range(number)]


def test_a_unit_stands_where_the_first_64_bits_of_its_hash_say():
    # printf '%s' 'pepper:00000000-0000-0000-0000-000000000007' | sha256sum
    assert place_unit("pepper", UUID(int=7)) == 0x669401D484F40480 / 2**64


def test_the_arms_lie_on_the_line_in_their_order():
    place = place_unit("pepper", UUID(int=7))
    before = int(place * 1_000)

    assert choose_arm([Arm("a", before), Arm("b", 1_000 - before)], salt="pepper", key=UUID(int=7)).name == "b"
    assert choose_arm([Arm("a", before + 1), Arm("b", 999 - before)], salt="pepper", key=UUID(int=7)).name == "a"


def test_arms_get_the_shares_that_were_promised():
    found = share_out([Arm("a", 80), Arm("b", 15), Arm("c", 5)], salt="s")

    assert [found.count(name) / len(found) for name in "abc"] == pytest.approx([0.8, 0.15, 0.05], abs=0.01)


def test_another_salt_shares_out_anew():
    arms = [Arm("a", 1), Arm("b", 1)]
    first, second = share_out(arms, salt="s"), share_out(arms, salt="t")

    assert first == share_out(arms, salt="s")
    assert 0.49 < sum(one == other for one, other in zip(first, second, strict=True)) / len(first) < 0.51
