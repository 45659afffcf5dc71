"""What a search finds within what was read of it, what it gives up and says so, and when it finds nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Product
from embeddings.modalities.registry import TEXT
from recommendations.models import SearchLearning, SearchTerm
from recommendations.search import floors
from recommendations.search.floors import is_outgrown, leave_out_known
from recommendations.search.services import SearchAnswer, search_text
from tests.recommendations.shelf import at_angle, make_space, put, skus
from tests.recommendations.test_search import answer_with, as_array

pytestmark = pytest.mark.django_db

SHELF = {  # sku: degrees, title, category, colours, price
    "MUG-W": (0, "Halla mug, white", "Tableware/Mugs", ["white"], "9"),
    "MUG-B": (10, "Halla mug, blue", "Tableware/Mugs", ["blue"], "19"),
    "MUG-G": (20, "Duo mug, green", "Tableware/Mugs", ["green"], "29"),
    "LAMP-B": (80, "Lath lamp, blue", "Lighting/Lamps", ["blue"], "40"),
}
FLOOR = 0.8  # the cosine of 37 degrees


@pytest.fixture
def shelf(db):
    space = make_space()
    for sku, (degrees, title, category, colours, price) in SHELF.items():
        put(
            space, sku, at_angle(degrees), modalities=[TEXT], category=category, price=Decimal(price),
            currency="EUR",
        )  # fmt: skip
        Product.objects.filter(sku=sku).update(title=title, colours=colours)
    categories = {"mug": "Tableware/Mugs", "马克杯": "Tableware/Mugs", "lamp": "Lighting/Lamps"}
    colours = {"white": "white", "白色": "white", "blue": "blue", "green": "green"}
    terms = [(text, "category", value) for text, value in categories.items()]
    for text, kind, value in [*terms, *((text, "colour", value) for text, value in colours.items())]:
        SearchTerm.objects.create(text=text, kind=kind, value=value, label=value.split("/")[-1], source="catalogue")
    SearchLearning.objects.create(floors={str(space.pk): {"other": FLOOR, "chinese": FLOOR}})
    return space


@pytest.fixture
def find(shelf, monkeypatch):
    """Search by words and by a meaning that lies at an angle."""

    def ask(text: str, *, degrees: float = 0, **wanted) -> SearchAnswer:
        answer_with(monkeypatch, lambda _: {"text": as_array(at_angle(degrees))})
        return search_text(text, **wanted)

    return ask


def found(answer: SearchAnswer) -> list[str]:
    return skus(answer.shown)


class TestReadings:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("blue mug", ["MUG-B"]),
            ("mug not white", ["MUG-B", "MUG-G"]),
            ("不要白色的马克杯", ["MUG-B", "MUG-G"]),
            ("mug under 20 euro", ["MUG-W", "MUG-B"]),
            ("mug over 15", ["MUG-B", "MUG-G"]),
            ("20欧元以内的马克杯", ["MUG-W", "MUG-B"]),
            ("blue under 50", ["MUG-B", "LAMP-B"]),  # all that is so, by meaning
        ],
    )
    def test_what_is_surely_read_filters(self, find, text, expected):
        assert found(find(text)) == expected

    def test_cheap_counts_as_much_as_what_is_like_it(self, find):
        assert found(find("mug", degrees=20)) == ["MUG-G", "MUG-B", "MUG-W"]
        assert found(find("cheap mug", degrees=20))[-1] == "MUG-G"

    def test_each_result_says_what_of_the_search_it_meets(self, find):
        (item,) = find("blue mug under 20").shown
        assert [reason.text for reason in item.reasons[:3]] == ["up to 20", "Blue", "Mugs"]

    def test_a_reading_that_is_taken_away_is_searched_for_as_words(self, find):
        answer = find("blue mug", without=("colour:blue",))
        assert found(answer)[0] == "MUG-B"
        assert [reading.key for reading in answer.understood.readings] == ["category:Tableware/Mugs"]


class TestRelaxing:
    def test_what_too_little_meets_is_given_up_and_said_so(self, find):
        answer = find("green lamp")
        assert found(answer) == ["LAMP-B"]
        assert {reading.key: answer.how_applied(reading) for reading in answer.understood.readings} == {
            "colour:green": "relaxed",
            "category:Lighting/Lamps": "filter",
        }

    def test_what_is_not_wanted_is_never_given_up(self, find):
        answer = find("lamp not blue")
        assert "LAMP-B" not in found(answer)
        assert answer.how_applied(answer.understood.readings[1]) == "filter"


class TestNothing:
    @pytest.mark.parametrize("text", ["washing machine", "asdfgh", "blue washing machine", "洗衣机"])
    def test_what_nothing_is_like_finds_nothing_and_shows_what_is_near_apart(self, find, text):
        answer = find(text, degrees=-50)
        assert found(answer) == []
        assert len(answer.near) == 4

    def test_near_is_all_that_is_nearest_not_what_has_one_of_the_words(self, find):
        answer = find("halla tyre pump", degrees=-50)
        assert (found(answer), len(answer.near)) == ([], 4)

    def test_what_is_near_enough_in_meaning_is_found_without_a_word(self, find):
        assert found(find("beaker", degrees=-30))[0] == "MUG-W"

    def test_what_has_no_word_and_is_far_is_left_out(self, find):
        """The floor is at 37 degrees, and what is nearly as near stays: 47 degrees."""
        assert found(find("halla", degrees=0)) == ["MUG-W", "MUG-B", "MUG-G"]

    def test_where_a_thing_was_named_nothing_of_it_is_left_out(self, find):
        assert found(find("mug halla", degrees=-60)) == ["MUG-W", "MUG-B", "MUG-G"]

    def test_by_meaning_alone_nothing_is_left_out(self, find):
        assert found(find("beaker", mode="semantic"))[-1] == "LAMP-B"

    def test_what_may_have_been_meant_is_asked(self, find):
        SearchTerm.objects.create(
            text="花瓶", kind="category", value="Decor/Vases", label="Vases", source="catalogue", products=3
        )
        answer = find("花平", degrees=-50)
        assert (found(answer), answer.did_you_mean, answer.corrected) == ([], "花瓶", "")
        assert find("blue mug").did_you_mean == ""


class TestFloors:
    def test_texts_of_which_the_catalogue_has_all_words_are_no_measure(self, shelf):
        texts = ["blue lamp", "blue tyre", "mug", "马克杯", "猫粮"]
        assert leave_out_known(texts) == ["blue tyre", "猫粮"]

    @pytest.mark.parametrize(("measured", "expected"), [(0, True), (3, True), (4, False), (5, True)])
    def test_a_catalogue_that_has_grown_is_measured_again(self, shelf, measured, expected):
        assert is_outgrown({floors.MEASURED: measured}, shelf) is expected

    def test_a_space_that_was_never_measured_is(self, shelf):
        assert is_outgrown(None, shelf) is True
