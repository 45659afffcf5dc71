"""What a search is read as: a table of searches in English and Chinese against a small catalogue."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.colours import BASIC_NAMES, colour_names
from recommendations.search.amounts import read_amounts
from recommendations.search.folding import fold, make_key, singular
from recommendations.search.understanding import Term, Understanding, list_phrases, understand


def catalogue() -> dict[str, list[Term]]:
    terms: dict[str, list[Term]] = {}

    def add(text: str, kind: str, value: str, *, name: str = "", weight: float = 1.0) -> None:
        label = value.rpartition("/")[2]
        term = Term(text=make_key(text), kind=kind, name=name, value=value, label=label, weight=weight)
        terms.setdefault(term.text, []).append(term)

    for name, basics in colour_names().items():
        for basic in basics:
            add(name, "colour", basic, weight=1.0 if name in BASIC_NAMES and len(name) > 1 else 0.95)
    for path, names in {
        "Tableware/Mugs": "mug|coffee cup|马克杯", "Tableware/Cups": "cup|杯子", "Tableware/Plates": "plate|盘子",
        "Decor/Vases": "vase|花瓶", "Furniture/Chairs": "chair|椅子", "Furniture/Side Tables": "coffee table|边几",
        "Men/Tees": "tee|t-shirt", "Women/Tees": "tee|t-shirt", "Women": "women|女款", "Storage/Boxes": "box",
    }.items():  # fmt: skip
        for name in names.split("|"):
            add(name, "category", path, weight=0.95)
    for value in ("blown glass", "opal glass"):
        add("glass", "attribute", value, name="material", weight=0.95)
    add("玻璃", "attribute", "blown glass", name="material", weight=0.95)
    add("sage", "attribute", "sage", name="colour")
    add("walnut", "attribute", "walnut", name="colour")
    add("walnut", "attribute", "solid walnut", name="material", weight=0.95)
    add("stripe", "attribute", "stripes", name="pattern")
    add("Oak & Ember", "brand", "Oak & Ember")
    add("Fjord", "collection", "Fjord")
    add("halla", "category", "Tableware/Mugs", weight=0.8)  # learned
    add("carpet", "word", "rug")
    add("雨伞", "word", "umbrella")
    return terms


TERMS = catalogue()


def read(text: str, **options: object) -> Understanding:
    return understand(text, TERMS, **options)


def keys(text: str) -> list[str]:
    return [reading.key for reading in read(text).readings]


MUGS, CUPS, PLATES, VASES, CHAIRS = (
    "category:Tableware/Mugs", "category:Tableware/Cups", "category:Tableware/Plates", "category:Decor/Vases",
    "category:Furniture/Chairs",
)  # fmt: skip
GLASS = "attribute:material=blown glass|material=opal glass"
ROWS: list[tuple[str, list[str], str]] = [  # a search, what is read, what is left for words
    ("mug", [MUGS], ""),
    ("Mugs", [MUGS], ""),
    ("MUGS!", [MUGS], ""),
    ("马克杯", [MUGS], ""),
    ("我想买一个马克杯", [MUGS], ""),
    ("有没有盘子", [PLATES], ""),
    ("请问有花瓶吗", [VASES], ""),
    ("I am looking for a vase", [VASES], ""),
    ("coffee cup", [MUGS], ""),
    ("coffee table", ["category:Furniture/Side Tables"], ""),
    ("coffee", ["colour:brown"], ""),
    ("boxes", ["category:Storage/Boxes"], ""),
    ("t-shirts", ["category:Men/Tees|Women/Tees"], ""),
    ("women's tees", ["category:Women", "category:Men/Tees|Women/Tees"], ""),
    ("blue mug", ["colour:blue", MUGS], ""),
    ("blue coffee cup", ["colour:blue", MUGS], ""),
    ("蓝色马克杯", ["colour:blue", MUGS], ""),
    ("白色的盘子", ["colour:white", PLATES], ""),
    ("navy vase", ["colour:blue", VASES], ""),
    ("藏蓝色花瓶", ["colour:blue", VASES], ""),
    ("teal vase", ["colour:blue|green", VASES], ""),
    ("grey chair", ["colour:grey", CHAIRS], ""),
    ("gray chair", ["colour:grey", CHAIRS], ""),
    ("sage mug", ["attribute:colour=sage", MUGS], ""),
    ("off-white vase", ["colour:white", VASES], ""),
    ("walnut chair", ["attribute:colour=walnut|material=solid walnut", CHAIRS], ""),
    ("glass vase", [GLASS, VASES], ""),
    ("玻璃花瓶", ["attribute:material=blown glass", VASES], ""),
    ("striped mug", [MUGS], "striped"),  # no word of this catalogue
    ("stripes mug", ["attribute:pattern=stripes", MUGS], ""),
    ("green tea", [], "green tea"),
    ("绿茶", [], "绿茶"),
    ("red wine", [], "red wine"),
    ("oak and ember chair", ["brand:Oak & Ember", CHAIRS], ""),
    ("Oak & Ember", ["brand:Oak & Ember"], ""),
    ("fjord mug", ["collection:Fjord", MUGS], ""),
    ("halla", [MUGS], "halla"),
    ("mug under 15 euro", ["price:under 15 euro", MUGS], ""),
    ("mug under €15", ["price:under €15", MUGS], ""),
    ("mug under 15", ["price:under 15", MUGS], ""),
    ("vase between 10 and 20 euro", ["price:between 10 and 20 euro", VASES], ""),
    ("15欧元以内的马克杯", ["price:15欧元以内的", MUGS], ""),
    ("不超过30元的盘子", ["price:不超过30元的", PLATES], ""),
    ("100块以上的椅子", ["price:100块以上的", CHAIRS], ""),
    ("花瓶50到100元", ["price:50到100元", VASES], ""),
    ("vase 30 cm", ["measure:30 cm", VASES], ""),
    ("vase under 30 cm", ["measure:under 30 cm", VASES], ""),
    ("杯子300毫升", ["measure:300毫升", CUPS], ""),
    ("iphone 15", [], "iphone 15"),
    ("no. 5 mug", [MUGS], "no 5"),
    ("cup not white", [CUPS, "not:colour:white"], ""),
    ("not white cup", ["not:colour:white", CUPS], ""),
    ("white cup, not blue", ["colour:white", CUPS, "not:colour:blue"], ""),
    ("cup not white or blue", [CUPS, "not:colour:white", "not:colour:blue"], ""),
    ("不要白色的盘子", ["not:colour:white", PLATES], ""),
    ("盘子不要白色", [PLATES, "not:colour:white"], ""),
    ("不是蓝色的花瓶", ["not:colour:blue", VASES], ""),
    ("非玻璃花瓶", ["not:attribute:material=blown glass", VASES], ""),
    ("无把手的马克杯", ["not:word:把手", MUGS], ""),
    ("vase without glass", [VASES, f"not:{GLASS}"], ""),
    ("mug without handle", [MUGS, "not:word:handle"], ""),
    ("chair except blue", [CHAIRS, "not:colour:blue"], ""),
    ("carpet", [], "carpet"),
    ("washing machine", [], "washing machine"),
    ("asdfgh", [], "asdfgh"),
    ("blue washing machine", ["colour:blue"], "washing machine"),
    ("杯子架", [CUPS], "架"),  # doubtful: what it names is its end
    ("red or blue mug", ["colour:red|blue", MUGS], ""),
    ("black and white vase", ["colour:black|white", VASES], ""),
    ("mugs & cups", ["category:Tableware/Mugs|Tableware/Cups"], ""),
    ("glass or walnut vase", [f"{GLASS}|colour=walnut|material=solid walnut", VASES], ""),
    ("sage glass vase", ["attribute:colour=sage", GLASS, VASES], ""),
    ("mug under 1.000,50 euro", ["price:under 1.000,50 euro", MUGS], ""),
    ("vase without", [VASES], ""),
    ("cheap cheap vase", [VASES], ""),
    ("vase bigger than a fist", [VASES], "bigger fist"),
    ("white 花瓶", ["colour:white", VASES], ""),
    ("mug 不要白色", [MUGS, "not:colour:white"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read_as", "rest"), ROWS, ids=[row[0] for row in ROWS])
def test_a_search_is_read_as(text, read_as, rest):
    understood = read(text)
    assert ([reading.key for reading in understood.readings], understood.rest) == (read_as, rest)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("under 15 euro", (None, 15, "")), ("not over 20", (None, 20, "")), ("over 1,200 usd", (1200, None, "")),
        ("$20-$30", (20, 30, "")), ("about 20 euro", (15, 25, "")), ("15 euro", (11.25, 18.75, "")),
        ("at least 5 pounds", (5, None, "")), ("20欧元以下", (None, 20, "")), ("低于20元", (None, 20, "")),
        ("50到100元", (50, 100, "")), ("60 cm", (54, 66, "cm")), ("0,5 l", (450, 550, "ml")),
        ("2 kg", (1800, 2200, "g")),
        ("60厘米", (54, 66, "cm")), ("up to 2 m", (None, 200, "cm")), ("40 w", (36, 44, "w")),
    ],
)  # fmt: skip
def test_an_amount_is_read_with_its_bounds(text, bounds):
    (amount,) = read_amounts(fold(text))
    low, high, unit = bounds
    assert (amount.low, amount.high, amount.unit) == (
        None if low is None else Decimal(str(low)), None if high is None else Decimal(str(high)), unit
    )  # fmt: skip


def test_two_sides_are_two_measures():
    assert [(one.low, one.high) for one in read_amounts("60 x 90 cm")] == [(54, 66), (81, 99)]


@pytest.mark.parametrize("text", ["iphone 15", "no 5", "mug-101", "2 seater", "route 66", "15"])
def test_a_number_alone_is_no_amount(text):
    assert list(read_amounts(text)) == []


@pytest.mark.parametrize(
    ("text", "order"), [("cheap mug", "price"), ("便宜的马克杯", "price"), ("luxury vase", "-price"), ("mug", "")]
)
def test_cheap_and_dear_are_orders_and_no_words(text, order):
    understood = read(text)
    assert (understood.order, understood.rest) == (order, "")


def test_a_reading_that_is_taken_away_leaves_its_words():
    understood = read("blue mug under 15 euro", without=["colour:blue", "price:under 15 euro"])
    assert [reading.key for reading in understood.readings] == [MUGS]
    assert understood.rest == "blue under 15 euro"


def test_what_is_taken_away_of_what_is_not_wanted_is_not_searched_for():
    assert keys("cup not white") == [CUPS, "not:colour:white"]
    understood = read("cup not white", without=["not:colour:white"])
    assert [reading.key for reading in understood.readings] == [CUPS]
    assert understood.rest == ""


def test_words_of_another_script_are_asked_for_in_the_catalogues_own():
    assert read("白色马克杯").wanted == "white mugs"
    assert read("雨伞").wanted == "umbrella"
    assert read("雨伞").alternatives == {"雨伞": ("umbrella",)}
    assert read("white mug").wanted == "white mug"


def test_a_doubtful_reading_orders_and_a_sure_one_filters():
    assert [reading.is_sure for reading in read("halla vase").readings] == [False, True]


@pytest.mark.parametrize(
    ("plural", "one"),
    [("mugs", "mug"), ("boxes", "box"), ("glasses", "glass"), ("glass", "glass"), ("vases", "vase"),
     ("hoodies", "hoody"), ("hoodie", "hoody"), ("shelves", "shelf"), ("benches", "bench"), ("women", "woman"),
     ("bus", "bus"), ("wooden", "wood")],
)  # fmt: skip
def test_plurals_come_down_to_one(plural, one):
    assert singular(plural) == one


def test_phrases_are_bounded():
    assert len(list_phrases("a" + " b" * 99)) <= 500
    assert max(map(len, list_phrases("杯" * 200))) == 8
    assert list_phrases("Oak & Ember chair") == [
        "oak", "oak ember", "oak ember chair", "ember", "ember chair", "chair",
    ]  # fmt: skip
