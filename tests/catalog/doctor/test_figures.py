"""What the front of the admin says of the doctor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.doctor.figures import name_findings, show_health
from catalog.models import DoctorScore

pytestmark = pytest.mark.django_db


def add_score(check: str, *, days_ago: int, amiss: int) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    DoctorScore.objects.create(check_name=check, day=day, amiss=amiss, products=100)


def test_before_the_first_round_nothing_is_said():
    (tile,) = show_health()
    assert (tile.figure, tile.points) == ("–", ())
    assert list(name_findings()) == []


def test_health_is_the_mean_of_all_checks_day_by_day():
    add_score("no_picture", days_ago=1, amiss=20)
    add_score("no_picture", days_ago=0, amiss=10)
    add_score("tiny_picture", days_ago=0, amiss=0)
    (tile,) = show_health()
    assert tile.figure == "95.0%"
    assert tile.points == pytest.approx((0.8, 0.95))


def test_what_is_to_be_mended_today_is_counted():
    add_score("no_picture", days_ago=1, amiss=20)
    add_score("no_picture", days_ago=0, amiss=10)
    add_score("tiny_picture", days_ago=0, amiss=1_000)
    (need,) = name_findings()
    assert need.text == "The doctor has found 1,010 things to mend."
