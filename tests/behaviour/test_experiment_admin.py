"""Experiments in the admin: from a draft to what all lists are like, and who may do what of it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from behaviour.events.pseudonyms import make_key
from behaviour.experiments.assignment import choose_arm
from behaviour.experiments.experiment import Experiment
from behaviour.experiments.unit import ExperimentLook
from tests.behaviour.experiment_rows import STARTED, make_experiment

pytestmark = pytest.mark.django_db

ARMS = ({"name": "as-now"}, {"name": "varied", "options": {"diversity": 0.3}})
YES = {"ask_first": "yes"}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


def change(experiment: Experiment) -> str:
    return reverse("admin:behaviour_experiment_change", args=[experiment.pk])


def read(client: Client, experiment: Experiment) -> str:
    """Return the text of its page, in one line."""
    answer = client.get(change(experiment))
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def do(client: Client, experiment: Experiment, deed: str, **sent: str) -> str:
    """Press a button, and say yes to what it asks."""
    address = reverse("admin:behaviour_experiment_do", args=[experiment.pk, deed])
    asked = client.post(address, sent)
    if asked.status_code == 302:
        return ""
    name = re.search(r'name="(\w+)" value="yes"', asked.content.decode())
    assert client.post(address, {name[1]: "yes", **sent}).status_code == 302
    return unescape(asked.content.decode())


def look(experiment: Experiment, arm: str, *, units: int, clicks: int, day=STARTED) -> None:
    sums = {
        metric: {"y": clicks, "yy": clicks, "x": 0, "xx": 0, "xy": 0}
        for metric in ("click", "cart", "order", "revenue")
    }
    ExperimentLook.objects.create(
        experiment=experiment, day=day.date(), arm=arm, units=units, sums=sums, looked_at=timezone.now()
    )


def fill_form(**more: str) -> dict[str, str]:
    return {
        "title": "More variety", "name": "more-variety", "placement": "front", "strategy": "", "method": "ab",
        "metric": "click", "currency": "", "planned_units": "10000",
        "arms-TOTAL_FORMS": "2", "arms-INITIAL_FORMS": "0",
        "arms-0-name": "as-now", "arms-0-share": "80", "arms-0-options": "{}",
        "arms-1-name": "varied", "arms-1-share": "20", "arms-1-options": '{"diversity": 0.3}',
        "guard_rails-TOTAL_FORMS": "1", "guard_rails-INITIAL_FORMS": "0",
        "guard_rails-0-metric": "order", "guard_rails-0-worst_change": "-0.05",
    } | more  # fmt: skip


def test_a_draft_says_who_would_see_what_and_starts_when_that_is_meant(staff):
    made = staff.post(reverse("admin:behaviour_experiment_add"), fill_form())
    experiment = Experiment.objects.get()

    assert made.url == change(experiment)
    said = read(staff, experiment)
    assert "as-now 80.0 % as asked for varied 20.0 % diversity=0.3" in said
    asked = do(staff, experiment, "start")
    assert "Lists of “front” differ from now on for visitors who are known." in asked
    experiment.refresh_from_db()
    assert (experiment.status, experiment.guard_rails.get().worst_change) == ("running", -0.05)
    assert "0 of 10,000 planned visitors" in read(staff, experiment)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("arms-1-options", '{"diversity": 7}', "diversity"),
        ("arms-1-options", '{"explain": true}', "There is no such option"),
        ("arms-1-options", "[]", None),
        ("arms-1-share", "0", "greater than or equal to 1"),
        ("guard_rails-0-worst_change", "0.5", "less than or equal to 0"),
        ("planned_units", "10", "greater than or equal to 200"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(staff, field, value, said):
    answer = staff.post(reverse("admin:behaviour_experiment_add"), fill_form(**{field: value}))

    if said is None:  # an empty list is no options
        assert answer.status_code == 302
    else:
        assert said in unescape(answer.content.decode())
        assert not Experiment.objects.exists()


def test_a_draft_that_is_not_ready_says_why_and_has_no_button(staff):
    draft = make_experiment(status="draft", started_at=None, arms=ARMS[:1])

    said = read(staff, draft)
    assert "It needs two arms at least" in said
    do(staff, draft, "start")
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_what_runs_says_of_which_arm_something_is_gone(staff):
    experiment = make_experiment(arms=(ARMS[0], {"name": "searched", "space": "dropped"}))

    assert "searched: There is no space 'dropped'" in read(staff, experiment)


def test_which_arm_a_visitor_gets_can_be_asked_and_stands_in_no_address(staff):
    draft = make_experiment(status="draft", started_at=None, arms=ARMS)
    expected = choose_arm(list(draft.arms.all()), salt=draft.salt, key=make_key("session", "s-1")).name

    asked = staff.post(reverse("admin:behaviour_experiment_arm", args=[draft.pk]), {"session_id": "s-1"}, follow=True)

    assert f"This visitor gets {expected}:" in asked.content.decode()
    assert "s-1" not in asked.request["QUERY_STRING"] + asked.request["PATH_INFO"]


def test_how_many_visitors_are_needed_is_reckoned(staff):
    draft = make_experiment(status="draft", started_at=None, arms=ARMS)
    answer = staff.get(change(draft), {"rate": "4", "change": "25", "per_day": "800"}).content.decode()

    assert "25,821 visitors in both arms at most" in answer
    assert "13,485 for a test that nobody looks at before" in answer
    assert "That is 33 days, or 17." in answer


class TestResults:
    def test_a_difference_is_said_with_its_interval_and_its_picture(self, staff):
        experiment = make_experiment(arms=ARMS, planned_units=20_000)
        for day, scale in ((STARTED, 1), (STARTED + timedelta(days=1), 2)):
            look(experiment, "as-now", units=2_000 * scale, clicks=200 * scale, day=day)
            look(experiment, "varied", units=2_000 * scale, clicks=300 * scale, day=day)

        said = read(staff, experiment)

        # A standard error is ((.15 .85 + .1 .9) / 3,999) ** .5 = .0073749. The mixture for 20,000 is 2,435.5
        # wide, and the boundary at 8,000 (1.3044 * log(10,435.5 / (2,435.5 * .05 ** 2))) ** .5 = 3.1167.
        assert "as-now 4,000 10.00 % Control varied 4,000 15.00 % +5.00 points +50.0 %" in said
        assert "+2.70 points to +7.30 points Better" in said
        assert "The ordinary test" not in said
        assert staff.get(change(experiment)).content.decode().count("<polygon") == 1

    def test_what_the_ordinary_test_says_is_shown_at_its_horizon(self, staff):
        experiment = make_experiment(arms=ARMS, planned_units=8_000)
        look(experiment, "as-now", units=4_000, clicks=400)
        look(experiment, "varied", units=4_000, clicks=600)

        # 1.96 standard errors of .0073 - .0074
        assert "says of varied: +3.55 points to +6.45 points." in read(staff, experiment)

    def test_the_ordinary_test_is_of_the_day_on_which_as_many_had_come_as_planned_whatever_came_later(self, staff):
        experiment = make_experiment(arms=ARMS, planned_units=8_000)
        for day, scale in ((STARTED, 1), (STARTED + timedelta(days=1), 2)):
            look(experiment, "as-now", units=4_000 * scale, clicks=400 * scale, day=day)
            look(experiment, "varied", units=4_000 * scale, clicks=600 if scale == 1 else 800, day=day)

        assert "says of varied: +3.55 points to +6.45 points." in read(staff, experiment)

    def test_arms_and_guard_rails_share_what_may_go_wrong(self, staff):
        experiment = make_experiment(arms=ARMS, planned_units=8_000)
        experiment.guard_rails.create(metric="order", worst_change=-0.05)
        look(experiment, "as-now", units=4_000, clicks=400)
        look(experiment, "varied", units=4_000, clicks=600)

        # Two that are looked at: the ordinary test at .025, 2.2414 standard errors of .0073741
        assert "says of varied: +3.35 points to +6.65 points." in read(staff, experiment)

    def test_where_shares_are_not_as_promised_nothing_is_judged_and_it_is_said_what_to_look_at(self, staff):
        experiment = make_experiment(arms=ARMS, planned_units=2_000)
        experiment.guard_rails.create(metric="order", worst_change=-0.05)
        look(experiment, "as-now", units=1_200, clicks=600)
        look(experiment, "varied", units=900, clicks=60)

        said = read(staff, experiment)

        assert "Visitors are not shared out as promised, so nothing is judged" in said
        assert "then run a copy. as-now: 1,200 visitors of 1,050. varied: 900 visitors of 1,050." in said
        assert "varied 900 6.67 % – – Not judged" in said
        assert "Visitors who order varied −86.7 % −5.0 % Not judged" in said
        assert not any(word in said for word in ("Worse", "Broken", "The ordinary test", "points"))
        assert "<polygon" not in staff.get(change(experiment)).content.decode()

    def test_shares_that_were_off_at_any_look_stay_so(self, staff):
        experiment = make_experiment(arms=ARMS)
        look(experiment, "as-now", units=1_200, clicks=60)
        look(experiment, "varied", units=900, clicks=60)
        for arm in ("as-now", "varied"):
            look(experiment, arm, units=9_000, clicks=400, day=STARTED + timedelta(days=1))

        assert "varied: Not judged" in read(staff, experiment)

    def test_what_is_not_judged_has_no_button_to_promote_but_the_controls(self, staff):
        experiment = make_experiment(arms=ARMS, status="stopped", stopped_at=timezone.now())
        look(experiment, "as-now", units=1_200, clicks=60)
        look(experiment, "varied", units=900, clicks=300)

        said = read(staff, experiment)

        assert "Promote as-now" in said
        assert "Promote varied" not in said

    def test_while_it_is_too_early_there_is_neither_interval_nor_picture(self, staff):
        experiment = make_experiment(arms=ARMS)
        look(experiment, "as-now", units=50, clicks=5)
        look(experiment, "varied", units=50, clicks=6)

        assert "Too early to say" in read(staff, experiment)
        assert "<polygon" not in staff.get(change(experiment)).content.decode()

    def test_of_an_interleaved_list_it_is_said_which_ranking_is_preferred(self, staff):
        experiment = make_experiment(arms=ARMS, method="interleaving")
        ExperimentLook.objects.create(
            experiment=experiment, day=STARTED.date(), arm="interleaved", units=5_000, sums={}, wins=600, losses=400,
            looked_at=timezone.now(),
        )  # fmt: skip
        said = read(staff, experiment)

        assert "varied: Better" in said
        assert "60.0 % of the 1,000 visitors who prefer one prefer varied; always valid: 54.6 % – 65.3 %." in said

    def test_the_page_reads_looks_and_no_visitor(self, staff, django_assert_max_num_queries):
        experiment = make_experiment(arms=ARMS)
        for number in range(28):
            for arm in ("as-now", "varied"):
                look(experiment, arm, units=100 * (number + 1), clicks=20, day=STARTED + timedelta(days=number))
        with django_assert_max_num_queries(20) as queries:
            staff.get(change(experiment))
        assert not [query for query in queries if "experimentunit" in query["sql"]]


def test_it_is_stopped_promoted_taken_back_and_copied_each_with_a_question(staff):
    experiment = make_experiment(arms=ARMS, placement="front")
    assert "Everyone sees lists as they are asked for again" in do(staff, experiment, "stop")
    experiment.refresh_from_db()
    assert (experiment.status, experiment.stop_reason) == ("stopped", "Stopped by hand")

    arm = experiment.arms.get(name="varied")
    asked = do(staff, experiment, f"promote-{arm.pk}")
    assert "Lists of “front” are from now on made with: diversity=0.3." in asked
    experiment.refresh_from_db()
    assert (experiment.status, experiment.winner) == ("promoted", "varied")
    assert "all such lists are as in varied" in read(staff, experiment)

    do(staff, experiment, "take-back")
    experiment.refresh_from_db()
    assert (experiment.status, experiment.winner) == ("stopped", "")

    do(staff, experiment, "copy")
    assert Experiment.objects.get(name="front-2").status == "draft"


def test_a_button_that_somebody_else_pressed_a_moment_before_does_nothing(staff):
    experiment = make_experiment(arms=ARMS, status="stopped", stopped_at=timezone.now(), stop_reason="Enough")
    do(staff, experiment, "stop")
    experiment.refresh_from_db()
    assert experiment.stop_reason == "Enough"


def test_what_was_started_has_no_form_and_what_runs_is_not_deleted(staff):
    experiment = make_experiment(arms=ARMS)
    staff.post(change(experiment), fill_form(title="Changed"))
    staff.post(reverse("admin:behaviour_experiment_delete", args=[experiment.pk]), {"post": "yes"})

    several = {"action": "delete_selected", "_selected_action": [experiment.pk], "post": "yes"}
    staff.post(reverse("admin:behaviour_experiment_changelist"), several)

    experiment.refresh_from_db()
    assert experiment.title == "Front"


def test_who_may_only_look_has_no_buttons(client):
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_experiment"))
    client.force_login(user)
    experiment = make_experiment(arms=ARMS)

    assert "do-stop" not in client.get(change(experiment)).content.decode()
    assert client.post(reverse("admin:behaviour_experiment_do", args=[experiment.pk, "stop"]), YES).status_code == 403
    experiment.refresh_from_db()
    assert experiment.status == "running"
