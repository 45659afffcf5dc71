"""What moved between two lists."""

from __future__ import annotations

from recommendations.spaces_desk.changes import Change, count_shared, mark_changes


def test_each_place_is_compared_with_that_in_the_other_list():
    changes = mark_changes([1, 3, 2, 5], [1, 2, 3, 4])
    assert changes == [Change("same"), Change("up", 1), Change("down", 1), Change("alone")]
    assert mark_changes([4, 1], [1, 2, 3, 4]) == [Change("up", 3), Change("down", 1)]


def test_empty_lists_share_nothing():
    assert mark_changes([], [1]) == []
    assert mark_changes([1], []) == [Change("alone")]
    assert count_shared([], [1]) == 0
    assert count_shared([3, 1, 9], [1, 2, 3]) == 2
