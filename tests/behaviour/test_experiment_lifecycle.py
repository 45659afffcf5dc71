"""Starting, stopping, promoting: what is refused, who is first, and what follows for lists."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from behaviour.events.event import settled_id
from behaviour.experiments import guarding, keeping, lifecycle, looks, running
from behaviour.experiments.experiment import Experiment
from behaviour.experiments.lifecycle import ExperimentError
from behaviour.experiments.unit import ExperimentLook
from tests.behaviour.event_rows import add_events
from tests.behaviour.experiment_rows import STARTED, find_keys, make_experiment

ARMS = ({"name": "as-now"}, {"name": "other", "options": {"diversity": 0.3}})


def make_draft(name: str = "front", **values) -> Experiment:
    return make_experiment(name, **{"status": "draft", "started_at": None, "arms": ARMS, **values})


def add_look(experiment: Experiment, arm: str, *, units: int, clicks: int, orders: int = 0) -> None:
    """Look at an arm in which so many clicked, and ordered, once each."""
    shares = {"click": clicks, "order": orders, "cart": 0, "revenue": 0}
    sums = {name: {"y": ones, "yy": ones, "x": 0, "xx": 0, "xy": 0} for name, ones in shares.items()}
    ExperimentLook.objects.create(
        experiment=experiment, day=STARTED.date(), arm=arm, units=units, sums=sums, looked_at=timezone.now()
    )


@pytest.mark.django_db
class TestStart:
    def test_a_draft_runs_from_now_on_and_counts_what_comes_after(self):
        add_events([{"sku": "A"}])
        started = lifecycle.start(make_draft())

        assert started.status == "running"
        assert started.counted_id == settled_id() > 0
        assert timezone.now() - started.started_at < timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"arms": ARMS[:1]}, "It needs two arms at least: the first is the control."),
            ({"arms": (*ARMS, {"name": "third", "strategy": "visual"}), "method": "interleaving"}, "compares two"),
            ({"arms": (ARMS[0], {"name": "as-before"})}, "Two arms do the same: change one."),
            ({"arms": (ARMS[0], {"name": "x", "strategy": "magic"})}, "x: strategy: "),
            ({"arms": (ARMS[0], {"name": "x", "options": {"diversity": 7}})}, "x: diversity: "),
            ({"arms": (ARMS[0], {"name": "x", "options": {"placement": "p"}})}, "x: placement: There is no"),
            ({"arms": (ARMS[0], {"name": "x", "space": "nowhere"})}, "x: There is no space 'nowhere'."),
            ({"arms": (ARMS[0], {"name": "interleaved", "strategy": "visual"})}, "interleaved: Choose another name"),
            ({"metric": "revenue"}, "Say in which currency revenue is counted."),
        ],
    )  # fmt: skip
    def test_what_is_not_ready_says_what_is_missing(self, values, said):
        draft = make_draft(**values)

        with pytest.raises(ExperimentError) as refused:
            lifecycle.start(draft)

        assert said in str(refused.value)
        draft.refresh_from_db()
        assert (draft.status, draft.started_at) == ("draft", None)

    def test_guard_rails_are_for_comparisons(self):
        draft = make_draft(method="interleaving")
        draft.guard_rails.create(metric="order", worst_change=-0.05)

        with pytest.raises(ExperimentError, match="Interleaving has no guard rails"):
            lifecycle.start(draft)

    @pytest.mark.parametrize(
        ("first", "second", "clash"),
        [
            (("", ""), ("cart", "bundle"), True),
            (("cart", ""), ("", "bundle"), True),
            (("cart", "bundle"), ("cart", "bundle"), True),
            (("cart", ""), ("front", ""), False),
            (("cart", "bundle"), ("cart", "similar"), False),
        ],
    )
    def test_a_list_is_part_of_one_experiment_at_most(self, first, second, clash):
        lifecycle.start(make_draft("one", placement=first[0], strategy=first[1], title="The first"))
        other = make_draft("two", placement=second[0], strategy=second[1])

        if clash:
            with pytest.raises(ExperimentError, match="The first runs for lists that this is about"):
                lifecycle.start(other)
        else:
            assert lifecycle.start(other).status == "running"

    def test_what_ran_cannot_be_started_again_but_its_copy_can(self):
        stopped = lifecycle.stop(lifecycle.start(make_draft()), reason="Enough")
        stopped.guard_rails.create(metric="order", worst_change=-0.05)

        with pytest.raises(ExperimentError, match="copy this one"):
            lifecycle.start(stopped)
        copied = lifecycle.make_copy(stopped)

        assert (copied.name, copied.status, copied.stop_reason) == ("front-2", "draft", "")
        assert copied.salt != stopped.salt
        assert list(copied.arms.values_list("name", "options")) == [("as-now", {}), ("other", {"diversity": 0.3})]
        assert list(copied.guard_rails.values_list("metric", "worst_change")) == [("order", -0.05)]
        assert lifecycle.start(copied).status == "running"


@pytest.mark.django_db(transaction=True)
def test_of_two_that_are_started_at_once_for_the_same_lists_one_runs(monkeypatch):
    first, second = make_draft("one"), make_draft("two")
    lock, threads, refused = lifecycle.lock, [], []

    def start_second() -> None:
        try:
            lifecycle.start(second)
        except ExperimentError as error:
            refused.append(str(error))
        finally:
            connection.close()

    def lock_after_the_other_began(experiment, status, *, said):
        """The other one starts where the first has looked at nothing yet: it has to wait for the first's end."""
        if experiment == first:
            threads.append(threading.Thread(target=start_second))
            threads[0].start()
            threads[0].join(timeout=0.5)  # it waits, or has run into the same gap by now
        return lock(experiment, status, said=said)

    monkeypatch.setattr(lifecycle, "lock", lock_after_the_other_began)
    lifecycle.start(first)
    threads[0].join()

    assert list(Experiment.objects.filter(status="running").values_list("name", flat=True)) == ["one"]
    assert len(refused) == 1


@pytest.mark.django_db
class TestPromote:
    def test_the_arm_that_won_is_what_its_lists_are_like_from_then_on(self, django_capture_on_commit_callbacks):
        running.keep_trials(running.Trials())
        with django_capture_on_commit_callbacks(execute=True):
            stopped = lifecycle.stop(lifecycle.start(make_draft(placement="cart")))
            promoted = lifecycle.promote(stopped, stopped.arms.get(name="other"))
        trials = running.read_trials()

        assert (promoted.status, promoted.winner) == ("promoted", "other")
        assert trials.find_standing("cart", "similar").options == {"diversity": 0.3}
        assert trials.find_standing("front", "similar") is None
        assert trials.find_running("cart", "similar") is None

    def test_the_latest_counts_and_what_was_taken_back_does_not(self):
        for name in ("one", "two"):
            stopped = lifecycle.stop(lifecycle.start(make_draft(name)))
            arm = stopped.arms.get(name="other")
            arm.options = {"diversity": 0.1 if name == "one" else 0.2}
            arm.save()
            promoted = lifecycle.promote(stopped, arm)

        assert running.fetch_trials().find_standing("", "similar").options == {"diversity": 0.2}
        lifecycle.take_back(promoted)
        assert running.fetch_trials().find_standing("", "similar").options == {"diversity": 0.1}

    def test_where_visitors_were_not_shared_out_as_promised_nothing_wins_but_the_control(self):
        stopped = lifecycle.stop(lifecycle.start(make_draft()))
        add_look(stopped, "as-now", units=1_200, clicks=60)
        add_look(stopped, "other", units=900, clicks=300)

        with pytest.raises(ExperimentError, match="run a copy"):
            lifecycle.promote(stopped, stopped.arms.get(name="other"))
        stopped.refresh_from_db()
        assert (stopped.status, stopped.winner) == ("stopped", "")
        assert lifecycle.promote(stopped, stopped.arms.get(name="as-now")).winner == "as-now"

    def test_what_runs_is_stopped_first(self):
        started = lifecycle.start(make_draft())

        with pytest.raises(ExperimentError, match="Stop it first"):
            lifecycle.promote(started, started.arms.get(name="other"))
        with pytest.raises(ExperimentError, match="It was not promoted"):
            lifecycle.take_back(started)


@pytest.mark.django_db
class TestGuardRails:
    @pytest.mark.parametrize(
        ("orders", "broken"), [((500, 300), True), ((500, 440), False), ((500, 700), False), ((10, 6), False)]
    )
    def test_an_experiment_stops_by_itself_where_harm_is_sure(self, orders, broken):
        experiment = make_experiment(arms=ARMS)
        experiment.guard_rails.create(metric="order", worst_change=-0.1)
        for arm, bought in zip(("as-now", "other"), orders, strict=True):
            add_look(experiment, arm, units=5_000, clicks=100, orders=bought)

        reason = guarding.stop_where_harm_is_done(experiment)
        experiment.refresh_from_db()

        assert bool(reason) is broken
        assert (experiment.status, experiment.stop_reason) == (
            ("stopped", "Guard rail: with other, “Visitors who order” fell by more than 10.0%.")
            if broken
            else ("running", "")
        )

    def test_harm_stops_it_also_where_shares_are_off_and_the_reason_says_so(self):
        experiment = make_experiment(arms=ARMS)
        experiment.guard_rails.create(metric="order", worst_change=-0.1)
        add_look(experiment, "as-now", units=6_000, clicks=100, orders=600)
        add_look(experiment, "other", units=5_000, clicks=100, orders=0)

        assert guarding.stop_where_harm_is_done(experiment).endswith(
            "fell by more than 10.0%. Visitors were not shared out as promised, which may be why."
        )

    def test_the_worker_counts_looks_and_stops_and_one_failure_keeps_none_of_the_others_from_it(self, monkeypatch):
        bad, good = make_experiment("bad", arms=ARMS, placement="a"), make_experiment("good", arms=ARMS, placement="b")
        (key,) = find_keys(good, "other", 1)
        add_events([
            {"type": "impression", "sku": "A", "user_key": key, "experiment": "good", "arm": "other",
             "occurred_at": STARTED + timedelta(days=1)},
        ])  # fmt: skip
        counts = keeping.count_new_events

        def count_or_fail(experiment):
            if experiment == bad:
                raise ValueError
            return counts(experiment)

        monkeypatch.setattr(keeping, "count_new_events", count_or_fail)
        keeping.keep_experiments()

        assert list(ExperimentLook.objects.values_list("experiment__name", "arm", "units")) == [("good", "other", 1)]
        assert looks.is_due(bad)
        assert not looks.is_due(good)


@pytest.mark.django_db
def test_requests_ask_for_experiments_once_in_some_seconds(django_assert_num_queries, monkeypatch):
    running.keep_trials(None)
    with django_assert_num_queries(1):  # the arms of none are nothing to ask for
        running.read_trials()
    with django_assert_num_queries(0):
        running.read_trials()
    monkeypatch.setattr(running, "KEPT_FOR_S", 10.0)
    monkeypatch.setattr(running, "monotonic", lambda: 10**9)
    make_experiment()
    with django_assert_num_queries(2):
        assert running.read_trials().running[0].arms[1].name == "other"
