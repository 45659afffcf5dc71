"""What visitors in an experiment did: who counts, as what, once, whatever order events come in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from uuid import UUID

import pytest
from django.db.models import Sum
from django.utils import timezone

from behaviour.events.event import settled_id
from behaviour.experiments import counting, credit, looks
from behaviour.experiments.erasing import erase_units
from behaviour.experiments.experiment import Experiment
from behaviour.experiments.moments import Moments
from behaviour.experiments.unit import ExperimentLook, ExperimentUnit
from behaviour.reports import counting as reports
from behaviour.reports.daily_counts import DailyCount
from recommendations.tokens import Token, make_token
from tests.behaviour.event_rows import add_events
from tests.behaviour.experiment_rows import STARTED, find_keys, make_experiment

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
COUNTED = ("clicks", "carts", "orders", "revenue")
EARLIER = tuple(f"earlier_{name}" for name in COUNTED)


def shown(key: UUID, arm: str, *, at=STARTED + DAY, **more) -> dict:
    return {
        "type": "impression",
        "sku": "A",
        "user_key": key,
        "experiment": "front",
        "arm": arm,
        "occurred_at": at,
    } | more


def count_all(experiment: Experiment) -> None:
    counting.count_new_events(experiment)


def read_unit(key: UUID, names: tuple[str, ...] = COUNTED) -> tuple:
    return ExperimentUnit.objects.values_list(*names).get(unit_key=key)


def test_a_visitor_counts_in_their_arm_with_all_that_they_did_since_they_saw_a_list_of_it():
    experiment = make_experiment(currency="EUR")
    (key,) = find_keys(experiment, "other", 1)
    order, at = UUID(int=10**6), STARTED + 2 * DAY
    mine = {"user_key": key, "occurred_at": at}
    add_events([
        shown(key, "other"),
        shown(key, "other", at=STARTED + 3 * DAY),
        {"type": "click", "sku": "A", "experiment": "front", "arm": "other", **mine},
        {"type": "click", "sku": "B", **mine},  # in a list that is not of the experiment
        {"type": "add_to_cart", "sku": "B", **mine},
        {"sku": "A", "order_key": order, "quantity": 2, "price": Decimal("4.50"), "currency": "EUR", **mine},
        {"sku": "B", "order_key": order, "quantity": 1, "price": Decimal("3.25"), "currency": "EUR", **mine},
        {"sku": "C", "quantity": 1, "price": Decimal("100"), "currency": "USD", **mine},
        {"sku": "A", **mine, "occurred_at": STARTED + DAY / 2},  # before they saw any
        {"type": "add_to_cart", "sku": "A", "user_key": UUID(int=10**7), "occurred_at": at},  # someone else
    ])  # fmt: skip

    count_all(experiment)

    assert ExperimentUnit.objects.values_list("unit_key", "arm", "first_at").get() == (key, "other", STARTED + DAY)
    assert read_unit(key) == (1, 1, 2, Decimal("12.25"))


def buy(key: UUID, sku: str, *, order: int | None, at=STARTED + 2 * DAY, **more) -> dict:
    named = {} if order is None else {"order_key": UUID(int=order)}
    price = {"quantity": 1, "price": Decimal(10), "currency": "EUR"}
    return {"sku": sku, "user_key": key, "occurred_at": at, **named, **price, **more}


def test_what_page_and_server_both_tell_of_a_purchase_counts_once_as_in_reports():
    experiment = make_experiment(currency="EUR")
    (key,) = find_keys(experiment, "other", 1)
    later = STARTED + 2 * DAY + timedelta(seconds=3)
    page = {"session_key": UUID(int=5), "recommendation_id": "r-1"}
    add_events([
        shown(key, "other"),
        buy(key, "A", order=1, **page), buy(key, "A", order=1, at=later),  # the page, and the server
        buy(key, "B", order=1), buy(key, "B", order=1), buy(key, "B", order=1, at=later),  # two, told twice
        buy(key, "C", order=2), buy(key, "C", order=3, at=later),  # two orders
        buy(key, "D", order=None), buy(key, "D", order=None),  # which name none
        buy(key, "E", order=4, quantity=2), buy(key, "E", order=4, quantity=1),  # lines that differ
        buy(key, "F", order=5, quantity=0),  # all of it came back
    ])  # fmt: skip

    count_all(experiment)
    reports.count_new_events()

    assert read_unit(key) == (0, 0, 6, Decimal(10 * (1 + 2 + 2 + 2 + 3)))
    told = DailyCount.objects.aggregate(Sum("baskets"), Sum("revenue"))
    assert tuple(told.values()) == read_unit(key)[2:]


def test_what_they_did_in_the_four_weeks_before_the_start_is_their_history():
    experiment = make_experiment(currency="EUR")
    (key,) = find_keys(experiment, "as-now", 1)
    before = {"user_key": key, "occurred_at": STARTED - DAY, "price": Decimal(7), "currency": "EUR"}
    add_events([
        shown(key, "as-now"),
        {"type": "click", "sku": "A", "user_key": key, "occurred_at": STARTED - DAY},
        {"type": "add_to_cart", "sku": "A", "user_key": key, "occurred_at": STARTED - DAY},
        {"sku": "A", **before},
        {"sku": "A", **before, "occurred_at": STARTED - 29 * DAY},
    ])  # fmt: skip

    count_all(experiment)

    assert read_unit(key) == (0, 0, 0, 0)
    assert read_unit(key, EARLIER) == (1, 1, 1, Decimal(7))


def test_who_only_clicked_who_is_not_known_and_who_names_an_arm_of_others_does_not_count():
    experiment = make_experiment()
    mine, other = find_keys(experiment, "as-now", 2)
    add_events([
        shown(mine, "as-now") | {"type": "click"},
        shown(other, "other"),
        shown(None, "as-now"),
        shown(find_keys(experiment, "as-now", 3)[2], "as-now", at=STARTED - DAY),
    ])  # fmt: skip

    count_all(experiment)

    assert not ExperimentUnit.objects.exists()


def test_a_session_counts_where_it_was_by_the_session_that_the_list_was_made():
    experiment = make_experiment()
    (user,) = find_keys(experiment, "as-now", 1)
    (session,) = find_keys(experiment, "other", 1)
    add_events([
        shown(user, "other", session_key=session),
        {"type": "add_to_cart", "sku": "A", "session_key": session, "occurred_at": STARTED + 2 * DAY},
    ])  # fmt: skip

    count_all(experiment)

    assert ExperimentUnit.objects.values_list("unit_key", "arm", "carts").get() == (session, "other", 1)


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
@pytest.mark.parametrize("step", [1, 3, 100])
def test_events_in_any_order_and_steps_of_any_size_come_to_the_same(order, step, monkeypatch):
    monkeypatch.setattr(counting, "STEP", step)
    add_events([{"sku": "Z"}])  # without it nothing would be settled, and each id that other tests have used be a step
    experiment = make_experiment(counted_id=settled_id())  # as one that starts
    (key,) = find_keys(experiment, "other", 1)
    rows = [
        shown(key, "other", at=STARTED + 2 * DAY),
        shown(key, "other", at=STARTED + DAY),  # the first, whenever it comes in
        shown(key, "other", at=STARTED + 1.5 * DAY) | {"type": "click"},
        {"sku": "A", "user_key": key, "occurred_at": STARTED + 1.2 * DAY},
    ]
    for number in order:
        add_events([rows[number]])
        count_all(experiment)

    assert read_unit(key) == (1, 0, 1, 0)
    assert experiment.counted_id == settled_id()
    assert not counting.count_new_events(experiment)


def test_a_step_that_was_broken_off_is_done_again_and_counts_once(monkeypatch):
    experiment = make_experiment()
    (key,) = find_keys(experiment, "other", 1)
    add_events([shown(key, "other"), shown(key, "other") | {"type": "click"}])
    counts = counting.count_anew

    def count_and_die(*args, **kwargs):
        counts(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(counting, "count_anew", count_and_die)
    with pytest.raises(KeyboardInterrupt):
        count_all(experiment)
    assert not ExperimentUnit.objects.exists()
    monkeypatch.setattr(counting, "count_anew", counts)

    count_all(experiment)

    assert read_unit(key) == (1, 0, 0, 0)


def test_what_is_done_after_the_end_does_not_count_and_late_events_are_waited_for():
    now = timezone.now()
    experiment = make_experiment(status="stopped", stopped_at=now - DAY, started_at=now - 9 * DAY)
    make_experiment("over", status="stopped", stopped_at=now - 3 * DAY)
    (key,) = find_keys(experiment, "other", 1)
    add_events([
        shown(key, "other", at=now - 2 * DAY),
        shown(key, "other", at=now - DAY / 2) | {"type": "click"},
        {"sku": "A", "user_key": key, "occurred_at": now - DAY * 1.5},
    ])  # fmt: skip

    for each in counting.find_open():
        count_all(each)

    assert [each.name for each in counting.find_open()] == ["front"]
    assert read_unit(key) == (0, 0, 1, 0)


def test_a_look_sums_up_each_arm_and_a_later_one_of_the_day_takes_its_place():
    experiment = make_experiment(currency="EUR")
    for arm, clicks, revenue, earlier in (
        ("as-now", 3, 0, 0),
        ("as-now", 0, 5, 2),
        ("other", 1, Decimal("2.5"), 4),
    ):
        key = find_keys(experiment, arm, ExperimentUnit.objects.count() + 1)[-1]
        ExperimentUnit.objects.create(
            experiment=experiment, unit_key=key, arm=arm, first_at=STARTED, clicks=clicks, revenue=revenue,
            earlier_revenue=earlier, margin=clicks - 1,
        )  # fmt: skip
    looks.take_look(experiment)
    looks.take_look(experiment)

    found = {look.arm: look for look in ExperimentLook.objects.all()}
    assert len(found) == ExperimentLook.objects.count() == 2
    assert looks.read_moments(found["as-now"], "click") == Moments(2, 1.0, 1.0, 0.0, 0.0, 0.0)
    assert looks.read_moments(found["as-now"], "revenue") == Moments(2, 5.0, 25.0, 2.0, 4.0, 10.0)
    assert looks.read_moments(found["other"], "revenue") == Moments(1, 2.5, 6.25, 4.0, 16.0, 10.0)
    assert looks.read_moments(None, "revenue") == Moments(0)
    assert [(found[arm].wins, found[arm].losses) for arm in ("as-now", "other")] == [(1, 1), (0, 0)]
    assert not looks.is_due(experiment)


def test_an_erased_person_is_in_no_experiment_any_more():
    experiment = make_experiment()
    first, second = find_keys(experiment, "other", 2)
    add_events([shown(first, "other"), shown(second, "other")])
    count_all(experiment)

    assert erase_units([first, UUID(int=10**9)]) == 1
    assert list(ExperimentUnit.objects.values_list("unit_key", flat=True)) == [second]


class TestCredit:
    """Of the list A B C, A and C were drafted from the second ranking."""

    TOKEN = make_token(
        Token(strategy="similar", experiment="front", arm="interleaved", teams="101", at=STARTED), cached=False
    )

    def act(self, kind: str, sku: str, position: int | None = None, token: str = "") -> credit.Act:
        return credit.Act(kind, sku, token or self.TOKEN, position)

    def test_a_click_is_credited_to_whom_its_place_was_drafted_from(self):
        acts = [self.act("click", "A", 1), self.act("click", "C", 3), self.act("click", "B", 2)]

        assert credit.find_margin(acts, experiment="front", credited="click") == 1

    @pytest.mark.parametrize(
        ("position", "token"),
        [(None, ""), (4, ""), (1, "an-older-id"), (0, "")],
        ids=["unsaid", "beyond", "older", "0"],
    )
    def test_a_click_that_says_too_little_is_credited_to_nobody(self, position, token):
        acts = [self.act("click", "A", position, token)]

        assert credit.find_margin(acts, experiment="front", credited="click") == 0

    def test_a_click_in_another_experiment_is_credited_to_nobody(self):
        assert credit.find_margin([self.act("click", "A", 1)], experiment="other", credited="click") == 0

    def test_an_order_is_credited_to_the_last_click_on_the_product(self):
        acts = [
            self.act("purchase", "A"),  # before any click
            self.act("click", "A", 1),
            self.act("click", "A", 2),
            self.act("purchase", "A"),
            self.act("purchase", "Z"),
        ]
        assert credit.find_margin(acts, experiment="front", credited="purchase") == -1

    def test_both_rankings_compete_within_a_visitor(self):
        experiment = make_experiment(method="interleaving")
        first, second = UUID(int=1), UUID(int=2)
        at = STARTED + 2 * DAY
        click = {"type": "click", "recommendation_id": self.TOKEN, "experiment": "front", "arm": "interleaved"}
        add_events([
            shown(first, "interleaved"),
            shown(None, "interleaved", session_key=second),
            {**click, "sku": "A", "position": 1, "user_key": first, "occurred_at": at},
            {**click, "sku": "C", "position": 3, "user_key": first, "occurred_at": at},
            {**click, "sku": "B", "position": 2, "session_key": second, "occurred_at": at},
        ])  # fmt: skip
        count_all(experiment)
        looks.take_look(experiment)

        assert dict(ExperimentUnit.objects.values_list("unit_key", "margin")) == {first: 2, second: -1}
        assert ExperimentLook.objects.values_list("arm", "units", "wins", "losses").get() == ("interleaved", 2, 1, 1)

    def test_an_order_that_page_and_server_tell_gives_credit_once(self):
        experiment = make_experiment(method="interleaving", metric="order")
        key = UUID(int=1)
        click = {"type": "click", "recommendation_id": self.TOKEN, "experiment": "front", "arm": "interleaved"}
        page = {"session_key": UUID(int=5), "recommendation_id": self.TOKEN}
        add_events([
            shown(key, "interleaved"),
            {**click, "sku": "A", "position": 1, "user_key": key, "occurred_at": STARTED + 1.5 * DAY},
            {**click, "sku": "B", "position": 2, "user_key": key, "occurred_at": STARTED + 1.5 * DAY},
            buy(key, "A", order=1, **page), buy(key, "A", order=1, at=STARTED + 3 * DAY),
            buy(key, "B", order=1), buy(key, "B", order=2, quantity=0),
        ])  # fmt: skip

        count_all(experiment)

        assert read_unit(key, ("margin",)) == (0,)
