"""What searches by words read: indexes, a sample of what has common words, and no more than is ranked."""

from __future__ import annotations

import pytest
from django.db import connection

from catalog.models import Product
from recommendations.requests import Filters
from recommendations.search import full_text
from recommendations.search.full_text import words_parts
from recommendations.search.services import search_text
from recommendations.statements import Retrieval, card_statement, where_clause
from tests.recommendations.shelf import skus

pytestmark = pytest.mark.django_db


def add(count: int, *, title: str = "Thing", description: str = "", start: int = 0, **fields) -> None:
    Product.objects.bulk_create(
        Product(sku=f"{title[:5]}-{number}", title=title, description=description, **fields)
        for number in range(start, start + count)
    )


def find(text: str, **options) -> list[str]:
    return skus(search_text(text, mode="full_text", **options).shown)


def explain(text: str, filters: Filters | None = None, *, prefix: str = "COSTS OFF") -> str:
    retrieval = Retrieval(limit=100, filters=filters or Filters())
    where = where_clause(retrieval)
    parts, ctes = words_parts(retrieval, where, text=text, units=[[word] for word in text.split()])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product, catalog_titleword")
        cursor.execute("SET LOCAL enable_seqscan = off")
        statement = card_statement(retrieval, where, parts, ctes=ctes)
        cursor.execute(f"EXPLAIN ({prefix}) {statement}", where.params)
        return "\n".join(row[0] for row in cursor.fetchall())


def count_sample() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM catalog_product p WHERE {full_text.IN_SAMPLE}")
        return cursor.fetchone()[0]


@pytest.fixture
def few_are_ranked(db, monkeypatch):
    """160 products: of what ten or more of the sample have, the sample is ranked. 50 are few of a whole catalogue.

    Which products are the sample goes by their ids, which begin anew with 16 that are in it, whatever ran before.
    """
    with connection.cursor() as cursor:
        ids = "'catalog_product_id_seq'"
        cursor.execute(f"SELECT setval({ids}, (nextval({ids}) / 256 + 1) * 256, false)")
    monkeypatch.setattr(full_text, "MAX_RANKED", 160)
    monkeypatch.setattr(full_text, "FEW_PRODUCTS", 50)
    monkeypatch.setattr(full_text, "FEW_PRODUCTS_FILTERED", 50)


def test_every_step_of_a_search_by_words_is_served_by_its_index(few_are_ranked):
    add(3000, brand="Halla")
    with connection.cursor() as cursor:  # so many that reading them all would cost more
        cursor.execute("INSERT INTO catalog_titleword SELECT left(md5(i::text), 9) FROM generate_series(1, 20000) i")
        cursor.execute("SELECT gin_clean_pending_list('catalog_titleword_trigrams')")  # as autovacuum does
    for filters in (Filters(), Filters(brand=("Halla",))):
        plan = explain("thing", filters)
        for index in ("search_document", "search_sample", "search_title_words"):
            assert f"Bitmap Index Scan on catalog_product_{index}" in plan
        assert "on catalog_titleword_trigrams" in plan
        assert "using catalog_titleword_word" in plan
        assert plan.count("Seq Scan on catalog_product") <= 2  # the first few, and the first few that pass: in no order


def test_common_words_are_looked_for_in_the_sample_alone_and_rare_ones_everywhere(few_are_ranked):
    add(600, description="Made for a home.")
    add(1, title="Samovar")  # a word of no other test: an index still has rows that were rolled back
    common, rare = (explain(text, prefix="ANALYZE, COSTS OFF, TIMING OFF") for text in ("made home", "samovar"))
    assert count_rows(common, "catalog_product_search_document") == []
    assert count_rows(rare, "catalog_product_search_document") == [1]


def test_of_common_words_those_in_titles_come_first_wherever_they_are(few_are_ranked):
    add(600, description="Made for a home.")
    add(3, title="Homely home")
    assert full_text.enough_in_sample() == 10
    assert find("home")[:3] == ["Homel-0", "Homel-1", "Homel-2"]


def test_a_common_word_is_ranked_in_the_sample(few_are_ranked):
    add(600, description="Made for a home.")
    assert 10 < count_sample() < 100
    assert len(find("home", limit=100)) == count_sample()


def test_what_is_not_too_much_is_ranked_whole(few_are_ranked):
    add(600)
    add(150, title="Kettle", description="A kettle.")
    add(1, title="Kettle kettle kettle", description="A kettle, for tea.", start=700)
    assert find("kettle", limit=100)[0] == "Kettl-700"
    assert len(find("kettle", limit=100)) == 100


def test_where_no_product_has_all_words_the_rarest_are_found_and_most_of_them_first(few_are_ranked, monkeypatch):
    monkeypatch.setattr(full_text, "MAX_RANKED", 16)  # fewer than the sample has of the common word
    add(600, title="White mug")
    add(2, title="Zither", start=1)
    add(1, title="White zither", start=700)
    assert find("white zither kettle")[:3] == ["White-700", "Zithe-1", "Zithe-2"]


def test_what_has_three_of_four_words_comes_before_what_has_two_of_them(few_are_ranked, monkeypatch):
    monkeypatch.setattr(full_text, "MAX_RANKED", 16)  # fewer than the sample has of what has two
    add(300, title="Alpha beta")
    add(300, title="Alpha beta gamma", start=1000)
    add(300, title="Delta")
    assert {len(sku) for sku in find("alpha beta gamma delta", limit=16)} == {len("Alpha-1000")}


def test_where_nothing_has_two_of_the_words_nothing_is_looked_for_that_has_more(few_are_ranked):
    add(300, title="White mug")
    add(300, title="Black lamp")
    plan = explain("white lamp mug black", prefix="ANALYZE, COSTS OFF, TIMING OFF")
    assert count_rows(plan, "catalog_product_search_document") == [0, 0]  # all four, and the first two


@pytest.mark.parametrize(("text", "compared"), [("kettle", 600), ("kettle " * 28, 306)])
def test_titles_are_compared_of_those_whose_words_weigh_most_fewer_the_longer_the_query(
    few_are_ranked, monkeypatch, text, compared
):
    monkeypatch.setattr(full_text, "MAX_RANKED", 2000)
    add(700, title="Kettle")
    add(1, title="Kettle kettle kettle", description="A kettle, for tea.", start=700)
    plan = explain(text, prefix="ANALYZE, COSTS OFF, TIMING OFF")
    assert f"Limit (actual rows={compared}.00 loops=1)" in plan
    assert find(text.strip())[0] == "Kettl-700"


def test_how_many_pass_a_filter_is_counted_without_their_documents_so_that_an_index_may_do(few_are_ranked):
    add(60, brand="Halla")
    plan = explain("thing", Filters(brand=("Halla",)), prefix="VERBOSE, COSTS OFF")
    few, passing = plan.partition("CTE few")[2].partition("CTE every")[0].split("CTE passing")
    assert "search_document" not in few
    assert "search_document" in passing


def test_a_filter_that_keeps_few_finds_all_of_them_however_common_the_words(few_are_ranked):
    for number in range(40):  # all over the catalogue: of one block the sample may have all or none
        add(15, description="Made for a home.", start=15 * number)
        add(1, title="Lamp", description="Made for a home.", brand="Lumen", start=number)
    assert len(find("home", limit=100, filters=Filters(brand=("Lumen",)))) == 40


def test_words_of_a_filter_that_keeps_few_are_found_where_none_has_them_all(few_are_ranked):
    add(600, title="White mug")
    add(2, title="White lamp", brand="Lumen", start=600)
    assert find("white kettle", filters=Filters(brand=("Lumen",))) == ["White-600", "White-601"]


class TestSpelling:
    def test_all_words_as_they_may_have_been_meant_are_found_wherever_they_stand(self):
        add(1, title="Plain terracotta hanging lamp")
        add(1, title="Mug")
        assert find("teracota lampp") == ["Plain-0"]

    def test_raw_sql_and_new_titles_are_learnt_by_the_database_itself(self):
        add(1, title="Mug")
        Product.objects.update(title="Terracotta bowl")
        assert find("teracotta") == ["Mug-0"]
        with connection.cursor() as cursor:
            cursor.execute('UPDATE catalog_product SET translations = \'{"de": {"title": "Schüssel"}}\'')
        assert find("schussell") == ["Mug-0"]

    def test_a_word_is_learnt_once_and_numbers_never(self):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM catalog_titleword")  # of products that other tests had
            add(3, title="Mug XK-2000 of 42")
            cursor.execute("SELECT word FROM catalog_titleword ORDER BY word")
            assert cursor.fetchall() == [("mug",)]


def count_rows(plan: str, index: str) -> list[int]:
    """Return how many rows each scan of the index gave that was started at all."""
    lines = [line for line in plan.splitlines() if f"on {index} " in line and "never executed" not in line]
    return [int(float(line.partition("rows=")[2].split()[0])) for line in lines]
