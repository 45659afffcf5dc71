"""Lists that are part of an experiment: who sees which, what they say of themselves, and what nobody notices."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from behaviour.events.pseudonyms import make_key
from behaviour.experiments import lifecycle
from behaviour.experiments.assignment import choose_arm
from behaviour.experiments.experiment import Experiment
from behaviour.experiments.running import fetch_trials, keep_trials
from catalog.models import Product
from embeddings.spaces import lifecycle as spaces
from recommendations.models import Rule
from recommendations.requests import Options, Page
from recommendations.services import recommend
from recommendations.tokens import read_token
from recommendations.visitors import Visitor
from tests.behaviour.experiment_rows import make_experiment
from tests.recommendations.shelf import at_angle, embed, make_space, put, skus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shelf():
    """B is nearest to A, then C, then D, which is the newest."""
    space = make_space()
    for sku, angle in [("A", 0), ("B", 10), ("C", 30), ("D", 60)]:
        put(space, sku, at_angle(angle))
    return space


def run(**values) -> Experiment:
    experiment = make_experiment(**{"placement": "front", **values})
    keep_trials(fetch_trials())
    return experiment


def find_session(experiment: Experiment, arm: str) -> str:
    """Return the first of session-1, session-2 ... that is in the arm."""
    arms = list(experiment.arms.all())
    names = (f"session-{number}" for number in range(1, 1_000))
    return next(
        name for name in names if choose_arm(arms, salt=experiment.salt, key=make_key("session", name)).name == arm
    )


def ask(session: str = "", *, placement: str = "front", user: str = "", **options):
    visitor = Visitor(session_id=session, user_id=user)
    return recommend(
        "similar", anchors=["A"], limit=3, options=Options(placement=placement, visitor=visitor, **options)
    )


class TestComparing:
    def test_each_visitor_sees_the_list_of_their_arm_and_the_list_says_which(self):
        experiment = run(arms=({"name": "as-now"}, {"name": "fewer", "options": {"variants": "show"}, "share": 50}))
        for arm in ("as-now", "fewer"):
            shown = ask(find_session(experiment, arm))
            token = read_token(shown.recommendation_id)

            assert (shown.experiment, shown.arm) == ("front", arm)
            assert (token.experiment, token.arm, token.placement, token.teams) == ("front", arm, "front", "")

    def test_an_arm_changes_strategy_options_space_and_rules(self):
        experiment = run(
            arms=(
                {"name": "as-now"},
                {"name": "changed", "strategy": "recent", "options": {"out_of_stock": "mixed"}, "without_rules": True},
            )
        )
        Rule.objects.create(kind=Rule.Kind.EXCLUDE, target=Product.objects.get(sku="C"))

        before, after = (ask(find_session(experiment, arm)) for arm in ("as-now", "changed"))

        assert (before.strategy, skus(before)) == ("similar", ["B", "D"])
        assert (after.strategy, skus(after)) == ("recent", ["D", "C", "B"])

    def test_another_space_is_searched_for_those_in_its_arm(self, shelf):
        other = make_space(name="other", live=False)
        for sku, angle in [("A", 0), ("B", 60), ("C", 30), ("D", 10)]:
            embed(other, Product.objects.get(sku=sku), at_angle(angle))
        experiment = run(arms=({"name": "as-now"}, {"name": "other", "space": "other"}))

        before, after = (ask(find_session(experiment, arm)) for arm in ("as-now", "other"))

        assert (before.space, skus(before)) == ("test", ["B", "C", "D"])
        assert (after.space, skus(after)) == ("other", ["D", "C", "B"])
        assert read_token(after.recommendation_id).space == "other"

    def test_the_user_decides_and_without_one_the_session(self):
        experiment = run(arms=({"name": "as-now"}, {"name": "recent", "strategy": "recent"}))
        session = find_session(experiment, "recent")
        arms = list(experiment.arms.all())
        for user in ("ann", "bob", "cyd", "dan", "eve"):
            expected = choose_arm(arms, salt=experiment.salt, key=make_key("user", user)).name
            assert ask(session, user=user).arm == expected
        assert ask(session).arm == "recent"

    def test_who_is_not_known_sees_the_control_and_is_in_no_experiment(self):
        run(arms=({"name": "as-now"}, {"name": "recent", "strategy": "recent"}))

        shown = ask()

        assert (shown.strategy, shown.experiment, shown.arm) == ("similar", "", "")
        assert read_token(shown.recommendation_id).experiment == ""

    def test_lists_that_it_is_not_about_stay_as_they_are(self):
        experiment = run(arms=({"name": "as-now"}, {"name": "recent", "strategy": "recent"}))

        assert ask(find_session(experiment, "recent"), placement="cart").experiment == ""

    def test_where_an_arm_cannot_make_the_list_nobody_is_counted(self):
        experiment = run(strategy="recent", arms=({"name": "as-now"}, {"name": "near", "strategy": "similar"}))
        session = find_session(experiment, "near")
        options = Options(placement="front", visitor=Visitor(session_id=session))

        shown = recommend("recent", options=options)

        assert (shown.strategy, shown.experiment) == ("recent", "")
        assert recommend("recent", anchors=["A"], options=options).arm == "near"

    def test_a_list_costs_as_many_queries_as_without(self, django_assert_num_queries):
        with CaptureQueriesContext(connection) as plain:
            ask("session-1")
        run(arms=({"name": "as-now"}, {"name": "mixed", "options": {"out_of_stock": "mixed"}}))
        with django_assert_num_queries(len(plain)):
            assert ask("session-1").experiment == "front"


class TestWhatIsGone:
    """What an arm is made of may go while it runs: visitors see lists all the same, and nobody is counted."""

    @pytest.mark.parametrize("changes", [{"space": "gone"}, {"strategy": "gone"}, {"options": {"gone": 1}}])
    @pytest.mark.parametrize("method", ["ab", "interleaving"])
    def test_lists_are_the_controls_where_an_arm_cannot_be_made_any_more(self, changes, method):
        experiment = run(arms=({"name": "as-now"}, {"name": "other", **changes}), method=method)

        shown = ask(find_session(experiment, "other"))

        assert (skus(shown), shown.experiment) == (["B", "C", "D"], "")

    @pytest.mark.parametrize("changes", [{"space": "gone"}, {"strategy": "gone"}, {"options": {"gone": 1}}])
    def test_lists_are_as_asked_for_where_what_was_promoted_cannot_be_made_any_more(self, changes):
        run(status="promoted", winner="other", arms=({"name": "as-now"}, {"name": "other", **changes}))

        assert skus(ask("session-1")) == ["B", "C", "D"]

    def test_the_live_space_is_searched_where_another_went_live_after_that_of_what_was_promoted(self, shelf):
        old = make_space(name="old", live=False)
        for sku, angle in [("A", 0), ("B", 60), ("C", 30), ("D", 10)]:
            embed(old, Product.objects.get(sku=sku), at_angle(angle))
        run(status="promoted", winner="other", arms=({"name": "as-now"}, {"name": "other", "space": "old"}))

        assert (ask().space, skus(ask())) == ("test", ["B", "C", "D"])


class TestPromoted:
    def test_all_lists_are_made_as_the_winner_makes_them_and_name_no_experiment(self):
        run(
            status="promoted",
            winner="recent",
            arms=({"name": "as-now"}, {"name": "recent", "strategy": "recent"}),
        )
        assert (ask().strategy, ask("anyone").strategy, ask().experiment) == ("recent", "recent", "")
        assert ask(placement="cart").strategy == "similar"

    def test_options_and_rules_of_the_winner_are_those_of_all_its_lists(self):
        Rule.objects.create(kind=Rule.Kind.EXCLUDE, target=Product.objects.get(sku="C"))
        arms = ({"name": "as-now"}, {"name": "bare", "without_rules": True, "options": {"max_per_brand": 1}})
        run(status="promoted", winner="bare", arms=arms)
        Product.objects.filter(sku__in=["B", "D"]).update(brand="One")

        assert skus(ask()) == ["B", "C"]
        assert skus(ask(placement="cart")) == ["B", "D"]

    def test_a_space_goes_live_with_its_arm_and_is_rolled_back_by_itself(self):
        other = make_space(name="other", live=False)
        for sku, angle in [("A", 0), ("B", 60), ("C", 30), ("D", 10)]:
            embed(other, Product.objects.get(sku=sku), at_angle(angle))
        arms = ({"name": "as-now"}, {"name": "other", "space": "other"})
        experiment = run(status="stopped", arms=arms)

        lifecycle.promote(experiment, experiment.arms.get(name="other"))
        keep_trials(fetch_trials())
        assert (ask().space, ask(placement="cart").space, skus(ask())) == ("other", "other", ["D", "C", "B"])
        spaces.roll_back()

        assert (ask().space, skus(ask())) == ("test", ["B", "C", "D"])

    def test_the_next_experiment_begins_from_there(self):
        run(status="promoted", winner="new", arms=({"name": "as-now"}, {"name": "new", "strategy": "popular"}))
        experiment = run(name="next", arms=({"name": "as-now"}, {"name": "recent", "strategy": "recent"}))

        assert ask(find_session(experiment, "recent")).strategy == "recent"
        assert ask(find_session(experiment, "as-now")).strategy == "popular"


class TestInterleaving:
    ARMS = ({"name": "near"}, {"name": "new", "strategy": "recent"})

    @pytest.fixture
    def experiment(self):
        return run(arms=self.ARMS, method="interleaving")

    def test_one_list_is_drafted_from_two_and_its_name_says_who_drafted_what(self, experiment):
        near, new = ["B", "C", "D"], ["D", "C", "B"]
        seen = set()
        for number in range(30):
            shown = ask(f"session-{number}")
            teams = read_token(shown.recommendation_id).teams

            assert sorted(skus(shown)) == ["B", "C", "D"]
            assert (shown.experiment, shown.arm) == ("front", "interleaved")
            assert [item.position for item in shown] == [1, 2, 3]
            assert abs(teams.count("0") - teams.count("1")) == 1
            for team, ranking in (("0", near), ("1", new)):  # each in the order of its own
                drafted = [sku for sku, its_team in zip(skus(shown), teams, strict=True) if its_team == team]
                assert drafted == sorted(drafted, key=ranking.index)
            seen.add((*skus(shown), teams))
        # A coin for the first place and the last: B then D or D then B, and C for either.
        assert seen == {("B", "D", "C", "010"), ("B", "D", "C", "011"), ("D", "B", "C", "100"), ("D", "B", "C", "101")}

    @pytest.mark.parametrize("empty", ["first", "second"])
    def test_where_one_ranking_is_empty_the_other_is_shown_and_wins_nothing(self, shelf, empty):
        make_space(name="empty", live=False)
        arms = ({"name": "none", "space": "empty"}, {"name": "new", "strategy": "recent"})
        run(arms=arms if empty == "first" else arms[::-1], method="interleaving")

        shown = ask("session-1")

        assert skus(shown) == ["D", "C", "B"]
        assert read_token(shown.recommendation_id).teams == ""

    def test_who_comes_back_sees_the_same_list(self, experiment):
        assert skus(ask("session-7")) == skus(ask("session-7"))

    def test_who_is_not_known_sees_the_first_ranking(self, experiment):
        shown = ask()
        assert (skus(shown), shown.experiment) == (["B", "C", "D"], "")

    def test_variants_of_one_design_are_one_place(self, shelf, experiment):
        put(shelf, "E", at_angle(5), variant_group="design")
        put(shelf, "F", at_angle(80), variant_group="design")

        for number in range(10):
            assert len({"E", "F"} & set(skus(ask(f"session-{number}")))) == 1

    def test_further_pages_are_those_of_the_first_ranking(self, experiment):
        first = ask("session-1")
        page = Page(
            shown_ids=(first.results[0].candidate.product_id,),
            recommendation_id=first.recommendation_id,
        )
        second = ask("session-1", page=page)

        assert second.recommendation_id == first.recommendation_id
        assert second.experiment == ""
        assert skus(second) == [sku for sku in ["B", "C", "D"] if sku != skus(first)[0]]


def test_a_request_with_global_privacy_control_sees_the_control_and_is_not_counted():
    experiment = run(arms=({"name": "as-now"}, {"name": "recent", "strategy": "recent"}))
    session = find_session(experiment, "recent")
    body = {"placements": [{"id": "x", "anchors": ["A"], "placement": "front", "session_id": session}]}

    def post(**headers: str) -> dict:
        answer = Client().post(reverse("api-recommendations"), body, "application/json", headers=headers)
        return answer.json()["placements"][0]["list"]

    said, private = post(), post(**{"Sec-GPC": "1"})

    assert (said["experiment"], said["arm"], said["strategy"]) == ("front", "recent", "recent")
    assert (private["experiment"], private["arm"], private["strategy"]) == (None, None, "similar")
