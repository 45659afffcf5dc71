"""Rules on a shelf, as tests of what staff decide make them."""

from __future__ import annotations

from typing import Any

from catalog.models import Category, Product
from recommendations.models import Rule


def add_rule(kind: str, **fields: Any) -> Rule:
    """Make a rule; products are named by SKU and categories by path."""
    rule = make_rule(kind, **fields)
    rule.full_clean()
    rule.save()
    return rule


def make_rule(kind: str, **fields: Any) -> Rule:
    """The same, not saved."""
    for name in ("anchor", "target"):
        if isinstance(fields.get(name), str):
            fields[name] = Product.objects.get(sku=fields[name])
    for name in ("anchor_category", "target_category"):
        if isinstance(fields.get(name), str):
            fields[name] = Category.objects.get(path=fields[name])
    if kind == "pin":
        fields.setdefault("position", 1)
    return Rule(kind=kind, **fields)
