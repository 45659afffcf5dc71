"""What becomes of products that a feed does not have any more, and what a person is asked first."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.importers import vanished
from catalog.models import Product, Source, SourceRun
from catalog.sources.leasing import take_lease
from catalog.sources.removal import remove_source
from catalog.sources.steering import SourceError, decide
from tests.catalog.sources.small_feed import DRY, counts, shown
from tests.factories import ProductFactory

State = SourceRun.State
pytestmark = pytest.mark.django_db
TEN = tuple("ABCDEFGHIJ")


def rows(skus) -> list[str]:
    return [f"{sku},Mug" for sku in skus]


@pytest.fixture
def source(feed) -> Source:
    source = feed.add()
    feed.write(*rows(TEN))
    feed.read(source)
    return source


def test_a_few_that_vanish_are_hidden_and_shown_again_when_they_are_back(feed, source):
    ProductFactory(sku="HAND", title="Made by hand")
    feed.write(*rows("ABCDEFGH"))
    run = feed.read(source)
    assert (run.state, run.deactivated, run.vanished) == (State.DONE, 2, 2)
    assert run.vanished_examples == [{"sku": "I", "title": "Mug"}, {"sku": "J", "title": "Mug"}]
    assert shown() == [*"ABCDEFGH", "HAND"]

    feed.write(*rows(TEN))
    assert counts(feed.read(source)) == (0, 2, 8, 0)
    assert shown(source="shop") == list(TEN)


def test_they_stay_where_that_is_agreed(feed, source):
    Source.objects.update(vanished="keep")
    feed.write(*rows("AB"))
    run = feed.read(source)
    assert (run.state, run.vanished, run.deactivated, shown()) == (State.DONE, 8, 0, list(TEN))


def test_they_are_deleted_in_batches_where_that_is_agreed_hidden_ones_too(feed, source, monkeypatch):
    monkeypatch.setattr(vanished, "DELETED_AT_ONCE", 1)
    Product.objects.filter(sku="J").update(is_active=False)
    Source.objects.update(vanished="delete")
    feed.write(*rows("ABCDEFGH"))
    run = feed.read(source, start=DRY)
    assert (run.deleted, Product.objects.count()) == (2, 10)
    run = feed.read(source)
    assert (run.deleted, run.deactivated) == (2, 0)
    assert list(Product.objects.values_list("sku", flat=True)) == list("ABCDEFGH")


def test_more_than_a_fifth_waits_for_a_person_and_what_the_feed_says_is_loaded(feed, source):
    feed.write("A,Cup", *rows("BCDEFG"))
    run = feed.read(source)
    assert (run.state, run.vanished, counts(run), source.asking_run) == (State.ASKING, 3, (0, 1, 6, 0), run)
    assert run.warnings == [
        "3 of the 10 products are not in the feed, more than 20%: nothing was taken away. Say whether they are to go."
    ]
    assert shown() == list(TEN)
    assert Product.objects.get(sku="A").title == "Cup"
    assert feed.read(source).state == State.UNCHANGED  # and it goes on asking
    assert source.asking_run == run


def test_a_dry_run_says_that_a_person_would_be_asked_and_carries_no_decision_out(feed, source):
    feed.write(*rows("ABCDEFG"))
    feed.read(source)
    Source.objects.update(decision="keep", decided_count=3)
    run = feed.read(source, start=DRY)
    assert run.warnings == [
        "3 of the 10 products are not in the feed, more than 20%: a person would be asked before any goes."
    ]
    assert (source.decision, Product.objects.exclude(left_source_at=None).count()) == ("keep", 0)


@pytest.mark.parametrize(("decision", "left"), [("let_go", list("ABCDEFG")), ("keep", list(TEN))])
def test_what_a_person_decides_is_done_at_once_and_once(feed, source, decision, left):
    feed.write(*rows("ABCDEFG"))
    asked = feed.read(source)
    run = decide(source, decision)
    from catalog.sources.running import run_source

    run_source(source.pk)

    run.refresh_from_db(), asked.refresh_from_db(), source.refresh_from_db()
    assert (run.state, asked.state, source.asking_run, source.decision) == (State.DONE, State.DONE, None, "")
    assert shown() == left
    with pytest.raises(SourceError, match="Nothing of shop waits for a decision"):
        decide(source, decision)
    feed.write(*rows("ABCDEF"))  # one more: of those that are left, kept ones do not count
    run = feed.read(source)
    assert (run.state, run.vanished) == (State.DONE, 1)
    assert shown() == [sku for sku in left if sku != "G"]


@pytest.mark.parametrize("decision", ["let_go", "keep"])
def test_a_decision_about_three_is_none_about_nine(feed, source, decision):
    feed.write(*rows("ABCDEFG"))
    feed.read(source)
    feed.write(*rows("A"))
    decide(source, decision)
    run = feed.read(source)
    assert (run.state, run.vanished, source.asking_run, shown()) == (State.ASKING, 9, run, list(TEN))
    assert source.decision == ""


def test_a_kept_product_that_is_in_the_feed_again_vanishes_like_any_other(feed, source):
    feed.write(*rows("ABCDEFG"))
    feed.read(source)
    decide(source, Source.Decision.KEEP)
    feed.read(source)
    assert Product.objects.exclude(left_source_at=None).count() == 3
    feed.write(*rows(TEN))
    feed.read(source)
    assert Product.objects.exclude(left_source_at=None).count() == 0
    feed.write(*rows("ABCDEFGHI"))
    assert feed.read(source).deactivated == 1


def test_a_question_is_settled_by_a_feed_that_is_whole_again(feed, source):
    feed.write(*rows("AB"))
    asked = feed.read(source)
    feed.write(*rows(TEN))
    feed.read(source)
    asked.refresh_from_db()
    assert (source.asking_run, asked.state) == (None, State.DONE)


def test_a_row_that_is_rejected_is_there_and_one_that_says_nothing_takes_nothing_away(feed, source):
    feed.write(*rows("ABCDEFGH"), "I,", columns="sku,title")
    assert (feed.read(source).deactivated, shown()) == (1, list("ABCDEFGHI"))
    feed.write(*rows("ABCDEFG"), ",Mug")
    run = feed.read(source)
    assert (run.state, run.deactivated, shown()) == (State.DONE, 0, list("ABCDEFGHI"))
    assert run.warnings == [
        "1 rows could not be read so far as to say which products they are: no product was taken away."
    ]


def test_a_share_of_its_own_is_the_guard(feed, source):
    Source.objects.update(guard=0.9)
    feed.write(*rows("A"))
    assert (feed.read(source).deactivated, shown()) == (9, ["A"])


def test_products_that_no_import_made_can_be_taken_over(feed):
    ProductFactory(sku="A", title="Mug")
    ProductFactory(sku="B", title="Mug", source="other")
    feed.write(*rows("ABCDEFG"))
    source = feed.add(claims=True)
    feed.read(source)
    feed.write(*rows("CDEFG"))
    assert (feed.read(source).deactivated, shown()) == (1, list("BCDEFG"))


def test_a_product_that_its_source_lacks_belongs_to_the_one_that_has_it(feed, source, tmp_path):
    (tmp_path / "second.csv").write_text("sku,title\nA,Mug\n")
    feed.write(*rows("BCDEFGHIJ"))
    assert (feed.read(source).deactivated, shown()) == (1, list("BCDEFGHIJ"))
    second = feed.add(name="second", address=str(tmp_path / "second.csv"))

    assert (feed.read(second).warnings, shown(source="second")) == ([], ["A"])

    feed.write(*rows("BCDEFGHI"))
    assert (feed.read(source).deactivated, shown()) == (1, list("ABCDEFGHI"))


def test_products_of_a_source_that_was_removed_are_kept_true_by_the_one_that_follows_it(feed, source):
    remove_source(source, products="deactivate")
    follower = feed.add(name="follower")
    feed.write(*rows(TEN))
    assert (counts(feed.read(follower)), shown(source="follower")) == ((0, 10, 0, 0), list(TEN))


def test_a_product_of_two_feeds_says_what_was_read_last_and_that_is_said(feed, source, tmp_path):
    (tmp_path / "second.csv").write_text("sku,title\nC,Cup\nB,Cup\nNEW,Cup\n")

    run = feed.read(feed.add(name="second", address=str(tmp_path / "second.csv")))

    assert (counts(run), shown(source="second"), shown(title="Cup")) == ((1, 2, 0, 0), ["NEW"], ["B", "C", "NEW"])
    assert run.warnings == [
        "2 products are of source 'shop' too, B for one: they say what was read last. Leave them out of one of the "
        "feeds."
    ]


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("csv", "sku,title,price,currency"),
        ("google", "id\ttitle\tprice\tlink"),
        ("woocommerce", "SKU,Name,Regular price,Categories"),
        ("magento", "sku,name,price,product_type"),
    ],
)
def test_a_table_that_is_cut_in_the_middle_of_a_row_takes_nothing_away(feed, kind, columns):
    source = feed.add(kind=kind, guard=1.0, currency="EUR")
    cells = {"csv": "EUR", "google": "https://shop.example/", "woocommerce": "Cups", "magento": "simple"}
    mark = "\t" if kind == "google" else ","
    rows = "".join(mark.join([f"s{n}", f"Title {n}", f"{n + 1}.00", cells[kind]]) + "\n" for n in range(4))
    whole = f"{columns}\n{rows}"
    feed.path.write_text(whole)
    assert feed.read(source).created == 4
    last_row = whole.index("s2")

    for end in range(last_row + 1, whole.index(f"{mark}{cells[kind]}", last_row) + 1):
        feed.path.write_text(whole[:end])
        run = feed.read(source)
        assert (run.deactivated, run.created, run.rejected, len(shown())) == (0, 0, 1, 4), whole[last_row:end]
        assert (
            "1 rows could not be read so far as to say which products they are: no product was taken away."
            in run.warnings
        )


@pytest.mark.parametrize(
    ("products", "left", "sources"),
    [("keep", list(TEN), {""}), ("deactivate", [], {"shop"}), ("delete", [], set())],
)
def test_a_source_that_is_removed_does_with_its_products_what_was_said(feed, source, products, left, sources):
    ProductFactory(sku="HAND", title="Made by hand", source="other")
    assert remove_source(source, products=products) == 10
    assert (shown(), Source.objects.count(), SourceRun.objects.count()) == (sorted([*left, "HAND"]), 0, 0)
    assert set(Product.objects.exclude(sku="HAND").values_list("source", flat=True)) == sources


def test_a_source_that_is_being_read_is_not_removed(feed, source):
    take_lease(source.pk)
    with pytest.raises(SourceError, match="is being read"):
        remove_source(source, products="delete")
    assert (Product.objects.count(), Source.objects.get().leased_until > timezone.now()) == (10, True)
