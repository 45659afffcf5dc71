"""Which pairs of listings stand out as one product."""

from __future__ import annotations

import pytest

from recommendations.near_duplicates import (
    MAX_GROUP,
    Pair,
    Thresholds,
    choose_pairs,
    find_mutual,
    find_outstanding,
    group_pairs,
)

AT = Thresholds()


def find_pairs(pairs: list[Pair]) -> list[Pair]:
    return find_mutual(find_outstanding(pairs, thresholds=AT))


def pair(listing: int, other: int, text: float | None, image: float | None, **fields) -> Pair:
    return Pair(listing_id=listing, other_id=other, listing_group=fields.pop("group", ""),
                other_group=fields.pop("other_group", ""), text=text, image=image, **fields)  # fmt: skip


def both_ways(listing: int, other: int, text: float | None, image: float | None) -> list[Pair]:
    return [pair(listing, other, text, image), pair(other, listing, text, image)]


def ids(pairs: list[Pair]) -> list[tuple[int, int]]:
    return [tuple(sorted((found.listing_id, found.other_id))) for found in pairs]


def test_a_pair_that_stands_out_is_found():
    pairs = [*both_ways(1, 2, 0.5, 0.9), pair(1, 3, 0.3, 0.6), pair(2, 3, 0.3, 0.6), pair(3, 1, 0.3, 0.6)]
    assert ids(find_pairs(pairs)) == [(1, 2)]


def test_the_first_of_a_crowd_does_not_stand_out():
    crowd = [pair(1, other, 0.5, 0.9 - other / 50) for other in range(2, 9)]
    assert choose_pairs(crowd, thresholds=AT) == []


def test_three_listings_of_one_product_are_one_group():
    pairs = [*both_ways(1, 2, 0.6, 0.9), *both_ways(2, 3, 0.6, 0.88), *both_ways(1, 3, 0.6, 0.86)]
    (group,) = group_pairs(find_pairs([*pairs, pair(1, 4, 0.1, 0.3)]))
    assert group.product_ids == (1, 2, 3)


def test_what_one_side_alone_says_is_not_enough():
    assert find_pairs([pair(1, 2, 0.5, 0.9), pair(2, 3, 0.2, 0.1)]) == []


@pytest.mark.parametrize(
    ("text", "image", "near"),
    [(0.25, 0.75, True), (0.24, 0.9, False), (0.9, 0.74, False), (0.9, None, True), (0.89, None, False),
     (None, 0.99, False)],
)  # fmt: skip
def test_near_enough_is_near_in_picture_and_text(text, image, near):
    assert pair(1, 2, text, image).is_near(AT) is near


def test_among_variants_the_one_with_the_same_attributes_is_the_original():
    pairs = [
        pair(1, 2, 0.5, 0.9, other_group="MUG", attributes_shared=2),
        pair(1, 3, 0.5, 0.85, other_group="MUG", attributes_shared=3),
    ]
    assert ids(choose_pairs(pairs, thresholds=AT)) == [(1, 3)]


def test_weak_pairs_do_not_chain_listings_to_a_group_without_end():
    chain = [pair(number, number + 1, 0.5, 0.9) for number in range(1, 60)]
    groups = group_pairs(chain)
    assert [len(group.product_ids) for group in groups] == [MAX_GROUP, MAX_GROUP, MAX_GROUP]
    assert all(pair.other_id in group.product_ids for group in groups for pair in group.pairs)
    assert sum(len(group.pairs) for group in groups) == 3 * (MAX_GROUP - 1)


def test_pairs_of_a_group_are_strongest_first_however_its_parts_grew_together():
    pairs = [pair(1, 2, 0.9, 0.9), pair(3, 4, 0.8, 0.8), pair(5, 6, 0.7, 0.7), pair(3, 1, 0.6, 0.8)]
    first, second = group_pairs(pairs)
    assert (first.product_ids, first.strength) == ((1, 2, 3, 4), 0.9)
    assert [found.text for found in first.pairs] == [0.9, 0.8, 0.6]
    assert second.product_ids == (5, 6)
