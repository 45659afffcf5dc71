"""Google Merchant feeds, as XML (RSS and Atom) and as text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management.base import CommandError

from catalog.importers.google.items import read_item
from catalog.models import Product

pytestmark = pytest.mark.django_db

RSS = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">
<channel>
<title>Shop</title><link>https://shop.example</link>
<item>
<g:id>TV-1</g:id>
<title>Set &amp; stand</title>
<description>&lt;p&gt;Big.&lt;/p&gt;&lt;p&gt;Flat.&lt;/p&gt;</description>
<link>https://shop.example/tv</link>
<g:image_link>https://cdn.example/a%20b/red.png?size=9</g:image_link>
<g:additional_image_link>https://cdn.example/blue.png</g:additional_image_link>
<g:price>1,299.00 USD</g:price>
<g:availability>in stock</g:availability>
<g:quantity>7</g:quantity>
<g:brand>Kumori</g:brand>
<g:product_type>Home &gt; Audio/Video &gt; TVs</g:product_type>
<g:item_group_id>TV</g:item_group_id>
<g:color>black</g:color>
<g:product_highlight>Thin</g:product_highlight>
<g:product_highlight>Light</g:product_highlight>
<g:shipping><g:country>US</g:country><g:price>9.00 USD</g:price></g:shipping>
</item>
<item><g:id>TV-2</g:id><g:title>Other</g:title><g:price>EUR 5</g:price>
<g:availability>out_of_stock</g:availability></item>
<item>
  <g:id>TV-3</g:id><title>Bad</title><g:price>12;50 EUR</g:price></item>
</channel></rss>
"""


def test_an_rss_feed_becomes_products_and_bad_items_are_named_by_line(folder):
    folder.picture("red.png", "red")
    folder.picture("blue.png", "blue")

    outcome = folder.load(folder.write(RSS, name="feed.xml"), format="google")

    assert outcome.summary == "Created 2, changed 0, unchanged 0, rejected 1."
    assert outcome.errors == [
        "line 25 (TV-3): price '12;50 EUR' is not a number: write it as 12.50, the currency in its own column"
    ]
    product = Product.objects.get(sku="TV-1")
    assert (product.title, product.description) == ("Set & stand", "Big.\nFlat.")
    assert (product.price, product.currency, product.stock) == (Decimal("1299.00"), "USD", 7)
    assert (product.brand, product.variant_group, product.category.path) == ("Kumori", "TV", "Home/Audio-Video/TVs")
    assert product.attributes == {"color": "black", "product_highlight": "Thin, Light"}
    assert product.images.count() == 2
    other = Product.objects.get(sku="TV-2")
    assert (other.price, other.currency, other.stock) == (Decimal("5.00"), "EUR", 0)


@pytest.mark.parametrize(
    ("said", "column", "text"),
    [
        ({"availability": ["Out of stock"], "quantity": ["7"]}, "stock", "0"),
        ({"availability": ["out_of_stock"]}, "stock", "0"),
        ({"availability": ["in stock"], "quantity": ["7"]}, "stock", "7"),
        ({"google_product_category": ["2169"]}, "category", ""),  # a number of Google's, which is no name
        ({"google_product_category": ["Home > Mugs"]}, "category", "Home/Mugs"),
    ],
)
def test_stock_and_category_are_read_in_all_the_forms_that_shops_write(said, column, text):
    assert read_item(said).row.get(column, "") == text


def test_reading_a_feed_again_changes_nothing(folder):
    path = folder.write(RSS, name="feed.xml")
    folder.load(path, format="google")

    assert folder.load(path, format="google").summary == "Created 0, changed 0, unchanged 2, rejected 1."


def test_a_picture_whose_file_is_gone_is_known_by_its_url_and_nothing_is_taken_away(folder):
    path = folder.write(RSS, name="feed.xml")
    folder.picture("red.png", "red")
    folder.picture("blue.png", "blue")
    folder.load(path, format="google")
    (folder.path / "blue.png").unlink()

    assert folder.load(path, format="google").summary == "Created 0, changed 0, unchanged 2, rejected 1."
    product = Product.objects.get(sku="TV-1")
    assert (product.images.count(), product.downloads.count()) == (2, 0)


def test_an_atom_feed_is_read_too(folder):
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>
    <entry><g:id>A</g:id><g:title>Mug</g:title><g:price>3.5 GBP</g:price><updated>2026-01-01</updated></entry></feed>"""
    folder.load(folder.write(atom, name="feed.xml"), format="google")

    product = Product.objects.get()
    assert (product.sku, product.price, product.currency, product.attributes) == ("A", Decimal("3.50"), "GBP", {})


def test_a_feed_as_tab_separated_text_is_read_too(folder):
    folder.picture("a.png", "red")
    folder.picture("b.png", "blue")
    content = (
        "id\ttitle\tprice\timage link\tadditional image link\tproduct type\tage group\n"
        "A\tMug, white\t3.50 GBP\thttp://x.example/a.png\t"
        "http://x.example/b.png,http://x.example/a.png\tHome > Mugs\tadult\n"
        "\tNo id\t1 GBP\t\t\t\t\n"
    )
    outcome = folder.load(folder.write(content, name="feed.txt"), format="google")

    assert outcome.errors == ["line 3: sku is missing"]
    product = Product.objects.get()
    assert (product.title, product.category.path, product.attributes) == (
        "Mug, white",
        "Home/Mugs",
        {"age_group": "adult"},
    )
    assert product.images.count() == 2


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<rss><channel><item>", "The XML is not well formed"),
        ("<rss><channel></channel></rss>", "The XML holds no <item> and no <entry>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><rss>&a;</rss>', "The XML declares a DTD or entities, which are refused"),
        (
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><item><id>&a;</id></item></rss>',
            "The XML declares a DTD or entities, which are refused",
        ),
        ("<rss><item>" + "<a>" * 100 + "</a>" * 100 + "</item></rss>", "no product could be loaded"),
        ("<rss><item><id>" + "a" * 1_100_000 + "</id></item></rss>", "no product could be loaded"),
    ],
)
def test_hostile_and_broken_xml_is_refused(folder, xml, message):
    with pytest.raises(CommandError) as error:
        folder.load(folder.write(xml, name="feed.xml"), format="google")
    assert message in str(error.value)
    assert not Product.objects.exists()


def test_what_came_before_a_break_in_the_file_is_loaded(folder, monkeypatch):
    monkeypatch.setattr("catalog.importers.google.markup.CHUNK_BYTES", 50)
    xml = "<rss><item><id>A</id><title>Mug</title></item>\n<item><id>B</id></broken>"

    with pytest.raises(CommandError, match="not well formed"):
        folder.load(folder.write(xml, name="feed.xml"), format="google")
    assert Product.objects.get().sku == "A"
