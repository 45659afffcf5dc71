"""Google Merchant feeds and Meta's tables from the wild."""

from __future__ import annotations

import gzip
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.importers import envelopes
from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case

pytestmark = pytest.mark.django_db

SPACES = 'xmlns:g="http://base.google.com/ns/1.0" xmlns="http://www.w3.org/2005/Atom"'
ITEM = "<g:id>P1</g:id><g:title>Lamp</g:title>"
LAMP = {"P1": {"title": "Lamp"}}
RED, BLUE, TEAL = (picture_bytes(colour) for colour in ("red", "blue", "teal"))


def rss(*items: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    """Each item on a line of its own: the first one is line 3."""
    lines = "\n".join(f"<item>{item}</item>" for item in items)
    return (
        f'{declaration}\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>\n'
        f"{lines}\n</channel></rss>\n"
    )


def feed(content: str | bytes, name: str = "feed.xml", **options: object) -> File:
    return File(content=content, name=name, format="google", options=options)


def pack(*names: str, content: str | bytes = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return held.getvalue()


def pack_often(content: bytes, *, times: int) -> bytes:
    for _ in range(times):
        content = gzip.compress(content)
    return content


def priced(*said: str) -> str:
    return ITEM + "".join(said)


ELEMENTS = [
    Case(
        name="what changes with prices, and where it is advertised and sent from, is no text of the product",
        files=[
            feed(
                rss(
                    priced(
                        "<g:price>10 EUR</g:price><g:auto_pricing_min_price>8 EUR</g:auto_pricing_min_price>",
                        "<g:maximum_retail_price>12 EUR</g:maximum_retail_price><g:pause>ads</g:pause>",
                        "<g:sell_on_google_sale_price>9 EUR</g:sell_on_google_sale_price>",
                        "<g:minimum_order_value>5 EUR</g:minimum_order_value>",
                        "<g:return_policy_label>x</g:return_policy_label>",
                        "<g:ships_from_country>DE</g:ships_from_country><g:display_ads_value>3</g:display_ads_value>",
                        "<g:lifestyle_image_link>https://shop.test/l.jpg</g:lifestyle_image_link><g:color>Red</g:color>",
                    )
                )
            )
        ],
        products={"P1": {"price": Decimal("10.00"), "attributes": {"color": "Red"}}},
    ),
    Case(
        name="elements of Google's own win over those of Atom, wherever they stand",
        files=[
            feed(
                f"<feed {SPACES}><title>Shop</title><entry><id>tag:shop.example,2026:1</id><g:id>P1</g:id>"
                '<g:title>Lamp</g:title><title>Lamp | Shop</title><link href="https://shop.example/lamp"/>'
                '<link rel="self" href="https://shop.example/api/1"/></entry></feed>'
            )
        ],
        products={"P1": {"title": "Lamp", "url": "https://shop.example/lamp", "attributes": {}}},
    ),
    Case(
        name="a page that is not said as one is the canonical one, else the one for phones",
        files=[
            feed(
                rss(
                    "<g:id>A</g:id><g:title>Lamp</g:title><g:link>https://shop.example/a?utm_source=google</g:link>"
                    "<g:canonical_link>https://shop.example/a</g:canonical_link>",
                    "<g:id>B</g:id><g:title>Lamp</g:title><g:mobile_link>https://m.shop.example/b</g:mobile_link>"
                    "<g:canonical_link>https://shop.example/b</g:canonical_link>",
                    "<g:id>C</g:id><g:title>Lamp</g:title><g:mobile_link>https://m.shop.example/c</g:mobile_link>",
                    "<g:id>D</g:id><g:title>Lamp</g:title><link>/d</link>",
                ),
                shop_url="https://shop.example/",
            )
        ],
        products={
            "A": {"url": "https://shop.example/a?utm_source=google", "attributes": {}},
            "B": {"url": "https://shop.example/b", "attributes": {}},
            "C": {"url": "https://m.shop.example/c", "attributes": {}},
            "D": {"url": "https://shop.example/d", "attributes": {}},
        },
    ),
    Case(
        name="an empty element of Google's own leaves the word to the plain one",
        files=[feed(rss("<g:id>P1</g:id><title>Lamp</title><g:title> </g:title>"))],
        products=LAMP,
    ),
    Case(
        name="elements of a third kind do not stand beside the feed's own",
        files=[
            feed(
                '<rss xmlns:g="http://base.google.com/ns/1.0" xmlns:media="http://search.yahoo.com/mrss/"><item>'
                "<media:title>Photo</media:title><title>Lamp</title><g:id>P1</g:id></item></rss>"
            )
        ],
        products=LAMP,
    ),
    Case(
        name="a prefix that nobody declared, and one that is called otherwise",
        files=[
            feed("<rss><item><g:id>P1</g:id><g:title>Lamp</g:title><title>no</title></item></rss>"),
            feed(
                '<rss xmlns:x="https://base.google.com/ns/1.0"><item><id>no</id><x:id>P2</x:id><x:title>Vase</x:title>'
                "</item></rss>"
            ),
        ],
        products={"P1": {"title": "Lamp"}, "P2": {"title": "Vase"}},
    ),
    Case(
        name="Google's namespace as the default one, the feed's under a prefix, and elements in capitals",
        files=[
            feed(
                '<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns="http://base.google.com/ns/1.0"><a:entry>'
                "<a:id>no</a:id><a:title>no</a:title><id>P1</id><title>Lamp</title></a:entry></a:feed>"
            ),
            feed("<RSS><CHANNEL><ITEM><ID>P2</ID><TITLE>Vase</TITLE></ITEM></CHANNEL></RSS>"),
            feed(
                '<rss xmlns:g="http://www.google.example/ns"><item><title>no</title><g:id>P3</g:id>'
                "<g:title>Bowl</g:title></item></rss>"
            ),
        ],
        products={"P1": {"title": "Lamp"}, "P2": {"title": "Vase"}, "P3": {"title": "Bowl"}},
    ),
    Case(
        name="a product type that is none, so that Google's category counts, and empty steps",
        files=[
            File(
                content="id\ttitle\tproduct_type\tgoogle_product_category\n"
                "P1\tLamp\tUncategorized\t2271 - Home > Lighting\nP2\tBowl\tKitchen > > Bowls >\t\n",
                format="google",
            )
        ],
        products={"P1": {"category": "Home/Lighting"}, "P2": {"category": "Kitchen/Bowls"}},
    ),
    Case(
        name="more sold than was there, with the minus of a word processor",
        files=[File(content="id\ttitle\tavailability\tquantity\nP1\tLamp\tin stock\t−3\n", format="google")],
        products={"P1": {"stock": 0}},
    ),
    Case(
        name="white space, CDATA and markup inside a text",
        files=[feed(rss("<g:id>\n P1 </g:id><title><![CDATA[ Lamp & <b>shade</b> ]]></title>"))],
        products={"P1": {"title": "Lamp & shade"}},
    ),
    Case(
        name="what a later feed does not say stays, and an empty element says nothing",
        files=[
            feed(
                rss(
                    priced(
                        "<g:description>Tall.</g:description><g:price>12.00 EUR</g:price><g:brand>Sol</g:brand>",
                        "<g:quantity>4</g:quantity><g:link>https://shop.example/1</g:link>",
                        "<g:product_type>Light</g:product_type><g:color>red</g:color>",
                    )
                )
            ),
            feed(rss(priced("<g:price>13.00</g:price><g:brand/><g:description></g:description><g:color/>"))),
        ],
        products={
            "P1": {
                "description": "Tall.",
                "price": Decimal("13.00"),
                "currency": "EUR",
                "brand": "Sol",
                "stock": 4,
                "url": "https://shop.example/1",
                "category": "Light",
                "attributes": {"color": "red"},
            }
        },
    ),
    Case(
        name="attributes of a shop's own, in the namespace that Google gave for them, are not Google's",
        files=[
            feed(
                '<rss xmlns:g="http://base.google.com/ns/1.0" xmlns:c="http://base.google.com/cns/1.0"><item>'
                "<c:price>9</c:price><c:glaze>matt</c:glaze><g:id>P1</g:id><g:title>Lamp</g:title>"
                "<g:price>3.00 EUR</g:price></item></rss>"
            )
        ],
        products={"P1": {"price": Decimal("3.00"), "attributes": {"glaze": "matt"}}},
    ),
    Case(
        name="texts that a program made, in an element and in a cell",
        files=[
            feed(
                rss(
                    "<g:id>P1</g:id><g:structured_title><g:digital_source_type>trained_algorithmic_media"
                    "</g:digital_source_type><g:content>Lamp</g:content></g:structured_title>"
                )
            ),
            feed('id,structured_title\nP2,"trained_algorithmic_media:""Vase: blue"""\n', "feed.csv"),
        ],
        products={"P1": {"title": "Lamp", "attributes": {}}, "P2": {"title": "Vase: blue", "attributes": {}}},
    ),
    Case(
        name="the text of an Atom entry where it has no description",
        files=[
            feed(
                f"<feed {SPACES}><entry><g:id>P1</g:id><title>Lamp</title><summary>Tall</summary></entry><entry>"
                '<g:id>P2</g:id><title>Vase</title><content type="html">&lt;p&gt;default&lt;/p&gt;</content></entry>'
                "</feed>"
            )
        ],
        products={"P1": {"description": "Tall"}, "P2": {"description": "default"}},
    ),
    Case(
        name="states of Meta's, a category with its number, and what is about shops and not products",
        files=[
            feed(
                rss(
                    priced("<status>archived</status><g:google_product_category>12 - Home &gt; Lamps"),
                ).replace("Lamps</item>", "Lamps</g:google_product_category></item>")
            ),
            feed("id,title,visibility,loyalty_program\nP2,Vase,published,gold:5 EUR\nP3,Bowl,Staging,\n", "feed.csv"),
        ],
        products={
            "P1": {"is_active": False, "category": "Home/Lamps", "attributes": {}},
            "P2": {"is_active": True, "attributes": {}},
            "P3": {"is_active": False},
        },
    ),
    Case(
        name="a page that is no address of the web",
        files=[feed(rss(priced("<g:link>javascript:alert(1)</g:link>")))],
        rejected={3: "url is not an address that begins with http:// or https://"},
        refused="no product could be loaded",
    ),
]

LINKS = [
    Case(
        name="links in one element, between commas, and in several elements",
        files=[
            feed(
                rss(
                    priced(
                        "<g:image_link>https://c.example/a.jpg</g:image_link><g:additional_image_link>"
                        "https://c.example/b.jpg,https://c.example/c.jpg</g:additional_image_link>"
                        "<g:additional_image_link> //c.example/d.jpg </g:additional_image_link>"
                    )
                )
            )
        ],
        pictures={"a.jpg": RED, "b.jpg": BLUE, "c.jpg": TEAL, "d.jpg": picture_bytes("gold")},
        products={"P1": {"images": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]}},
    ),
    Case(
        name="numbered and repeated links, and those of Meta's pictures",
        files=[
            feed(
                "id,title,image_link,additional_image_link,additional_image_link,additional_image_link_3\n"
                "P1,Lamp,https://c.example/a.jpg,https://c.example/b.jpg,https://c.example/c.jpg,https://c.example/d.jpg\n",
                "feed.csv",
            ),
            feed(
                "id,title,image[0].url,image[0].tag[0],image[1].url\nP2,Vase,https://c.example/a.jpg,blue,"
                "https://c.example/d.jpg\n",
                "feed.csv",
            ),
            feed(
                rss(
                    "<g:id>P3</g:id><g:title>Bowl</g:title><g:additional_image_link1>https://c.example/b.jpg"
                    "</g:additional_image_link1><g:additional_image_link2>https://c.example/c.jpg</g:additional_image_link2>"
                )
            ),
        ],
        pictures={"a.jpg": RED, "b.jpg": BLUE, "c.jpg": TEAL, "d.jpg": picture_bytes("gold")},
        products={
            "P1": {"images": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "attributes": {}},
            "P2": {"images": ["a.jpg", "d.jpg"], "attributes": {}},
            "P3": {"images": ["b.jpg", "c.jpg"], "attributes": {}},
        },
    ),
    Case(
        name="a comma inside an address, and a bar",
        files=[
            feed(
                rss(
                    priced(
                        "<g:additional_image_link>https://c.example/w_9,h_9/a.jpg, https://c.example/b|2.jpg"
                        "</g:additional_image_link>"
                    )
                )
            )
        ],
        pictures={"a.jpg": RED, "b|2.jpg": BLUE},
        products={"P1": {"images": ["a.jpg", "b|2.jpg"]}},
    ),
]

NOW_PAID = {"price": Decimal("60.00"), "list_price": Decimal("100.00"), "currency": "EUR", "on_sale": True}
NOT_REDUCED = {"price": Decimal("100.00"), "list_price": None, "currency": "EUR", "on_sale": False}
REGULAR = "<g:price>100.00 EUR</g:price>"
REDUCED = f"{REGULAR}<g:sale_price>60.00 EUR</g:sale_price>"


def within(period: str) -> str:
    return f"{REDUCED}<g:sale_price_effective_date>{period}</g:sale_price_effective_date>"


SALES = [
    *(
        Case(name=f"a sale {name}", files=[feed(rss(priced(said)))], products={"P1": NOW_PAID})
        for name, said in (
            ("without dates", REDUCED),
            ("that holds now", within("2020-01-01T00:00Z/2999-01-01T00:00Z")),
            (
                "with zones and spaces",
                within("2020-01-01T13:00-0800 / 2999-02-29T15:30+05:30".replace("02-29", "02-28")),
            ),
            ("of whole days", within("2020-01-01/9999-12-31")),
            ("that has no end", within("2020-01-01T00:00:00+01:00/")),
            ("whose zones are words", within("2020-01-01T00:00:00 UTC/2999-01-01T00:00:00z")),
            ("whose zones stand apart", within("2020-01-01 00:00:00 +0100/2999-01-01 23:59:59 +0100")),
            ("of days with zones", within("2020-01-01Z/2999-01-01+01:00")),
            ("with a word between its ends", within("2020-01-01 to 2999-01-01")),
            ("with a comma between its ends", within("2020-01-01T00:00-08:00, 2999-01-01T00:00-08:00")),
            ("with hyphens between its ends", within("2020-01-01--2999-01-01")),
            ("whose ends are open in ISO's way", within("../..")),
            ("until midnight", within("2020-01-01T24:00:00Z/9999-12-31T24:00:00Z")),
            ("of weeks and of days of the year", within("2020-W01-1/2999-365")),
            ("at the ends of time", within("0001-01-01T00:00+14:00/9999-12-31T23:59:59-12:00")),
            ("whose dates are a database's nothing", within("0000-00-00 00:00:00/0000-00-00 00:00:00")),
            ("whose currency stands at one price only", f"{REGULAR}<g:sale_price>60</g:sale_price>"),
        )
    ),
    *(
        Case(name=f"a sale {name}", files=[feed(rss(priced(said)))], products={"P1": NOT_REDUCED})
        for name, said in (
            ("that is over", within("2020-01-01T00:00Z/2020-02-01T00:00Z")),
            ("that has not begun", within("2999-01-01/2999-02-01")),
            ("that begins when it ends", within("2020-01-01T00:00Z/2020-01-01T00:00Z")),
            (
                "whose ends stand each for itself, as Meta's",
                f"{REDUCED}<g:sale_price_start_date>2020-01-01</g:sale_price_start_date>"
                "<g:sale_price_end_date>2020-02-01</g:sale_price_end_date>",
            ),
            ("above the price", f"{REGULAR}<g:sale_price>160.00 EUR</g:sale_price>"),
            ("of nothing", f"{REGULAR}<g:sale_price>0.00 EUR</g:sale_price>"),
            ("that is none", f"{REGULAR}<g:sale_price>100.00 EUR</g:sale_price>"),
            ("whose element is empty", f"{REGULAR}<g:sale_price/>"),
        )
    ),
    Case(
        name="a sale that a later feed does not have any more",
        files=[feed(rss(priced(REDUCED))), feed(rss(priced(REGULAR)))],
        products={"P1": NOT_REDUCED},
    ),
    Case(
        name="a feed without prices leaves a sale as it is",
        files=[feed(rss(priced(REDUCED))), feed(rss(ITEM))],
        products={"P1": NOW_PAID},
    ),
    Case(
        name="a period that cannot be read, and two currencies",
        files=[
            feed(
                rss(
                    priced(within("next week")),
                    "<g:id>P2</g:id><g:title>Vase</g:title><g:price>9 EUR</g:price><g:sale_price>8 USD</g:sale_price>",
                )
            )
        ],
        rejected={
            3: "sale_price_effective_date 'next week' is no period: write it as 2027-01-01T00:00+01:00/2027",
            4: "price is in EUR and sale_price in USD: give both in one currency",
        },
        refused="no product could be loaded",
    ),
]

STOCK = [
    *(
        Case(
            name=f"availability: {word}",
            files=[feed(rss(priced("<g:quantity>7</g:quantity>", f"<g:availability>{word}</g:availability>")))],
            products={"P1": {"stock": stock}},
        )
        for stock, words in (
            (7, ("schema:InStock", "available now", "vorbestellt", "commande en attente", "restorder", "延期交货")),
            (0, ("temporarily sold out", "nicht mehr verfügbar", "rupture temporaire")),
            (7, ("in_stock", "InStock", "https://schema.org/LimitedAvailability", "Auf Lager", "DISPONIBLE", "有货")),
            (0, ("OUT OF STOCK", "out-of-stock", "http://schema.org/OutOfStock", "schema.org/SoldOut", "oos")),
            (
                0,
                (
                    "discontinued",
                    "Ausverkauft",
                    "Épuisé",
                    "epuise",
                    "agotado",
                    "нет в наличии",
                    "在庫切れ",
                    "缺货",
                    "품절",
                ),
            ),
            (7, ("preorder", "PreOrder", "back-order", "available for order", "Vorbestellbar", "预售")),
        )
        for word in words
    ),
    *(
        Case(
            name=f"{name}: {stock}",
            files=[feed(rss(priced("<g:quantity>9</g:quantity>"))), feed(rss(priced(said)))],
            products={"P1": {"stock": stock}},
        )
        for name, said, stock in (
            ("in stock, and no quantity", "<g:availability>in stock</g:availability>", None),
            ("in stock, and none left", "<g:availability>in stock</g:availability><g:quantity>0</g:quantity>", 0),
            (
                "to be ordered, and none left",
                "<g:availability>backorder</g:availability><g:quantity>0</g:quantity>",
                None,
            ),
            ("a quantity alone", "<g:quantity>3</g:quantity>", 3),
            ("sold more than there were", "<g:quantity>-2</g:quantity>", 0),
            ("neither", "", 9),
        )
    ),
    Case(
        name="an availability that nobody knows is said with its line",
        files=[feed(rss(ITEM + "<g:availability>maybe</g:availability>", "<g:id>P2</g:id><g:title>Vase</g:title>"))],
        rejected={3: "availability 'maybe' is not known: write in_stock, out_of_stock, preorder or backorder"},
        products={"P2": {"stock": None}},
    ),
]

EXPIRY = [
    Case(
        name="items past their expiration date are kept, not for sale, and counted",
        files=[
            feed(
                rss(
                    priced("<g:expiration_date>2020-01-31T12:00-0300</g:expiration_date>"),
                    "<g:id>P2</g:id><g:title>Vase</g:title><g:expiration_date>2999-01-31</g:expiration_date>",
                    "<g:id>P3</g:id><g:title>Bowl</g:title><g:expiration_date>0000-00-00</g:expiration_date>",
                    "<g:id>P4</g:id><g:title>Mug</g:title><g:expiration_date>soon</g:expiration_date>",
                )
            )
        ],
        products={"P1": {"is_active": False}, "P2": {"is_active": True}, "P3": {"is_active": True}},
        rejected={6: "expiration_date 'soon' is no date: write it as 2027-01-31"},
        warnings=["Past their expiration_date, and therefore not for sale: 1."],
    ),
    *(
        Case(
            name=f"expired: {date}",
            files=[feed(rss(priced(f"<g:expiration_date>{date}</g:expiration_date>")))],
            products={"P1": {"is_active": False}},
            warnings=["Past their expiration_date"],
        )
        for date in (
            "20200131",
            "2020-01-31Z",
            "2020/1/31",
            "31.01.2020",
            "Jan 31, 2020",
            "Fri, 31 Jan 2020 10:00:00 GMT",
            "2020-01-31T10:00:00.123456789Z",
            "31 January 2020, 10:00 pm",
        )
    ),
    Case(
        name="a later date puts an item on sale again",
        files=[
            feed(rss(priced(f"<g:expiration_date>{date}</g:expiration_date>"))) for date in ("2020-01-01", "2999-01-01")
        ],
        products={"P1": {"is_active": True}},
    ),
]

CHINESE = rss("<g:id>P1</g:id><g:title>花瓶</g:title>", declaration='<?xml version="1.0" encoding="{}"?>')
VASE = {"P1": {"title": "花瓶"}}
TEXT = rss(ITEM)
TAR = b"feed.xml".ljust(257, b"\0") + b"ustar\x0000".ljust(255, b"\0")
OLD_DOCTYPE = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://netscape.example/rss.dtd">'

ENVELOPES = [
    *(
        Case(name=name, files=[feed(content)], products=LAMP)
        for name, content in (
            ("a blank line first", "\n \n" + TEXT),
            ("a byte order mark, and a blank line", "\ufeff\n" + TEXT),
            ("two byte order marks", "\ufeff\ufeff" + TEXT),
            ("gzip", gzip.compress(TEXT.encode())),
            ("a zip with one file", pack("feed.xml", content=TEXT)),
            ("a zip of macOS", pack("feed.xml", "__MACOSX/._feed.xml", ".DS_Store", content=TEXT)),
            ("a zip of UTF-16, declared as UTF-8", TEXT.encode("utf-16")),
            ("UTF-16 without a mark", TEXT.encode("utf-16-le")),
            ("UTF-8 that is declared as UTF-16", TEXT.replace("UTF-8", "UTF-16")),
            ("gzip in gzip", pack_often(TEXT.encode(), times=2)),
            ("gzip in a zip, in a folder", pack("out/feed.xml.gz", content=gzip.compress(TEXT.encode()))),
            ("a zip in gzip", gzip.compress(pack("feed.xml", content=TEXT))),
            ("gzip with zeros behind it", gzip.compress(TEXT.encode()) + bytes(512)),
            ("a DOCTYPE that declares nothing", TEXT.replace("?>\n", "?>\n<!-- shop -->\n<!DOCTYPE rss>\n", 1)),
            ("the DOCTYPE of the first RSS", TEXT.replace("?>\n", f"?>\n{OLD_DOCTYPE}\n", 1)),
            ("XML 1.1", TEXT.replace('"1.0"', '"1.1"', 1)),
        )
    ),
    *(
        Case(name=f"XML in {name}", files=[feed(CHINESE.replace("{}", name).encode(codec))], products=VASE)
        for name, codec in (
            ("GBK", "gbk"),
            ("gb2312", "gbk"),
            ("Big5", "big5"),
            ("UTF-16", "utf-16"),
            ("gb18030", "gb18030"),
        )
    ),
    Case(
        name="Western and Cyrillic encodings, declared or passed",
        files=[
            feed(
                rss(
                    "<g:id>P1</g:id><g:title>Blå “krus”</g:title>",
                    declaration='<?xml version="1.0" encoding="ISO-8859-1"?>',
                ).encode("cp1252")
            ),
            feed(
                rss(
                    "<g:id>P2</g:id><g:title>Лампа</g:title>",
                    declaration='<?xml version="1.0" encoding="windows-1251"?>',
                ).encode("cp1251")
            ),
            feed(rss("<g:id>P3</g:id><g:title>Лампа</g:title>").encode("cp1251"), encoding="cp1251"),
        ],
        products={"P1": {"title": "Blå “krus”"}, "P2": {"title": "Лампа"}, "P3": {"title": "Лампа"}},
    ),
    *(
        Case(name=f"UTF-8 that is declared as {name}", files=[feed(content)], products={"P1": {"title": title}})
        for name, title in (("ISO-8859-1", "Blå krus"), ("windows-1252", "花瓶"), ("GBK", "一只蓝色的花瓶"))
        for content in [
            rss(f"<g:id>P1</g:id><g:title>{title}</g:title>", declaration=f'<?xml version="1.0" encoding="{name}"?>')
        ]
    ),
    Case(
        name="an element that is not closed, a tag that is none, and an item that is not closed each cost one item",
        files=[
            feed(
                rss(
                    ITEM,
                    "<g:id>P2</g:id><g:title>Bowl</g:titel>",
                    "<g:id>P3</g:id><g:title>Rug <b>red</g:title>",
                    "<g:id>P4</g:id><g:title>Mug</g:title></item>\n<item><g:id>P5</g:id>\n<item><g:id>P6</g:id>"
                    "<g:title>Jug</g:title>",
                    "<g:id>P7</g:id><g:title>Ribbon 5 < 6 cm, <3 m</g:title>",
                    "<g:id>P8</g:id><g:title>Cup</g:titel>\n<item><g:id>P9</g:id><g:title>Can</g:title>",
                )
            )
        ],
        products={
            "P1": {"title": "Lamp"},
            "P4": {"title": "Mug"},
            "P6": {"title": "Jug"},
            "P7": {"title": "Ribbon 5 < 6 cm, <3 m"},
            "P9": {"title": "Can"},
        },
        rejected={
            4: "not well formed (line 4: mismatched tag)",
            5: "not well formed (line 5: mismatched tag)",
            7: "not well formed (line 7: the item is not closed)",
            10: "not well formed (line 10: mismatched tag)",
        },
    ),
    Case(
        name="the last item may be the one that is not well formed, and what is cut off is an error of the file",
        files=[
            feed(rss(ITEM, "<g:id>P2</g:id><g:title>Bowl</title>")),
            feed(rss(ITEM.replace("P1", "P3"), "<g:id>P2</g:id><g:title>Bowl</g:title>")[:-50]),
        ],
        products={"P1": {}, "P3": {}},
        refused="The XML is not well formed (line 4",
    ),
    Case(
        name="an item that is too long, and one that is too deep",
        files=[
            feed(
                rss(
                    priced(f"<g:description>{'x' * 1_100_000}</g:description>"),
                    "<g:id>P2</g:id><g:title>Bowl</g:title>" + "<a>" * 40 + "</a>" * 40,
                    "<g:id>P3</g:id><g:title>Rug</g:title>",
                )
            )
        ],
        products={"P3": {"title": "Rug"}},
        rejected={3: "an item is longer than 1,048,576 characters", 4: "its elements are nested too deeply"},
    ),
    Case(
        name="a byte that is not in the declared encoding costs its item only",
        files=[
            feed(
                rss("<g:id>P1</g:id><g:title>Lamp</g:title>", "<g:id>P2</g:id><g:title>Bl\xe5</g:title>").encode(
                    "latin-1"
                )
            )
        ],
        products=LAMP,
        rejected={
            4: "title holds the byte 0xE5, which is not in the encoding that the feed declares; pass --encoding cp1252"
        },
    ),
    *(
        Case(
            name=f"a feed in {name} that says UTF-8 is told by its letters",
            files=[feed(rss(f"<g:id>P1</g:id><g:title>{title}</g:title>").encode(name))],
            rejected={
                3: f"which is not in the encoding that the feed declares; pass --encoding {name}, which it seems"
            },
            refused="no product could be loaded",
        )
        for name, title in (("gb18030", "青花瓷瓶"), ("cp1251", "Лампа"), ("euc-kr", "꽃병 파란색"))
    ),
    Case(
        name="the letters may stand far behind the beginning",
        files=[
            feed(
                rss(
                    f"<g:id>P1</g:id><g:title>Lamp</g:title><g:price>1 EUR</g:price><!--{'x' * 70_000}-->",
                    "<g:id>P2</g:id><g:title>あおいかびん</g:title>",
                ).encode("cp932")
            ),
        ],
        products=LAMP,
        rejected={4: "which is not in the encoding that the feed declares; pass --encoding shift_jis"},
    ),
    Case(
        name="a NUL costs its item only, other control characters are spaces",
        files=[
            feed(
                rss("<g:id>P1</g:id><g:title>Desk\x0blamp&#x1f;</g:title>", "<g:id>P2</g:id><g:title>Va\0se</g:title>")
            )
        ],
        products={"P1": {"title": "Desk lamp"}},
        rejected={4: "title holds a NUL character"},
    ),
    Case(
        name="entities of HTML and bare ampersands, but not inside CDATA",
        files=[
            feed(
                rss(
                    "<g:id>P1</g:id><g:title>Caf&eacute;&nbsp;&amp; co&sup2; A&B &nosuch; &#233;</g:title>"
                    "<g:link>https://shop.example/?a=1&b=2&copy=3</g:link>"
                    "<g:description><![CDATA[Q&A <i>&eacute;</i>]]></g:description><!-- a & b -->"
                )
            )
        ],
        products={
            "P1": {
                "title": "Café & co² A&B &nosuch; é",
                "url": "https://shop.example/?a=1&b=2&copy=3",
                "description": "Q&A é",
            }
        },
    ),
    Case(
        name="an unknown encoding",
        files=[feed(TEXT.replace("UTF-8", "klingon"))],
        refused="The XML says that its encoding is klingon, which is none: pass --encoding utf-8",
    ),
    *(
        Case(name=f"refused: {refused}", files=[feed(content, name)], refused=refused)
        for name, content, refused in (
            ("feed.gz", gzip.compress(TEXT.encode())[:-20], "The archive is damaged or was cut short"),
            ("feed.zip", pack("a.xml", "b.xml", content=TEXT), "The zip holds 2 files: pack the one"),
            ("feed.zip", pack("[Content_Types].xml", "xl/workbook.xml"), 'save it as "CSV UTF-8"'),
            ("feed.zip", pack("feed.xml", content=TEXT)[:-30], "The archive is damaged or was cut short"),
            ("feed.bz2", b"BZh91AY&SY", "unpack it, or pack it as .gz or .zip"),
            ("feed.xml", "<!DOCTYPE html><html><body>Log in</body></html>", "This is a web page, no feed"),
            ("feed.json", '[{"id": 1}]', "This is JSON, no feed"),
            ("feed.xml", "<products><product/></products>", "but begins with <products>: is it a Merchant feed?"),
            ("feed.xml", "<rss><channel>\n</item></rss>", "line 2: mismatched tag"),
            ("feed.tar.gz", gzip.compress(TAR + TEXT.encode()), "unpack it, or pack it as .gz or .zip"),
            ("feed.gz", pack_often(TEXT.encode(), times=4), "The archive holds archives in archives: unpack it."),
            (
                "feed.xml",
                '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><rss><item><id>&a;</id></item></rss>',
                "The XML declares a DTD or entities, which are refused",
            ),
            (
                "feed.xml",
                '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><item><id>&b;</id></item></rss>',
                "The XML declares a DTD or entities, which are refused",
            ),
            ("products.csv", "sku,title\nP1,Lamp\n", "The file has no column id: pass --format csv."),
            ("feed.csv", "id,price\nP1,3\n", "The file has no column title: is it a Merchant feed? It has: id, price."),
        )
    ),
]

SHEET = "id{0}title{0}availability{0}price{0}image link{0}link\nP1{0}Lamp{0}in stock{0}10.00 USD{0}https://c.example/a.jpg{0}https://x.example/a\n"
SOLD = {
    "title": "Lamp",
    "price": Decimal("10.00"),
    "currency": "USD",
    "url": "https://x.example/a",
    "images": ["a.jpg"],
}

TABLES = [
    *(
        Case(name=f"a sheet {name}", files=[feed(content, "feed.csv")], pictures={"a.jpg": RED}, products={"P1": SOLD})
        for name, content in (
            ("with commas", SHEET.format(",")),
            ("with semicolons", SHEET.format(";")),
            ("with tabs", SHEET.format("\t")),
            ("with bars", SHEET.format("|")),
            ("packed", gzip.compress(SHEET.format("\t").encode())),
            (
                "with the headings of XML",
                SHEET.format(",").replace("image link", "g:image_link").replace("id,", "g:id,"),
            ),
            ("with large headings", SHEET.format("\t").replace("image link", "Image-Link").replace("title", "Title")),
            ("with headings as printed", SHEET.format(",").replace("image link", "image link [image_link]")),
            (
                "below notes and blank lines",
                "\ufeff# Required | an id,# Required | a title,,,,\n\n" + SHEET.format(","),
            ),
        )
    ),
    Case(
        name="headings of Google's own win, and lines are counted from the top of the file",
        files=[feed("# note\nid,g:id,title,g:availability\n1,P1,Lamp,in stock\n2,P2,Vase,who knows\n", "feed.csv")],
        products=LAMP,
        rejected={4: "availability 'who knows' is not known"},
    ),
    Case(
        name="a heading that is there twice",
        files=[feed("id,title,color,color\nP1,Lamp,red,blue\n", "feed.csv")],
        products={"P1": {"attributes": {"color": "blue"}}},
        warnings=["Columns are there more than once, and the last one counts: color."],
    ),
    Case(
        name="empty cells say nothing, and Meta's stock is a quantity",
        files=[
            feed("id,title,price,sale_price,quantity_to_sell_on_facebook\nP1,Lamp,9.00 EUR,8.00 EUR,4\n", "feed.csv"),
            feed("id,title,price,sale_price,quantity_to_sell_on_facebook\nP1,Lamp,,,\n", "feed.csv"),
        ],
        products={"P1": {"price": Decimal("8.00"), "list_price": Decimal("9.00"), "stock": 4, "currency": "EUR"}},
    ),
]


@as_parameters([*ELEMENTS, *LINKS])
def test_items_say_what_they_say(case: Case, tmp_path: Path):
    check_case(case, tmp_path)


@as_parameters([*SALES, *STOCK, *EXPIRY])
def test_what_can_be_bought_now_and_for_how_much(case: Case, tmp_path: Path):
    check_case(case, tmp_path)


@as_parameters([*ENVELOPES, *TABLES])
def test_feeds_are_read_as_they_come(case: Case, tmp_path: Path):
    check_case(case, tmp_path)


@pytest.mark.parametrize("pack_up", [gzip.compress, lambda content: pack("feed.xml", content=content.decode())])
def test_an_archive_that_unpacks_to_too_much_is_refused(pack_up, tmp_path, monkeypatch):
    monkeypatch.setattr(envelopes, "FREE_BYTES", 1000)
    bomb = pack_up((TEXT + " " * 2_000_000).encode())
    check_case(Case(name="bomb", files=[feed(bomb)], refused="bytes: import it unpacked", products=LAMP), tmp_path)
