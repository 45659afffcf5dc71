"""The doctor goes round the catalogue in slices, takes what changed first, and forgets what is mended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.doctor import rounds, writing
from catalog.doctor.checks import CHECKS, Check, Found
from catalog.doctor.scores import draw_line, note_scores
from catalog.models import DoctorRound, DoctorScore, DueExamination, Finding, Product
from tests.factories import ProductFactory, ProductImageFactory

pytestmark = pytest.mark.django_db


def never_due() -> None:
    """Leave the round behind, so that only what is asked for is looked at."""
    DoctorRound.objects.update(changed_at=timezone.now() + timedelta(days=1))


def test_the_first_round_looks_at_every_product_and_says_how_many_there_are(listed):
    for number in range(5):
        ProductFactory(sku=f"P{number}", description="")
    ProductFactory(sku="HIDDEN", description="", is_active=False)
    assert rounds.examine_due() == 6 + 6  # each, and each beside all others
    round_ = DoctorRound.objects.get()
    assert (round_.stage, round_.position, round_.products) == (rounds.AT_REST, 0, 5)
    assert round_.ended_at is not None
    assert listed("no_text") == ["P0", "P1", "P2", "P3", "P4"]


def test_a_round_that_is_over_is_not_begun_again_before_a_day_is_gone_unless_somebody_asks(look):
    ProductFactory()
    rounds.examine_due()
    never_due()
    assert rounds.examine_due() == 0
    DoctorRound.objects.update(began_at=timezone.now() - rounds.EVERY)
    assert rounds.examine_due() == 2
    assert rounds.examine_due() == 0
    assert look() == 2
    assert rounds.examine_due() == 0


def test_a_round_goes_on_slice_by_slice_where_it_was(monkeypatch, listed):
    monkeypatch.setattr(rounds, "SLICE", 2)
    for number in range(5):
        ProductFactory(sku=f"P{number}", description="")
    turn = rounds._take_turn()
    rounds._begin(turn)
    assert [rounds._go_on(turn, float("inf")) for _ in range(2)] == [2, 2]
    assert listed("no_text") == ["P0", "P1", "P2", "P3"]
    assert DoctorRound.objects.get().position == Product.objects.get(sku="P3").pk
    DoctorRound.objects.update(leased_until=None)  # that worker has died
    rounds.examine_due()
    assert listed("no_text") == ["P0", "P1", "P2", "P3", "P4"]
    assert DoctorRound.objects.get().products == 5


def test_no_more_is_begun_once_the_time_is_spent():
    ProductFactory.create_batch(3)
    assert rounds.examine_due(budget_s=0) == 0
    assert DoctorRound.objects.get().leased_until is None


def test_a_slice_ends_where_there_is_no_time_left_to_measure_pictures(monkeypatch):
    images = [ProductImageFactory() for _ in range(3)]
    turn = rounds._take_turn()
    rounds._begin(turn)
    assert rounds._go_on(turn, 0.0) == 1  # of the first product always
    assert DoctorRound.objects.get().position == images[0].product_id


def test_while_one_worker_is_at_it_another_one_leaves_it_alone():
    ProductFactory()
    assert rounds._take_turn() is not None
    assert rounds._take_turn() is None
    assert rounds.examine_due() == 0
    DoctorRound.objects.update(leased_until=timezone.now() - timedelta(seconds=1))  # it has died
    assert rounds.examine_due() == 2


def test_what_was_saved_is_looked_at_before_its_turn_and_once(listed):
    product = ProductFactory(sku="MUG", description="")
    rounds.examine_due()
    Product.objects.filter(pk=product.pk).update(description="A mug.", updated_at=timezone.now() + timedelta(seconds=1))
    DoctorRound.objects.update(changed_at=timezone.now())
    assert rounds.examine_due() == 0  # a moment ago: another one's change of that moment may be on its way
    Product.objects.filter(pk=product.pk).update(updated_at=timezone.now() - timedelta(seconds=31))
    DoctorRound.objects.update(changed_at=timezone.now() - timedelta(seconds=60))
    assert rounds.examine_due() == 1
    assert listed("no_text") == []
    assert rounds.examine_due() == 0


def test_what_is_asked_for_is_looked_at_and_a_product_that_is_gone_harms_nobody(listed):
    rounds.examine_due()
    product = ProductFactory(sku="MUG", description="")
    never_due()
    rounds.ask_again([product.pk, product.pk, 10**12])
    assert rounds.examine_due() == 2
    assert listed("no_text") == ["MUG"]
    assert not DueExamination.objects.exists()


def test_what_a_round_will_come_to_is_not_looked_at_twice():
    products = ProductFactory.create_batch(3)
    rounds.ask_again([product.pk for product in products])
    assert rounds.examine_due() == 6
    assert not DueExamination.objects.exists()


def test_a_product_that_is_hidden_or_mended_is_on_no_list(look, listed):
    hidden, mended, left = (ProductFactory(sku=sku, description="") for sku in ("HIDDEN", "MENDED", "LEFT"))
    look()
    Product.objects.filter(pk=hidden.pk).update(is_active=False)
    Product.objects.filter(pk=mended.pk).update(description="A mug.")
    look()
    assert listed("no_text") == ["LEFT"]
    assert left.findings.get(check_name="no_text").found_at < timezone.now()


def test_what_is_ignored_stays_so_when_it_is_found_again_or_mended(look, listed):
    product = ProductFactory(description="")
    look()
    Finding.objects.filter(check_name="no_text").update(ignored_at=timezone.now())
    look()
    assert (listed("no_text"), Finding.objects.filter(check_name="no_text").count()) == ([], 1)
    Product.objects.filter(pk=product.pk).update(description="A mug.")
    look()
    Product.objects.filter(pk=product.pk).update(description="")
    look()
    assert (listed("no_text"), Finding.objects.filter(check_name="no_text").count()) == ([], 1)


@pytest.fixture
def pairs() -> list[Found]:
    """What a check of pairs finds in each slice."""
    found: list[Found] = []

    def examine(part):
        return [one for one in found if {one.product_id, one.other_id} & set(part.ids)]

    CHECKS["pairs"] = Check(
        name="pairs", title="Pairs", advice="", describe=lambda details: "", deeds=(), examine=examine
    )
    yield found
    del CHECKS["pairs"]


def test_a_pair_is_found_once_from_whichever_side_it_is_looked_at_and_changes_with_what_is_said_of_it(pairs):
    first, second = ProductFactory.create_batch(2)
    rounds.examine_due()
    pairs.append(Found(product_id=first.pk, other_id=second.pk, severity=0.5))
    for product in (first, second, first):
        rounds.examine([product.pk], until=float("inf"))
    (finding,) = Finding.objects.filter(check_name="pairs")
    assert (finding.product_id, finding.other_id, finding.severity) == (first.pk, second.pk, 0.5)
    pairs[0] = Found(product_id=first.pk, other_id=second.pk, severity=0.9, details={"text": 0.4})
    rounds.examine([second.pk], until=float("inf"))
    changed = Finding.objects.get(check_name="pairs")
    assert (changed.pk, changed.severity, changed.details) == (finding.pk, 0.9, {"text": 0.4})
    pairs.clear()
    rounds.examine([second.pk], until=float("inf"))
    assert not Finding.objects.filter(check_name="pairs").exists()


def test_a_pair_with_a_hidden_product_is_no_pair(pairs):
    first, second = ProductFactory.create_batch(2)
    pairs.append(Found(product_id=first.pk, other_id=second.pk))
    rounds.examine([first.pk], until=float("inf"))
    Product.objects.filter(pk=second.pk).update(is_active=False)
    pairs.clear()
    rounds.examine([second.pk], until=float("inf"))
    assert not Finding.objects.filter(check_name="pairs").exists()


def test_what_is_found_of_a_product_that_was_deleted_meanwhile_is_not_written():
    product = ProductFactory()
    found = {"no_text": [Found(product_id=10**12), Found(product_id=product.pk, other_id=10**12)]}
    writing.write_findings([product.pk, 10**12], found)
    assert not Finding.objects.exists()


def test_a_round_that_ends_writes_down_the_share_that_is_well(look):
    for number in range(4):
        ProductFactory(description="" if number == 0 else "A mug.")
    look()
    score = DoctorScore.objects.get(check_name="no_text")
    assert (score.amiss, score.products, score.share, score.day) == (1, 4, 0.75, timezone.localdate())
    assert DoctorScore.objects.count() == len(CHECKS)


def test_scores_are_one_row_a_day_and_know_of_what_is_ignored_and_of_what_is_old(look):
    ProductFactory(description="")
    look()
    DoctorScore.objects.create(
        check_name="no_text", day=timezone.localdate() - timedelta(days=401), amiss=1, products=1
    )
    Finding.objects.filter(check_name="no_text").update(ignored_at=timezone.now())
    assert note_scores() == len(CHECKS)
    assert [(row.amiss, row.products) for row in DoctorScore.objects.filter(check_name="no_text")] == [(0, 1)]


def test_before_a_round_has_ended_there_is_no_score():
    ProductFactory(description="")
    rounds.examine_due(budget_s=0)
    assert note_scores() == 0
    assert not DoctorScore.objects.exists()


def test_scores_make_a_line_with_the_best_at_the_top():
    today = timezone.localdate()
    scores = [
        DoctorScore(check_name="x", day=today + timedelta(days=day), amiss=amiss, products=10)
        for day, amiss in ((0, 5), (1, 0), (2, 5))
    ]
    line = draw_line(scores)
    assert (line.points, line.last, line.low, line.high) == ("3.0,25.0 60.0,3.0 117.0,25.0", (117.0, 25.0), 0.5, 1.0)
    assert draw_line(scores[:1]) is None
    assert draw_line([scores[0], scores[2]]).points == "3.0,14.0 117.0,14.0"
