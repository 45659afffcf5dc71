"""The map coloured by click rates: what is sure, and nothing else, is called above or below the usual."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from behaviour.models import DailyCount, DailyTotal
from behaviour.reports.map_colouring import begin_click_rates, judge_clicks
from embeddings.map.colourings import COLOURINGS, choose_groups
from tests.factories import ProductFactory


@pytest.mark.parametrize(
    ("clicks", "impressions", "key"),
    [
        (0, 0, ""),
        (3, 2, ""),  # more clicks than times shown: there is no rate
        (0, 10, "middle"),
        (1, 10, "middle"),
        (50, 1000, "middle"),
        (80, 1000, "high1"),
        (200, 1000, "high2"),
        (30, 1000, "low1"),
        (10, 1000, "low2"),
    ],
)
def test_a_rate_is_judged_by_its_interval_beside_the_usual_one(clicks, impressions, key):
    assert judge_clicks(clicks, impressions, usual=0.05) == key


@pytest.mark.django_db
def test_products_have_what_was_counted_in_four_weeks_beside_the_whole_shop():
    today = timezone.localdate()
    loved, shunned, unseen, old = ProductFactory.create_batch(4)
    counts = [(loved, today, 200), (loved, today - timedelta(days=27), 200), (shunned, today, 0)]
    counts += [(old, today - timedelta(days=28), 900)]
    for product, day, clicks in counts:
        DailyCount.objects.create(day=day, sku=product.sku, impressions=1000, clicks=clicks)
        DailyTotal.objects.create(day=day, category=product.sku, impressions=1000, clicks=clicks)
    read = begin_click_rates()
    assert read([loved.pk, shunned.pk, unseen.pk, old.pk]) == {loved.pk: "high1", shunned.pk: "low2"}
    assert read([shunned.pk]) == {shunned.pk: "low2"}


@pytest.mark.django_db
def test_a_shop_without_events_has_products_that_were_never_shown():
    assert begin_click_rates()([ProductFactory().pk]) == {}
    groups, codes = choose_groups(Counter({"": 3}), colouring=COLOURINGS["clicks"])
    assert (groups[codes[""]].shade, groups[codes[""]].count, len(groups)) == ("none", 3, 6)
