"""Colours by name, and in pictures that are drawn here."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from catalog.colours import read_colours
from catalog.facets import FacetValue, PriceRange, read_facets, round_price
from catalog.pictures.colour_naming import share_colours, to_lab


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("navy", ("blue",)), ("Dusty pink", ("pink",)), ("teal", ("green", "blue")), ("off-white", ("white",)),
        ("藏蓝色", ("blue",)), ("鼠尾草绿", ("green",)), ("charcoal", ("black", "grey")), ("Gray", ("grey",)),
        ("black and white", ("black", "white")), ("redwood", ()), ("", ()), ("xl", ()),
    ],
)  # fmt: skip
def test_a_name_comes_down_to_basic_terms(text, colours):
    assert read_colours(text) == colours


def test_of_a_title_only_what_can_hardly_be_anything_else_is_a_colour():
    assert read_colours("Walnut coffee table in navy", in_title=True) == ("blue",)
    assert read_colours("Walnut coffee table in navy") == ("brown", "blue")
    assert read_colours("红木白色边几", in_title=True) == ("white",)


def draw(colour: str, *, ground: str = "white", mode: str = "RGB") -> Image.Image:
    picture = Image.new(mode, (200, 200), ground)
    ImageDraw.Draw(picture).ellipse((40, 30, 160, 140), fill=colour)
    return picture


@pytest.mark.parametrize(
    ("colour", "term"),
    [
        ("#16181c", "black"), ("#b01e22", "red"), ("#dd7a1c", "orange"), ("#e2b32a", "yellow"), ("#3f7d47", "green"),
        ("#274e92", "blue"), ("#6b3f86", "purple"), ("#e8a7b4", "pink"), ("#6a4528", "brown"), ("#808284", "grey"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ground", ["white", "#d8d4cc", "#20242a"])
def test_a_thing_on_an_even_ground_has_its_colour_and_not_that_of_the_ground(colour, term, ground):
    if term == "black" and ground == "#20242a":
        pytest.skip("black on black")
    shares = share_colours(draw(colour, ground=ground))
    assert next(iter(shares)) == term
    assert shares[term] > 0.9


def test_a_white_thing_stays_white_in_its_own_shade():
    picture = draw("#f4f2ee", ground="#b9b4aa")
    ImageDraw.Draw(picture).pieslice((40, 30, 160, 140), 20, 160, fill="#cfcdc9")  # the side away from the light
    assert next(iter(share_colours(picture))) == "white"


def test_what_is_transparent_is_no_ground_either():
    picture = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((50, 50, 150, 150), fill="#274e92")
    assert share_colours(picture) == {"blue": 1.0}


def test_two_colours_share_a_thing():
    picture = draw("#274e92")
    ImageDraw.Draw(picture).rectangle((40, 86, 160, 150), fill="#e2b32a")
    shares = share_colours(picture)
    assert set(shares) == {"blue", "yellow"}
    assert sum(shares.values()) == pytest.approx(1.0, abs=0.02)


def test_an_empty_picture_has_no_colours():
    assert share_colours(Image.new("RGBA", (40, 40), (0, 0, 0, 0))) == {}


def test_lab_is_that_of_the_standard():
    """Of pure red, green and blue: (53.24, 80.09, 67.20), (87.73, -86.18, 83.18), (32.30, 79.19, -107.86)."""
    assert to_lab(np.eye(3)) == pytest.approx(
        np.array([[53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86]]), abs=0.02
    )


def rows(**found):
    size = {"facet": "size", "name": "", "value": found.pop("size", "3"), "count": found.pop("factor", 1)}
    others = [
        {"facet": facet, "name": name, "value": value, "count": count}
        for facet, entries in found.items()
        for name, value, count in entries
    ]
    return [size, *others]


def test_categories_are_counted_one_step_below_where_the_list_is():
    category = [("", "A/B/C", 2), ("", "A/B/D", 1), ("", "A/E", 4)]
    assert read_facets(rows(category=category)).category == (FacetValue("A/E", "E", 4), FacetValue("A/B", "B", 3))
    assert read_facets(rows(category=category[:2]), below=["A/B"]).category == (
        FacetValue("A/B/C", "C", 2), FacetValue("A/B/D", "D", 1)
    )  # fmt: skip


def test_counts_of_a_sample_are_scaled_and_rounded():
    facets = read_facets(rows(size="5001", factor=12.3, brand=[("", "Kumori", 417)]))
    assert (facets.is_exact, facets.brand) == (False, (FacetValue("Kumori", "Kumori", 5100),))


def test_prices_come_in_ranges_that_people_would_say_and_every_product_is_in_one():
    prices = [("", str(price), 1) for price in (9, 12, 19, 23, 31, 48, 52, 90)]
    facets = read_facets(rows(price=[("", value, 0) for value in ("9", "12", "23", "48", "90")], prices=prices))
    assert facets.price == (
        PriceRange(None, 15, 2), PriceRange(15, 25, 2), PriceRange(25, 50, 2), PriceRange(50, None, 2)
    )  # fmt: skip
    assert round_price(facets.price[0].high) == 15


def test_colours_are_no_attribute_and_the_commonest_values_come_first():
    facets = read_facets(
        rows(
            colour=[("", "blue", 1), ("", "green", 2)],
            attribute=[("colour", "navy", 1), ("material", "oak", 1), ("material", "wool", 2)],
        )
    )
    assert [one.value for one in facets.colour] == ["green", "blue"]
    assert facets.attributes == {"material": (FacetValue("wool", "wool", 2), FacetValue("oak", "oak", 1))}
