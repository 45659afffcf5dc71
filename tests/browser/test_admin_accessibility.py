"""Every page of the admin, by day and by night, in both languages: nothing serious for who sees or hears it otherwise.

And nothing on it that the policy of pages forbids.

Each page in Chinese, where a name that is missing is no name.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from api.models import ApiKey
from catalog.desk.pages import PAGES
from catalog.models import Product, Source
from recommendations.models import Rule, SearchRule
from tests.admin.test_permissions import OURS
from tests.browser.accessibility import find_grave_in_all_colours
from tests.browser.test_admin import log_in
from tests.browser.test_pages import WATCH
from tests.factories import ProductImageFactory
from tests.recommendations.fitted_shelf import make_fitted_shelf

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = 6  # of the pages, so that a test is none of two minutes


def fill() -> None:
    """Something for every list."""
    make_fitted_shelf()
    product = Product.objects.order_by("sku")[0]
    ProductImageFactory(product=product)
    Rule.objects.create(kind="pin", position=1, anchor=product, target=Product.objects.order_by("sku")[1])
    SearchRule.objects.create(kind="redirect", query="sale", url="/sale/")
    Source.objects.create(name="feed", kind="csv", address="https://shop.example/feed.csv")
    ApiKey.objects.issue("app", scope="publishable")
    Group.objects.get_or_create(name="viewer")


def list_pages() -> list[str]:
    """Return the address of every list with an empty form and a first row's, and of every page of the desk."""
    paths = ["/admin/", *(reverse(page.name) for page in PAGES.values() if page.title)]
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.app_label not in OURS:
            continue
        paths.append(reverse(f"{name}_changelist"))
        if (
            "add" in {one.name.rsplit("_")[-1] for one in model_admin.get_urls() if one.name}
            and model._meta.app_label != "auth"
        ):
            paths.append(reverse(f"{name}_add"))
        if (row := model._default_manager.order_by("pk").first()) is not None:
            paths.append(reverse(f"{name}_change", args=[row.pk]))
    return paths


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_serious_or_forbidden_on_any_page_of_the_admin(live_server, page, part):
    fill()
    url = live_server.url
    page.add_init_script(WATCH)
    log_in(page, url)
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "zh-hans", "url": url}])
    faults = []
    for path in list_pages()[part::PARTS]:
        answer = page.goto(url + path)
        if answer is None or answer.status == 403:
            continue  # a form that nobody opens, such as that of an event
        assert answer.status == 200, path
        page.wait_for_timeout(50)  # names come with the page's scripts
        faults += page.evaluate("forbidden")  # before axe, which adds to the page
        faults += [f"{path} {fault}" for fault in find_grave_in_all_colours(page)]
    assert faults == []
