"""Callers of the API: nobody in particular, an app with a publishable key, a shop's server with a secret one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.callers import ApiClient


@pytest.fixture
def anyone(db) -> ApiClient:
    return ApiClient()


@pytest.fixture
def app(db) -> ApiClient:
    from api.models import ApiKey

    _key, token = ApiKey.objects.issue("app", scope="publishable")
    return ApiClient(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def shop(db) -> ApiClient:
    from api.models import ApiKey

    _key, token = ApiKey.objects.issue("shop", scope="secret")
    return ApiClient(headers={"X-Api-Key": token})


@pytest.fixture
def make_product(db) -> Callable[..., Any]:
    from catalog.models import Category, Product

    def make(sku: str, **values: Any) -> Any:
        if "category" in values:
            values["category"] = Category.objects.get_or_create_path(values["category"])
        return Product.objects.create(sku=sku, **{"title": f"Title of {sku}", **values})

    return make
