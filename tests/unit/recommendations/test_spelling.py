"""Which words of a search may be misspelt, and how far from what was meant."""

import pytest

from recommendations.search.spelling import allowed_edits, is_correctable, replace_words


@pytest.mark.parametrize(
    ("word", "meant", "edits"),
    [("miror", "mirror", 1), ("cushon", "cushion", 1), ("stonewear", "stoneware", 2), ("withe", "white", 2)],
)
def test_one_edit_is_allowed_and_two_in_long_words_or_for_a_misplaced_letter(word: str, meant: str, edits: int) -> None:
    assert allowed_edits(word, meant) == edits


@pytest.mark.parametrize(
    ("word", "correctable"), [("withe", True), ("mug101", False), ("101", False), ("ox", False), ("杯子", False)]
)
def test_numbers_skus_and_short_words_are_left_alone(word: str, correctable: bool) -> None:
    assert is_correctable(word, shortest_chinese=3) is correctable


def test_whole_words_are_put_right() -> None:
    assert replace_words("withe withes", {"withe": "white"}) == "white withes"
