"""`{% similar_products %}` on a shop's own page: the page is answered, whatever becomes of the list."""

from __future__ import annotations

import logging

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.template import Context, Template
from django.utils import translation

from api.problems import RequestError
from catalog.models import Product
from catalog.page_parts import limit_statements
from tests.recommendations.shelf import make_space, put

PROGRESS = "{% load embeddings %}<h1>Mug</h1>{% read_progress as progress %}{{ progress|default_if_none:'' }}"
TAG = "{% load recommendations %}<h1>Mug</h1>{% similar_products given limit=2 strategy=strategy %}"


@pytest.fixture
def shelf(db) -> None:
    space = make_space()
    for sku, vector in {"A": [1, 0, 0], "B": [0.9, 0.1, 0]}.items():
        put(space, sku, vector)


def render(given: object = "A", *, strategy: str = "similar") -> str:
    return Template(TAG).render(Context({"given": given, "strategy": strategy})).strip()


def said(caplog) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage()) for record in caplog.records if "left out" in record.getMessage()]


def read_limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        return str(cursor.fetchone()[0])


def test_a_list_that_can_be_made_is_shown_and_nothing_is_logged(shelf, caplog):
    assert 'href="/products/B/"' in render()
    assert said(caplog) == []


@pytest.mark.parametrize(
    ("language", "strategy", "heading"),
    [
        ("en", "similar", "Similar products"),
        ("en", "popular", "Popular products"),
        ("en", "substitutes", "Similar products in stock"),
        ("zh-hans", "substitutes", "相似的有货商品"),
        ("en", "also_viewed", "Similar products"),  # nobody has looked at anything yet
        ("zh-hans", "also_viewed", "相似商品"),
    ],
)
def test_the_heading_says_what_the_list_is(shelf, language, strategy, heading):
    with translation.override(language):
        page = render(strategy=strategy)
    assert f'<section class="similar" aria-labelledby="list-{strategy}"' in page
    assert f'<h2 id="list-{strategy}">{heading}</h2>' in page


@pytest.mark.parametrize(
    ("given", "named"), [("NOPE", "NOPE"), ("", "(none given)"), (None, "(none given)"), ("A\x00", "A")]
)
def test_an_unknown_product_leaves_the_page_as_it_is(shelf, caplog, given, named):
    assert render(given) == "<h1>Mug</h1>"
    [(level, text)] = said(caplog)
    assert level >= logging.WARNING
    assert named in text


def test_a_product_that_was_deleted_leaves_the_page_as_it_is(shelf, caplog):
    product = Product.objects.get(sku="A")
    Product.objects.filter(sku="A").delete()
    assert render(product) == "<h1>Mug</h1>"
    assert [text for _, text in said(caplog)] == [
        "similar_products of 'A' is left out of a page: There is no product with the SKU A."
    ]


def test_a_mistake_in_the_template_is_seen_by_whoever_makes_it_and_not_by_shoppers(shelf, settings, caplog):
    assert render(strategy="smilar") == "<h1>Mug</h1>"
    assert said(caplog)[0][0] == logging.ERROR
    settings.DEBUG = True
    with pytest.raises(RequestError, match="similar, substitutes"):
        render(strategy="smilar")


def test_a_database_that_is_away_costs_the_list_and_not_the_page(shelf, monkeypatch, caplog):
    def refuse(*_args, **_kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr("catalog.page_parts.set_limit", refuse)
    assert render() == "<h1>Mug</h1>"
    assert "the database does not answer: connection refused" in said(caplog)[0][1]


def test_a_statement_that_takes_too_long_costs_the_list_and_nothing_else(shelf, settings, monkeypatch, caplog):
    def sleep(*_args, **_kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    settings.KINDRED_TAG_TIMEOUT_S = 0.05
    monkeypatch.setattr("recommendations.product_parts.recommend", sleep)
    assert render() == "<h1>Mug</h1>"
    assert "statement timeout" in said(caplog)[0][1]
    assert (read_limit(), Product.objects.count()) == ("0", 2)  # what stands around it goes on


def test_progress_that_takes_too_long_costs_one_line_of_the_log_and_not_the_page(db, settings, monkeypatch, caplog):
    def sleep():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    settings.KINDRED_TAG_TIMEOUT_S = 0.05
    monkeypatch.setattr("embeddings.templatetags.embeddings.read_coverage", sleep)
    assert Template(PROGRESS).render(Context({})) == "<h1>Mug</h1>"
    [(_, text)] = said(caplog)
    assert text.startswith("the progress of the embedding is left out of a page: the database does not answer:")
    assert [record.exc_info for record in caplog.records if record.getMessage() == text] == [None]


def test_the_limit_holds_inside_alone(shelf):
    with transaction.atomic():
        with limit_statements(seconds=2.5):
            assert read_limit() == "2500ms"
        assert read_limit() == "0"


@pytest.mark.parametrize("is_noticed", [True, False], ids=["Django knows", "Postgres alone knows"])
def test_a_transaction_that_somebody_else_has_broken_costs_the_list_alone(shelf, caplog, is_noticed):
    with transaction.atomic():
        with connection.cursor() as cursor, pytest.raises(DatabaseError):
            cursor.execute("SELECT 1 / 0")
        connection.needs_rollback = is_noticed
        assert render() == "<h1>Mug</h1>"
        connection.needs_rollback = True  # as the page's own transaction would end
    assert len(said(caplog)) == 1
    assert Product.objects.count() == 2


def test_filters_and_tags_show_nothing_where_a_template_names_no_product(rf):
    template = Template(
        "{% load catalog %}[{{ gone|title }}{{ gone|description }}{{ gone|money }}{% picture gone.main_image alt='' "
        "sizes='1px' %}{% for row in gone|attribute_rows %}x{% endfor %}{% for step in gone|steps %}x{% endfor %}]"
        "{% page_url page=2 %}"
    )
    assert template.render(Context({})) == "[]?page=2"
