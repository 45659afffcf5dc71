"""The file that says what an installation is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import translation

from api.field import LANGUAGES, FieldError, read_field
from config.services.paths import BASE_DIR

DEMO = BASE_DIR / "demo"
TITLE = {"en": "Stones", "zh-hans": "石头"}


def write(folder: Path, **said: object) -> Path:
    place = folder / "stones"
    place.mkdir(exist_ok=True)
    (place / "field.json").write_text(json.dumps({"title": TITLE} | said))
    return place


@pytest.mark.parametrize("name", sorted(path.parent.name for path in DEMO.glob("*/field.json")))
def test_every_field_of_the_demo_can_be_read_and_has_what_it_is_loaded_from(name):
    field = read_field(name, DEMO)
    assert (field.folder / "products.csv").is_file()
    assert set(field.title) == set(LANGUAGES)


def test_a_field_says_its_own_words_and_the_shops_for_the_others(tmp_path):
    count = {"en": "{total} stones", "zh-hans": "{total} 块石头"}
    one = {"en": "{total} stone", "zh-hans": "{total} 块石头"}
    field = read_field(str(write(tmp_path, words={"count": count, "count_one": one, "brand": TITLE})), DEMO)
    assert (field.count_items(1), field.count_items(2), field.call("brand")) == ("1 stone", "2 stones", "Stones")
    assert field.call("price") == "Price"
    with translation.override("zh-hans"):
        assert (field.count_items(2), field.call("brand"), field.call("price")) == ("2 块石头", "石头", "价格")
    assert read_field("homeware", DEMO).count_items(2) == "2 products"


def test_a_field_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(FieldError, match=r"^There is no field 'stones': name one of .*homeware"):
        read_field("stones", DEMO)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"words": {"brnad": TITLE}}, r"words has brnad, and knows about, "),
        ({"words": {"brand": {"en": "Maker"}}}, r"brand needs a text for each of en, zh-hans"),
        ({"hidden": ["prices"]}, r"hidden has prices, and knows brand, price"),
        ({"access": "nobody"}, r"access is 'nobody', not one of public, staff"),
        ({"title": "Stones"}, r"title needs a text for each of en, zh-hans"),
        ({"colour": "red"}, r"the file has colour, and knows title"),
        ({"modalities": {"audio": "much"}}, r"the weight of the modality audio is 'much', not a number or null"),
        ({"headings": []}, r"headings is not an object"),
    ],
)
def test_a_file_that_says_what_nobody_would_read_is_refused(tmp_path, said, why):
    place = write(tmp_path, **said)
    with pytest.raises(FieldError, match=why):
        read_field(str(place), DEMO)
