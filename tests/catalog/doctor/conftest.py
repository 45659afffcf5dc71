"""What the doctor's tests share. This file is read before Django is ready, hence the imports inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def look() -> Callable[[], int]:
    """Have a whole round made at once; returns how many products were looked at."""
    from catalog.doctor import rounds

    def go_round() -> int:
        rounds.ask_for_round()
        return rounds.examine_due(budget_s=60)

    return go_round


@pytest.fixture
def listed() -> Callable[..., list[str]]:
    """SKUs of what is on the list of a check."""
    from catalog.models import Finding

    def read(name: str) -> list[str]:
        found = Finding.objects.open().filter(check_name=name).order_by("product__sku")
        return list(found.values_list("product__sku", flat=True))

    return read
