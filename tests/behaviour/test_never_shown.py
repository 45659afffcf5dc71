"""The list of products can be narrowed to those that no list has shown for four weeks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from behaviour.reports import product_admin
from behaviour.reports.daily_counts import DailyCount
from catalog.models import Product
from tests.factories import ProductFactory
from tests.plans import fill_shop

pytestmark = pytest.mark.django_db
NEVER = "/admin/catalog/product/?shown_in_lists=never"


def listed(client) -> list[str]:
    return [product.sku for product in client.get(NEVER).context["cl"].queryset]


def test_only_what_shoppers_may_see_and_no_list_showed_is_left(admin_client):
    today = timezone.localdate()
    for sku in ("TODAY", "LONG-AGO", "CLICKED-ONLY", "NEVER"):
        ProductFactory(sku=sku, is_active=True)
    ProductFactory(sku="HIDDEN", is_active=False)
    DailyCount.objects.create(day=today, sku="TODAY", impressions=1)
    DailyCount.objects.create(day=today - timedelta(days=27), sku="CLICKED-ONLY", clicks=1)
    DailyCount.objects.create(day=today - timedelta(days=28), sku="LONG-AGO", impressions=5)

    assert listed(admin_client) == ["CLICKED-ONLY", "LONG-AGO", "NEVER"]


def test_of_a_large_catalogue_a_part_is_looked_at(admin_client, monkeypatch):
    monkeypatch.setattr(product_admin, "LOOKED_AT", 300)
    fill_shop()
    found = admin_client.get(NEVER).context["cl"].result_count
    assert 0 < found < Product.objects.count() / 2
