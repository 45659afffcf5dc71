"""A complete file hides what it lacks: of its own source, not too much of it, and nothing that it could not read."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.importers import vanished
from catalog.models import Product
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def rows(*skus: str, title: str = "Mug") -> str:
    return "sku,title\n" + "".join(f"{sku},{title}\n" for sku in skus)


def shown() -> list[str]:
    return list(Product.objects.shown().values_list("sku", flat=True))


FIVE = ("A", "B", "C", "D", "E")


def test_what_a_complete_file_lacks_is_hidden_and_a_partial_one_hides_nothing(folder):
    folder.load_text(rows(*FIVE))

    assert folder.load_text(rows("A")).summary == "Created 0, changed 0, unchanged 1, rejected 0."
    assert shown() == list(FIVE)
    outcome = folder.load_text(rows("A", "B", "C", "D", "F"), complete=True)

    assert outcome.summary == "Created 1, changed 0, unchanged 4, rejected 0, deactivated 1."
    assert shown() == ["A", "B", "C", "D", "F"]
    gone = Product.objects.get(sku="E")
    assert (gone.title, gone.source) == ("Mug", "csv")
    assert gone.left_source_at == gone.updated_at


def test_a_second_run_finds_nothing_more_to_hide(folder):
    folder.load_text(rows(*FIVE))
    folder.load_text(rows(*FIVE[:4]), complete=True)
    left_at = Product.objects.get(sku="E").left_source_at

    assert folder.load_text(rows(*FIVE[:4]), complete=True).summary == (
        "Created 0, changed 0, unchanged 4, rejected 0."
    )
    assert Product.objects.get(sku="E").left_source_at == left_at


def test_a_dry_run_says_how_many_and_hides_none(folder):
    folder.load_text(rows(*FIVE))

    outcome = folder.load_text(rows("A", "B", "C", "D", "F"), complete=True, dry_run=True)

    assert outcome.summary == "Would create 1, would change 0, unchanged 4, rejected 0, would deactivate 1."
    assert shown() == list(FIVE)


def test_products_of_other_sources_and_of_people_are_never_touched(folder):
    ProductFactory(sku="HAND", title="Made by hand")
    folder.load_text(rows("HAND", *FIVE))
    folder.load_text(rows("X1", "X2"), source="supplier")

    folder.load_text(rows(*FIVE), complete=True)

    assert shown() == [*FIVE, "HAND", "X1", "X2"]
    assert Product.objects.get(sku="HAND").source == ""


def test_a_product_stays_with_the_source_that_made_it(folder):
    folder.load_text(rows(*FIVE))
    folder.load_text(rows("E", title="Cup"), source="prices")

    folder.load_text(rows("X"), source="prices", complete=True)
    assert "E" in shown()
    folder.load_text(rows(*FIVE[:4]), complete=True)
    assert shown() == ["A", "B", "C", "D", "X"]


def test_products_that_no_import_made_can_be_claimed(folder):
    for sku in FIVE:
        ProductFactory(sku=sku, title="Mug")
    assert folder.load_text(rows(*FIVE), claim=True).summary == "Created 0, changed 5, unchanged 0, rejected 0."

    folder.load_text(rows(*FIVE[:4]), complete=True)

    assert shown() == list(FIVE[:4])


def test_more_than_a_fifth_gone_is_refused_until_it_is_said_to_be_right(folder):
    folder.load_text(rows(*FIVE))
    new = [f"N{number}" for number in range(20)]  # they say nothing of what is gone
    path = folder.write(rows("A", "B", "C", *new))

    with pytest.raises(CommandError, match="more than 20%"):
        folder.load(path, complete=True, dry_run=True)
    with pytest.raises(CommandError) as error:
        folder.load(path, complete=True)
    assert str(error.value).endswith(
        "2 of the 5 products of source 'csv' are not in the file, more than 20%: nothing was deactivated. "
        "If they are really gone, run it again with --allow-many-gone."
    )
    assert {"D", "E", "N0"} <= set(shown())
    assert folder.load(path, complete=True, allow_many_gone=True).summary.endswith("deactivated 2.")
    assert {"D", "E"}.isdisjoint(shown())


def test_a_file_without_a_product_hides_nothing(folder):
    folder.load_text(rows(*FIVE))

    with pytest.raises(CommandError, match="no product could be loaded"):
        folder.load_text("sku,title\n", complete=True, allow_many_gone=True)
    assert shown() == list(FIVE)


def test_a_product_whose_row_is_rejected_is_still_in_the_file(folder):
    folder.load_text(rows(*FIVE))

    outcome = folder.load_text("sku,title,price\nA,Mug,1\nB,Mug,1\nC,Mug,1\nD,Mug,free\n", complete=True)

    assert outcome.summary == "Created 0, changed 3, unchanged 0, rejected 1, deactivated 1."
    assert shown() == ["A", "B", "C", "D"]


def test_nothing_is_hidden_where_a_row_cannot_be_told_whose_it_is(folder):
    folder.load_text(rows(*FIVE))

    with pytest.raises(CommandError, match="1 rows could not be read so far as to say which products they are"):
        folder.load_text('sku,title\nA,Mug\nB,Mug\nC,Mug\nD,"Mug\n', complete=True)
    assert shown() == list(FIVE)


def test_what_comes_back_is_shown_again_unless_the_file_says_otherwise(folder):
    folder.load_text(rows(*FIVE, "F", "G", "H", "I", "J"))
    Product.objects.filter(sku="A").update(is_active=False)  # by hand: that is nobody else's to undo
    folder.load_text(rows("B", "C", "D", "E", "F", "G", "H", "I"), complete=True)
    assert shown() == ["B", "C", "D", "E", "F", "G", "H", "I"]

    folder.load_text("sku,title,is_active\nI,Mug,\nJ,Mug,\n")
    assert shown() == ["B", "C", "D", "E", "F", "G", "H", "I", "J"]
    folder.load_text(rows("A"))
    assert Product.objects.get(sku="A").is_active is False
    assert Product.objects.get(sku="J").left_source_at is None


def test_large_sources_are_looked_through_in_pieces(folder, monkeypatch):
    monkeypatch.setattr(vanished, "CHUNK", 2)
    folder.load_text(rows(*FIVE))

    with CaptureQueriesContext(connection) as queries:
        folder.load_text(rows("A", "B"), complete=True, allow_many_gone=True)

    assert shown() == ["A", "B"]
    hidden = [
        query["sql"] for query in queries if query["sql"].startswith("UPDATE") and "left_source_at" in query["sql"]
    ]
    assert len(hidden) == 2
