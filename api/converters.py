"""Path converters."""

from __future__ import annotations

from django.urls import register_converter


class SkuConverter:
    """A SKU in a path: anything but control characters, slashes included (`A%2F1` and `A/1` are the same).

    Routes that go on after the SKU, such as `products/<sku:sku>/similar/`, have to stand before the plain one.
    """

    regex = r"[^\x00-\x1f\x7f]{1,100}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SkuConverter, "sku")
