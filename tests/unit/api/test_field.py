"""The file that says what an installation is about."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.utils import translation

from api.field import LANGUAGES, FieldError, read_field
from config.services.paths import BASE_DIR
from tests.docs.blocks import read_blocks

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


def test_the_field_that_the_page_makes_step_by_step_can_be_read(tmp_path):
    [block] = [block for block in read_blocks("docs/fields.md") if '"nouns"' in block.text]
    field = read_field(str(write(tmp_path, **json.loads(block.text))), DEMO)
    assert (set(field.nouns), len(field.hidden)) == ({"product", "shop"}, 8)


def test_a_field_says_its_own_words_and_the_shops_for_the_others(tmp_path):
    field = read_field(str(write(tmp_path, words={"see_everything": TITLE})), DEMO)
    assert (field.call("see_everything"), field.call("everything")) == ("Stones", "Everything")
    with translation.override("zh-hans"):
        assert (field.call("see_everything"), field.call("everything")) == ("石头", "全部商品")


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("There are no items in the quarry yet.", "采石场里还没有石头。"),
        ("Items in the quarry", "展示中的石头"),
        ("An item, by number or words", "石头（编号 或关键词）"),
        ("The quarry's products.json has no list of items: name the address of a feed or an export instead.", None),
        ("no item has the number %s", "没有 编号 为 %s 的石头"),
        ("%(item)s at %(position)s", None),
        ("item image", "石头图片"),
    ],
)
def test_every_sentence_says_the_nouns_of_the_field(settings, tmp_path, english, chinese):
    nouns = {
        "product": {"en": ["item", "items"], "zh-hans": "石头"},
        "shop": {"en": ["quarry", "quarries"], "zh-hans": "采石场"},
        "SKU": {"en": ["number", "numbers"], "zh-hans": "编号"},
    }
    settings.KINDRED_FIELD = str(write(tmp_path, nouns=nouns))
    shops = english.replace("An item", "A product").replace("quarry", "shop").replace("number", "SKU")
    for item, product in (("item", "product"), ("Item", "Product")):
        shops = re.sub(rf"(?<!\()\b{item}", product, shops)
    assert translation.gettext(shops) == english
    if chinese:
        with translation.override("zh-hans"):
            assert translation.gettext(shops) == chinese
            assert translation.gettext(english) == chinese  # as a worker stored it


def test_numbers_of_things_are_said_by_the_nouns_of_the_field(settings, tmp_path):
    said = {"product": {"en": ["stone", "stones"], "zh-hans": "石头"}}

    def count(total: int) -> str:
        return translation.ngettext("%(total)s product", "%(total)s products", total) % {"total": total}

    settings.KINDRED_FIELD = str(write(tmp_path, nouns=said))
    assert (count(1), count(2)) == ("1 stone", "2 stones")
    with translation.override("zh-hans"):
        assert count(2) == "共 2 个石头"
    settings.KINDRED_FIELD = "homeware"
    assert (count(1), count(2)) == ("1 product", "2 products")


def test_a_field_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(FieldError, match=r"^There is no field 'stones': name one of .*homeware"):
        read_field("stones", DEMO)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"words": {"abuot": TITLE}}, r"words has abuot, and knows about, "),
        ({"words": {"about": {"en": "Maker"}}}, r"about needs a text for each of en, zh-hans"),
        ({"nouns": {"price": TITLE}}, r"nouns has price, and knows product, shop"),
        ({"nouns": {"brand": TITLE}}, r"brand needs what one and several are called: "),
        ({"hidden": ["prices"]}, r"hidden has prices, and knows brand, collection"),
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
