"""Names of the catalogue in other languages: where they come from, and where visitors read them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from catalog.attributes import describe_attributes
from catalog.models import Wording
from catalog.wordings import lexicon
from tests.factories import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db
DEMO = Path(__file__).resolve().parents[2] / "demo" / "homeware"


def word(kind: str, name: str, text: str, *, language: str = "zh") -> Wording:
    return Wording.objects.create(kind=kind, name=name, language=language, text=text)


@pytest.fixture
def chinese():
    with translation.override("zh-hans"):
        yield


def test_a_category_is_called_by_its_path_before_its_name_and_else_as_it_is_named(chinese):
    word("category", "Mugs", "马克杯")
    word("category", "Outlet/Mugs", "折扣杯")
    assert [lexicon.word_category(path) for path in ("Tableware/Mugs", "Outlet/Mugs", "Decor")] == [
        "马克杯",
        "折扣杯",
        "Decor",
    ]
    assert lexicon.word_category_path("Tableware/Mugs") == "Tableware/马克杯"


def test_a_value_is_worded_for_its_attribute_before_any_other(chinese):
    word("value", "light", "轻")
    word("value", "colour:Light", "浅色")
    assert [lexicon.word_value(name, "light") for name in ("weight", "colour")] == ["轻", "浅色"]


def test_the_nearest_language_counts(chinese):
    word("category", "Mugs", "馬克杯", language="zh-hant")
    assert lexicon.word_category("Mugs") == "馬克杯"
    word("category", "Mugs", "马克杯")
    assert lexicon.word_category("Mugs") == "马克杯"
    word("category", "Mugs", "杯子", language="zh-hans")
    assert lexicon.word_category("Mugs") == "杯子"
    with translation.override("en"):
        assert lexicon.word_category("Mugs") == "Mugs"


def test_what_is_changed_or_deleted_is_worded_so_at_once(chinese):
    wording = word("category", "Mugs", "杯")
    assert lexicon.word_category("Mugs") == "杯"
    wording.text = "马克杯"
    wording.save()
    assert lexicon.word_category("Mugs") == "马克杯"
    wording.delete()
    assert lexicon.word_category("Mugs") == "Mugs"


def test_wordings_are_asked_for_once_and_again_when_they_are_old(chinese, django_assert_num_queries, monkeypatch):
    word("category", "Mugs", "马克杯")
    with django_assert_num_queries(1):
        assert [lexicon.word_category("Mugs"), lexicon.word_value("colour", "red")] == ["马克杯", "red"]
    monkeypatch.setattr(lexicon, "KEPT_FOR_S", -1.0)
    with django_assert_num_queries(1):
        lexicon.word_category("Mugs")


def test_attributes_are_worded_with_their_units_and_parts(chinese):
    word("attribute", "dimensions", "尺寸")
    word("attribute", "width", "宽")
    word("attribute", "material", "材质")
    word("value", "oak", "橡木")
    described = describe_attributes({"material": ["oak", "brass"], "dimensions_cm": {"width": 12, "depth": 8}})
    assert described == [("材质", "橡木, brass"), ("尺寸", "宽 12 cm, depth 8 cm")]


def test_pages_say_names_as_their_visitor_does_and_links_keep_the_catalogues_own(client):
    category = CategoryFactory(name="Tableware")
    mugs = CategoryFactory(name="Mugs", parent=category)
    ProductFactory(sku="M-1", category=mugs, attributes={"colour": "sage"})
    for kind, name, text in [
        ("category", "Tableware", "餐具"),
        ("category", "Mugs", "马克杯"),
        ("attribute", "colour", "颜色"),
        ("value", "sage", "鼠尾草绿"),
    ]:
        word(kind, name, text)
    client.cookies["django_language"] = "zh-hans"
    page = client.get("/products/M-1/").content.decode()
    assert '<a href="/?category=Tableware%2FMugs" aria-label="餐具/马克杯">马克杯</a>' in page
    assert '<th scope="row">颜色</th><td>鼠尾草绿</td>' in page
    listed = client.get("/?category=Tableware/Mugs").content.decode()
    assert "<h1>马克杯</h1>" in listed
    assert ">餐具</a>" in listed
    english = client.get("/products/M-1/", headers={"Accept-Language": "en"}, HTTP_COOKIE="").content.decode()
    assert '<th scope="row">Colour</th><td>sage</td>' in english


def test_a_file_makes_and_changes_wordings_and_says_how_many(tmp_path, capsys, chinese):
    word("category", "Mugs", "杯")
    file = tmp_path / "wordings.csv"
    file.write_text(
        "kind,name,language,text\ncategory,Mugs,zh,马克杯\nvalue,colour:sage,zh,鼠尾草绿\n", encoding="utf-8-sig"
    )
    call_command("import_wordings", str(file))
    assert capsys.readouterr().out == "2 names are worded.\n"
    assert list(Wording.objects.values_list("kind", "name", "language", "text")) == [
        ("category", "Mugs", "zh", "马克杯"),
        ("value", "colour:sage", "zh", "鼠尾草绿"),
    ]
    assert lexicon.word_category("Mugs") == "马克杯"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind,name,text\ncategory,Mugs,x\n", "The file lacks the columns: language."),
        ("kind,name,language,text\nbrand,Mugs,zh,x\n", "Line 2: kind:"),
        ("kind,name,language,text\ncategory,Mugs,Chinese,x\n", "Line 2: language: Name a language as in zh or pt-br."),
        ("kind,name,language,text\ncategory,Mugs,zh,\n", "Line 2: text:"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_words_nothing(tmp_path, text, said):
    file = tmp_path / "wordings.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("import_wordings", str(file))
    assert said in str(refused.value)
    assert not Wording.objects.exists()


def test_the_demo_words_every_category_attribute_and_value_it_has():
    call_command("import_wordings", str(DEMO / "wordings.csv"))
    with (DEMO / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with translation.override("zh-hans"):
        steps = {step for row in rows for step in row["category"].split("/")}
        assert [step for step in sorted(steps) if lexicon.word_category(step) == step] == []
        described = [line for row in rows for line in describe_attributes(json.loads(row["attributes"]))]
        left = {
            text for pair in described for text in pair if text.replace(" ", "").isascii() and not text[0].isdigit()
        }
        assert left == set()
