"""How prices, attributes and errors are worded, and that each wording is there in Chinese."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib import admin
from django.template import Context, Template
from django.utils import translation

from catalog.attributes import describe_attributes
from catalog.models import Product

PROJECT = Path(__file__).resolve().parents[3]
TEMPLATES = PROJECT / "templates"
APPS = ("api", "catalog", "embeddings", "recommendations", "behaviour")


@pytest.mark.parametrize("name", ["400", "403", "404", "500"])
def test_error_pages_need_neither_request_nor_database(name, django_db_blocker):
    from django.template.loader import render_to_string

    with django_db_blocker.block():
        html = render_to_string(f"{name}.html")
    assert f'<p class="error-code">{name}</p>' in html
    assert 'href="/"' in html


@pytest.mark.parametrize(
    ("price", "currency", "text"),
    [
        ("15.9", "EUR", "€15.90"),
        ("1234567.5", "USD", "$1,234,567.50"),
        ("500", "JPY", "¥500"),
        ("99.5", "JPY", "¥100"),
        ("1999.99", "KRW", "₩2,000"),
        ("15", "CHF", "CHF 15.00"),
        ("15", "", "15.00"),
        (None, "EUR", ""),
    ],
)
def test_prices_are_written_with_their_currency(price, currency, text):
    product = Product(price=price and Decimal(price), currency=currency)

    assert Template("{% load catalog %}{{ product|money }}").render(Context({"product": product})) == text


def test_attributes_read_like_words():
    attributes = {
        "weight_g": 420,
        "dimensions_cm": {"width": 11.9, "depth": None, "height": 9},
        "colours": ["red", "", "blue"],
        "dishwasher": True,
        "oven": False,
        "seams": 0,
        "power_w": 40,
        "g": "only",
        "note": None,
    }
    assert describe_attributes(attributes) == [
        ("Weight", "420 g"),
        ("Dimensions", "width 11.9 cm, height 9 cm"),
        ("Colours", "red, blue"),
        ("Dishwasher", "yes"),
        ("Oven", "no"),
        ("Seams", "0"),
        ("Power", "40 W"),
        ("G", "only"),
    ]


def test_a_slot_is_empty_until_somebody_fills_it_and_a_mistake_in_it_is_not_hidden(settings, tmp_path):
    from django.template import TemplateDoesNotExist

    page = Template('{% load catalog %}[{% slot "extra/slot.html" %}]')
    assert page.render(Context({"word": "hi"})) == "[]"

    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "slot.html").write_text("{{ word }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    assert Template('{% load catalog %}[{% slot "extra/slot.html" %}]').render(Context({"word": "hi"})) == "[hi]"

    (tmp_path / "extra" / "broken.html").write_text('{% extends "extra/missing.html" %}')
    with pytest.raises(TemplateDoesNotExist):
        Template('{% load catalog %}{% slot "extra/broken.html" %}').render(Context({}))


def test_every_wording_of_the_pages_is_there_in_chinese():
    """Also that the compiled catalogue is as new as its source: `manage.py compilemessages` makes it."""
    wordings = {
        match[2]
        for page in TEMPLATES.rglob("*.html")
        if "admin" not in page.parts and not page.name.startswith("evaluation")
        for match in re.finditer(r"""{% translate (["'])(.+?)\1 %}""", page.read_text())
    }
    for page in (path for app in APPS for path in (PROJECT / app).rglob("*.py")):
        wordings |= set(re.findall(r"""\b(?:_|gettext|gettext_lazy)\(\s*"([^"\\]+)"\s*\)""", page.read_text()))
    assert {"Out of stock", "What both have", "Picture"} <= wordings
    with translation.override("zh-hans"):
        assert {wording for wording in wordings if translation.gettext(wording) == wording} <= {"SKU"}


def read_names(model) -> set[str]:
    """Return all that the admin says of a model: its names, those of its fields, their helps and choices."""
    meta = model._meta
    fields = [field for field in meta.local_fields if field.name != "id"]
    said = [meta.app_config.verbose_name, meta.verbose_name, meta.verbose_name_plural]
    for field in fields:
        said += [field.verbose_name, field.help_text, *(label for _, label in field.choices or [])]
    return {str(text) for text in said if text}


def test_every_name_of_a_model_in_the_admin_is_there_in_chinese():
    models = [model for model in admin.site._registry if model._meta.app_label in APPS]
    assert {"Product", "Rule", "EmbeddingSpace", "ApiKey"} <= {model.__name__ for model in models}
    for model in models:
        with translation.override("en"):
            english = read_names(model)
        with translation.override("zh-hans"):
            assert read_names(model) & english <= {"SKU", "URL", "ETag", "CSV", "Shopify", "1.234,50", "1,234.50"}
