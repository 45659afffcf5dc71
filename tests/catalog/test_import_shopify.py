"""Shopify's product export."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from catalog.models import Product

pytestmark = pytest.mark.django_db

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,"
    "Image Src,Image Position,Variant Image,Status\n"
)
EXPORT = HEADER + (
    "halla,Halla Mug,<p>Warm.</p>,Nordlyn,Mugs,gift,true,Colour,Red,Size,S,H-R,shopify,3,15.90,"
    "https://x/red.png,1,https://x/red.png,active\n"
    "halla,,,,,,,,Blue,,L,'H-B,shopify,-2,16.90,https://x/side.png,2,https://x/blue.png,\n"
    "halla,,,,,,,,,,,,,,,https://x/blue.png,3,,\n"
    "plain,Plain Cup,,Nordlyn,,,true,Title,Default Title,,,,,5,3,,,,draft\n"
    "bad,Bad Bowl,,,,,true,Title,Default Title,,,BAD,,,free,,,,active\n"
)


def test_variants_become_products_of_one_group_and_pictures_belong_to_all(folder):
    for name in ("red", "blue"):
        folder.picture(f"{name}.png", name)
    folder.picture("side.png", "green")

    outcome = folder.load_text(EXPORT, format="shopify")

    assert outcome.summary == "Created 3, changed 0, unchanged 0, rejected 1."
    assert outcome.errors == [
        "Shopify exports name no currency: products keep the one they have.",
        "line 6 (BAD): price 'free' is not a number: write it as 12.50, the currency in its own column",
    ]
    red, blue, plain = (Product.objects.get(sku=sku) for sku in ("H-R", "H-B", "plain"))
    assert (red.title, blue.title) == ("Halla Mug – Red, S", "Halla Mug – Blue, L")
    assert (red.description, blue.brand, blue.category.path) == ("Warm.", "Nordlyn", "Mugs")
    assert (red.stock, blue.stock, blue.price) == (3, 0, Decimal("16.90"))
    assert (red.variant_group, blue.variant_group, plain.variant_group) == ("halla", "halla", "")
    assert blue.attributes == {"colour": "Blue", "size": "L", "tags": "gift"}
    assert (red.images.count(), blue.images.count()) == (3, 3)
    assert blue.main_image.sha256 not in (red.main_image.sha256,)
    assert (plain.title, plain.stock, plain.is_active, red.is_active) == ("Plain Cup", None, False, True)


def test_the_names_of_newer_exports_are_understood(folder):
    folder.load_text(
        "URL handle,Title,Description,SKU,Price,Status\nmug,Mug,<b>Warm</b>,M-1,4,Active\n", format="shopify"
    )

    product = Product.objects.get()
    assert (product.sku, product.description, product.price, product.is_active) == (
        "M-1",
        "Warm",
        Decimal("4.00"),
        True,
    )


def test_variants_without_a_sku_keep_the_one_they_are_given(folder):
    path = folder.write(HEADER + "mug,Mug,,,,,true,Colour,Deep Red,,,,,,1,,,,\nmug,,,,,,,,Blue,,,,,,1,,,,\n")
    folder.load(path, format="shopify")

    assert list(Product.objects.values_list("sku", flat=True)) == ["mug-blue", "mug-deep-red"]
    assert folder.load(path, format="shopify").summary == "Created 0, changed 0, unchanged 2, rejected 0."


def test_a_row_cut_short_is_named_and_the_product_around_it_is_loaded(folder):
    outcome = folder.load_text(
        EXPORT.replace("plain,Plain Cup,,Nordlyn", "plain\nplain,Plain Cup,,Nordlyn"), format="shopify"
    )

    assert "line 5: 1 cells where the header has 19: is a quote missing, or the row cut short?" in outcome.errors
    assert Product.objects.count() == 3


def test_another_csv_is_refused(folder):
    with pytest.raises(CommandError, match="This is no Shopify export: it has no column handle"):
        folder.load_text("sku,title\nA,Mug\n", format="shopify")


def test_rejected_variants_can_be_mended_as_our_own_csv(folder):
    rejects = folder.path / "rejects.csv"
    path = folder.write(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\ncup,Cup,Title,Old,C1,4\ncup,,,New,C2,five\n"
    )
    folder.load(path, format="shopify", rejects=rejects)

    rejects.write_text(rejects.read_text().replace(",five,", ",5,"))
    assert folder.load(rejects).summary == "Created 1, changed 0, unchanged 0, rejected 0."
    product = Product.objects.get(sku="C2")
    assert (product.title, product.variant_group, product.attributes) == ("Cup – New", "cup", {"title": "New"})
