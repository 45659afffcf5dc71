from __future__ import annotations

import pytest

from catalog.models import Category, Product
from embeddings.composition import (
    DEFAULT_COMPOSITION,
    MAX_CHARACTERS,
    InvalidComposition,
    compose_texts,
    parse_composition,
)

DEFAULT = parse_composition(DEFAULT_COMPOSITION)


def test_default_parts_are_the_title_and_the_title_with_its_description():
    product = Product(title="Halla Mug", description="Speckled white.")
    assert compose_texts(product, DEFAULT) == ("Halla Mug", "Halla Mug. Speckled white.")


def test_a_part_that_repeats_an_earlier_one_is_absent():
    assert compose_texts(Product(title="Halla Mug"), DEFAULT) == ("Halla Mug", None)


def test_a_product_without_text_has_no_part():
    assert compose_texts(Product(title="  "), DEFAULT) == (None, None)


def test_a_description_alone_is_a_part():
    assert compose_texts(Product(title="", description="Only this"), DEFAULT) == (None, "Only this")


def test_every_translation_can_be_a_part():
    translations = {"zh": {"title": "哈拉马克杯", "description": "洒点白"}, "de": {"title": "Halla Becher"}}
    parts = parse_composition([{"fields": ["title"]}, {"fields": ["title"], "languages": ["*"]}])
    assert compose_texts(Product(title="Mug", translations=translations), parts) == ("Mug", "Halla Becher. 哈拉马克杯")
    assert compose_texts(Product(title="Mug"), parts) == ("Mug", None)


def test_all_fields_are_joined_in_the_declared_order_with_the_declared_separator():
    product = Product(
        title="Mug",
        brand="Nordlyn",
        category=Category(name="Mugs", path="Tableware/Mugs"),
        collection="Fjord",
        attributes={"colour": "white", "sizes": ["S", 2], "washable": True, "box": {"w": 1}},
    )
    fields = [
        "brand",
        "title",
        "category",
        "collection",
        "attributes.colour",
        "attributes.sizes",
        "attributes.washable",
    ]
    parts = parse_composition([{"fields": [*fields, "attributes.box", "attributes.none"], "separator": " | "}])
    assert compose_texts(product, parts) == ("Nordlyn | Mug | Tableware, Mugs | Fjord | white | S, 2",)


def test_languages_are_taken_in_order_and_fall_back_to_the_shops_own_wording():
    product = Product(title="Mug", description="White", translations={"zh": {"title": "马克杯"}})
    parts = parse_composition([{"fields": ["title", "description"], "languages": ["zh", ""]}])
    assert compose_texts(product, parts) == ("马克杯. White. Mug",)


def test_a_text_is_cut_where_no_encoder_reads_on():
    (text,) = compose_texts(Product(title="x" * 50_000), parse_composition([{"fields": ["title"]}]))
    assert text is not None
    assert len(text) == MAX_CHARACTERS


@pytest.mark.parametrize(
    ("declaration", "complaint"),
    [
        ([], "list of 1 to 8 parts"),
        ({"fields": ["title"]}, "list of 1 to 8 parts"),
        ([{"name": "nothing"}], "a list of fields"),
        ([{"fields": ["price"]}], "Unknown field 'price'"),
        ([{"fields": ["attributes."]}], "Unknown field 'attributes.'"),
        ([{"fields": ["title"], "weight": -1}], "number from 0 to 1000"),
        ([{"fields": ["title"], "weight": True}], "number from 0 to 1000"),
        ([{"fields": ["title"], "weight": 0}], "weight above 0"),
    ],
)
def test_a_declaration_that_cannot_be_used_says_why(declaration, complaint):
    with pytest.raises(InvalidComposition, match=complaint.replace("'", ".")):
        parse_composition(declaration)
