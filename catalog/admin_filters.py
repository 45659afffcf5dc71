"""What the admin's list of products can be narrowed to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.conditions import STOCK_LEVEL, Condition
from catalog.models import Category, Product, ProductQuerySet, Source
from catalog.product_desk.parts import is_had
from catalog.wordings.lexicon import word_category

SHOWN_CATEGORIES = 200
SHOWN_COLLECTIONS = 100
SHOWN_SOURCES = 100
# From one name to the next in the index: DISTINCT would read a row for each product.
COLLECTIONS = """
WITH RECURSIVE named(collection) AS (
    (SELECT collection FROM catalog_product WHERE collection > '' ORDER BY collection LIMIT 1)
    UNION ALL
    SELECT (SELECT p.collection FROM catalog_product p WHERE p.collection > named.collection
            ORDER BY p.collection LIMIT 1)
    FROM named WHERE named.collection IS NOT NULL
)
SELECT collection FROM named WHERE collection IS NOT NULL LIMIT %s
"""


class StockFilter(admin.SimpleListFilter):
    """By what a shopper would see, rather than by number. Each choice may be rare: an index has them all."""

    title = _("stock")
    part = "stock"
    parameter_name = "in_stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("In stock")), ("few", gettext("3 or fewer left")), ("no", gettext("Out of stock"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        levels = {"yes": "> 0", "few": "= 1", "no": "= 0"}
        level = levels.get(self.value() or "")
        return queryset.filter(Condition("stock", f"{STOCK_LEVEL} {level}").as_expression()) if level else queryset


class MissingFilter(admin.SimpleListFilter):
    """What somebody still has to add: recommendations are best with both a text and a picture."""

    title = _("missing")
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = [
            ("picture", gettext("Picture")),
            ("description", gettext("Description")),
            ("category", gettext("Category")),
            ("price", gettext("Price")),
            ("translation", gettext("Translation")),
        ]
        return [(name, label) for name, label in found if is_had(name)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        conditions: dict[str, Any] = {
            "picture": Q(unpictured__isnull=False),
            "description": Q(description=""),
            "category": Q(category=None),
            "price": Q(price=None),
            "translation": Q(translations={}),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


class CategoryFilter(admin.SimpleListFilter):
    """The tree, each node with everything below it."""

    title = _("category")
    parameter_name = "in_category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        nodes = Category.objects.filter(Q(parent=None) | Q(parent__parent=None))[:SHOWN_CATEGORIES]
        return [(node.path, f"{'· ' * node.depth}{word_category(node.path)}") for node in nodes]

    def queryset(self, request: HttpRequest, queryset: ProductQuerySet) -> ProductQuerySet:  # type: ignore[override]
        path = self.value()
        if path and "\x00" in path:  # Postgres takes no such text, and no category is called that
            return queryset.none()
        return queryset.in_category(path) if path else queryset


class CollectionFilter(admin.SimpleListFilter):
    """The first collections by name; others are found by the search."""

    title = _("collection")
    part = "collection"
    parameter_name = "collection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(COLLECTIONS, [SHOWN_COLLECTIONS])
            return [(name, name) for (name,) in cursor.fetchall()]

    def has_output(self) -> bool:
        """Also for a collection that is not among those shown."""
        return super().has_output() or bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        name = self.value()
        if name and "\x00" in name:
            raise IncorrectLookupParameters
        return queryset.filter(collection=name) if name else queryset


class SourceFilter(admin.SimpleListFilter):
    """By the source that keeps them true."""

    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in Source.objects.values_list("name", flat=True)[:SHOWN_SOURCES]]

    def has_output(self) -> bool:
        """Also for an import, which is no source that is kept in mind."""
        return super().has_output() or bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        name = self.value()
        if name and "\x00" in name:
            raise IncorrectLookupParameters
        return queryset.filter(source=name).exclude(source="") if name else queryset  # said for the index
