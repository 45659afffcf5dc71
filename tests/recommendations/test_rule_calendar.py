"""The calendar of rules: which bar lies on which days, and where its links lead."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.html import escape

from recommendations.curation import calendar
from recommendations.curation.calendar import SEARCHES, Wanted, read_calendar, read_span
from recommendations.models import Rule, SearchRule
from tests.recommendations.rule_shelf import add_rule
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db
SPAN = "2026-03-04"  # a Wednesday: from Monday the second on


@pytest.fixture(autouse=True)
def products():
    space = make_space()
    put(space, "A", None, category="Home/Mugs")
    put(space, "B", None, category="Garden")


def at(day: int, hour: int = 0, *, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo("UTC"))


def rows(**wanted) -> list[tuple[str, int, int, bool, bool]]:
    found = read_calendar(read_span(SPAN), Wanted(**wanted))
    return [(str(row.rule), row.first, row.days, row.begins, row.ends) for row in found.rows]


def test_six_weeks_begin_on_a_monday():
    span = read_span(SPAN)
    assert (span.first, span.days[-1]) == (date(2026, 3, 2), date(2026, 4, 12))
    assert span.weeks[1] == (date(2026, 3, 9), date(2026, 3, 15))


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_without_a_day_that_a_shop_could_mean_they_begin_this_week(text):
    today = timezone.localdate()
    assert read_span(text).first == today - timedelta(days=today.weekday())


@pytest.mark.parametrize(
    ("starts", "ends", "bar"),
    [
        (at(2), at(3), (1, 1, True, True)),  # midnight belongs to the day that begins then
        (at(3, 12), at(5, 12), (2, 3, True, True)),
        (at(1), at(4, 1), (1, 3, False, True)),
        (at(6), None, (5, 38, True, False)),
        (at(6), at(20, month=4), (5, 38, True, False)),
        (None, at(13, month=4), (1, 42, False, True)),
        (at(1, month=1), at(1, month=6), (1, 42, False, False)),
        (at(1), at(2), None),
        (at(13, month=4), None, None),
    ],
)
def test_a_bar_lies_on_the_days_on_which_the_rule_holds(starts, ends, bar):
    add_rule("exclude", target="A", note="x", starts_at=starts, ends_at=ends)
    assert rows() == ([("x", *bar)] if bar else [])


def test_days_are_those_of_the_shop(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    add_rule("exclude", target="A", note="x", starts_at=at(4, 17), ends_at=at(5, 16))
    with timezone.override("Asia/Shanghai"):
        assert rows() == [("x", 4, 1, True, True)]


def test_rules_without_dates_and_those_switched_off_are_left_out_unless_asked_for():
    add_rule("exclude", target="A", note="always")
    add_rule("exclude", target="A", note="off", is_active=False, starts_at=at(3))
    assert rows() == []
    assert rows(always=True) == [("always", 1, 42, False, False)]


def test_the_calendar_is_narrowed_by_kind_and_by_category():
    add_rule("pin", target="A", note="pin", starts_at=at(3))
    add_rule("boost", target_category="Home", note="boost", starts_at=at(4))
    add_rule("exclude", anchor="B", target="A", note="beside B", starts_at=at(5))
    add_rule("exclude", anchor_category="Garden", target_category="Garden", note="garden", starts_at=at(6))
    SearchRule.objects.create(kind="exclude", query="mug", target_brand="x", note="search", starts_at=at(7))

    def names(**wanted):
        return [name for name, *_ in rows(**wanted)]

    assert names() == ["pin", "boost", "beside B", "garden", "search"]
    assert names(kind="pin") == ["pin"]
    assert names(kind=SEARCHES) == ["search"]
    assert names(category="Home") == ["pin", "boost", "beside B"]
    assert names(category="Garden") == ["beside B", "garden"]
    assert names(category="Nowhere") == []


def test_of_too_many_the_first_are_shown_and_it_is_said(monkeypatch, admin_client):
    monkeypatch.setattr(calendar, "MAX_ROWS", 2)
    for day in (5, 4, 3):
        add_rule("exclude", target="A", note=f"on {day}", starts_at=at(day))
    assert [name for name, *_ in rows()] == ["on 3", "on 4"]
    page = admin_client.get(f"/admin/rule-calendar/?week={SPAN}").content.decode()
    assert "There are more rules than fit here" in page


def test_on_a_phone_each_day_says_what_begins_and_what_ends():
    one = add_rule("exclude", target="A", starts_at=at(3), ends_at=at(5))
    two = add_rule("pin", target="A", starts_at=at(4), ends_at=at(1, month=6))
    found = read_calendar(read_span(SPAN), Wanted())
    assert [(day.day.day, day.starting, day.ending) for day in found.agenda] == [
        (3, (one,), ()),
        (4, (two,), (one,)),
    ]


def test_the_calendar_costs_three_queries_however_many_rules(django_assert_num_queries):
    for _ in range(12):
        add_rule("exclude", anchor="B", target="A", starts_at=at(3))
    with django_assert_num_queries(3):
        found = read_calendar(read_span(SPAN), Wanted(category="Home"))
        assert len([str(row.rule) for row in found.rows]) == 12


def test_a_bar_opens_its_rule_and_a_week_the_form_for_a_new_one_with_its_dates(admin_client):
    rule = add_rule("exclude", target="A", note="<b>Campaign</b>", starts_at=at(3), ends_at=at(10))
    page = admin_client.get(f"/admin/rule-calendar/?week={SPAN}").content.decode()
    bar = f'class="calendar-bar from-day-2 for-days-7" href="/admin/recommendations/rule/{rule.pk}/change/"'
    assert bar in page
    assert "&lt;b&gt;Campaign&lt;/b&gt;" in page
    assert "style=" not in page.split('<div class="desk">')[1]
    window = {"starts_at": "2026-03-09T00:00+00:00", "ends_at": "2026-03-16T00:00+00:00"}
    address = f"/admin/recommendations/rule/add/?{urlencode(window)}"
    assert escape(address) in page
    form = admin_client.get(address).context["adminform"].form
    assert (form["starts_at"].initial, form["ends_at"].initial) == (at(9), at(16))


@pytest.mark.parametrize("model", ["rule", "searchrule"])
@pytest.mark.parametrize("text", ["x", "2026-13-01", "0001-01-01T00:00", "9999-12-31T23:59%2B00:00"])
def test_an_address_with_a_moment_that_is_none_opens_the_form_all_the_same(admin_client, model, text):
    page = admin_client.get(f"/admin/recommendations/{model}/add/?starts_at={text}&kind=pin")
    assert page.status_code == 200
    assert page.context["adminform"].form.initial["kind"] == "pin"


def test_the_calendar_moves_by_weeks_and_keeps_what_it_is_narrowed_to(admin_client):
    page = admin_client.get(f"/admin/rule-calendar/?week={SPAN}&kind=pin")
    assert [address for address, _ in page.context["moves"]] == [
        "?kind=pin&week=2026-01-19",
        "?kind=pin&week=2026-02-23",
        "?kind=pin",
        "?kind=pin&week=2026-03-09",
        "?kind=pin&week=2026-04-13",
    ]


def test_whoever_may_not_add_rules_is_offered_no_form(client, django_user_model):
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("viewer", is_staff=True)
    client.force_login(user)
    assert client.get("/admin/rule-calendar/").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_rule"))
    page = client.get("/admin/rule-calendar/?category=%00&kind=nothing&week=x")
    assert page.status_code == 200
    assert "New rule from" not in page.content.decode()


def test_the_form_of_a_rule_leads_to_its_own_changes(admin_client):
    rule = add_rule("exclude", target="A")
    page = admin_client.get(f"/admin/recommendations/rule/{rule.pk}/change/").content.decode()
    assert f'href="/admin/rule-changes/?rule={rule.pk}"' in page
    assert Rule.objects.count() == 1
