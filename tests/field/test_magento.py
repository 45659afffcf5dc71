"""Magento's exports from the wild."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case, write_table

pytestmark = pytest.mark.django_db

NO_CURRENCY = "Magento exports name no currency"
FRONT, BACK = picture_bytes("teal"), picture_bytes("gold")
COAT = (
    "sku,store_view_code,product_type,categories,name,description,product_online,visibility,price,special_price,"
    "base_image,additional_images,qty,is_in_stock,additional_attributes,configurable_variations\n"
    'CO-S,,simple,,Coat S,,1,Not Visible Individually,80.0000,,,,2.0000,1,"size=S",\n'
    'CO-L,,simple,,Coat L,,1,Not Visible Individually,90.0000,72.0000,,,0.0000,0,"size=L",\n'
    'CO,,configurable,"Default Category/Wear,Default Category/Wear/Coats",Coat,<p>Rain</p>,1,"Catalog, Search",,,'
    '/c/o/front.jpg,/c/o/back.jpg,0.0000,1,"brand=Havn,""care=cold, by hand"",fit=slim|long",'
    '"sku=CO-S,size=S|sku=CO-L,size=L"\n'
    "CO,de,,,Mantel,<p>Regen</p>,,,,,,,,,,\nCO,pt_BR,,,Casaco,,,,,,,,,,,\n"
)
# A row for each product; one more for each store view, with what it says otherwise; configurable products at the end.
COLUMNS = (
    "sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,description,"
    "short_description,weight,product_online,tax_class_name,visibility,price,special_price,special_price_from_date,"
    "special_price_to_date,url_key,meta_title,base_image,base_image_label,small_image,thumbnail_image,created_at,"
    "updated_at,new_from_date,msrp_price,additional_attributes,qty,out_of_stock_qty,use_config_min_qty,is_qty_decimal,"
    "allow_backorders,use_config_backorders,min_cart_qty,is_in_stock,manage_stock,use_config_manage_stock,"
    "qty_increments,website_id,related_skus,crosssell_skus,upsell_skus,additional_images,additional_image_labels,"
    "hide_from_product_page,configurable_variations,configurable_variation_labels"
)
STOCKED = {"attribute_set_code": "Top", "product_type": "simple", "product_websites": "base", "product_online": "1",
           "visibility": "Catalog, Search", "out_of_stock_qty": "0.0000", "allow_backorders": "0", "manage_stock": "1",
           "use_config_backorders": "1", "use_config_manage_stock": "1", "is_in_stock": "1", "qty": "0.0000",
           "created_at": "1/5/26, 9:00 AM", "website_id": "0"}  # fmt: skip
HOODIE = {"sku": "MH01", "attribute_set_code": "Top", "product_type": "configurable"}
EXPORT = write_table(
    COLUMNS.split(","),
    STOCKED
    | {"sku": "MH01-S", "categories": "Default Category/Men,Default Category/Men/Tops", "name": "Hoodie-S",
       "visibility": "Not Visible Individually", "price": "52.000000", "url_key": "hoodie-s", "qty": "100.0000",
       "base_image": "/m/h/mh01-s.jpg", "small_image": "/m/h/mh01-s.jpg", "additional_images": "/m/h/mh01-s.jpg",
       "additional_attributes": "has_options=0,material=Fleece|Cotton,pattern=Solid,"
       "quantity_and_stock_status=In Stock,required_options=0,size=S"},
    STOCKED
    | {"sku": "BAG", "categories": "Default Category/Gear", "name": "Bag", "product_online": "2", "price": "34.000000",
       "special_price": "29.000000", "special_price_from_date": "1/5/20", "url_key": "bag", "is_in_stock": "0",
       "base_image": "no_selection", "additional_attributes": "has_options=0"},
    STOCKED
    | HOODIE
    | {"categories": "Default Category/Men,Default Category/Men/Tops,Default Category/Men/Tops/Hoodies",
       "name": "Hoodie", "description": "<p>Warm &amp; soft</p>", "url_key": "hoodie", "base_image": "/m/h/mh01.jpg",
       "additional_images": "/m/h/mh01.jpg,/m/h/mh01-back.jpg", "related_skus": "BAG,X1",
       "additional_attributes": 'brand=Havn,"care=cold, by hand",has_options=1,material=Fleece|Cotton',
       "configurable_variations": "sku=MH01-S,size=S", "configurable_variation_labels": "size=Size"},
    HOODIE | {"store_view_code": "b2b_de", "name": "Pulli (B2B)", "short_description": "Kurz", "price": "99.000000"},
    HOODIE | {"store_view_code": "de", "name": "Kapuzenpulli", "description": "<p>Warm</p>", "url_key": "pulli"},
    HOODIE | {"store_view_code": "de_shop2", "name": "Zweitpulli"},
    HOODIE | {"store_view_code": "de_AT", "name": "Kapuzenjanker"},
    HOODIE | {"store_view_code": "french", "name": "Sweat"},
    HOODIE | {"store_view_code": "en_gb", "name": "Hooded top"},
    HOODIE | {"store_view_code": "outlet", "name": "Cheap hoodie"},
)  # fmt: skip
COAT_PRODUCTS = {
    "CO": {
        "title": "Coat",
        "description": "Rain",
        "translations": {"de": {"title": "Mantel", "description": "Regen"}, "pt-br": {"title": "Casaco"}},
        "category": "Wear/Coats",
        "brand": "Havn",
        "price": Decimal("72.00"),
        "stock": None,
        "is_active": True,
        "variant_group": "CO",
        "images": ["c/o/front.jpg", "c/o/back.jpg"],
        "attributes": {"care": "cold, by hand", "fit": "slim, long"},
    },
    "CO-S": {
        "title": "Coat S",
        "description": "Rain",
        "category": "Wear/Coats",
        "price": Decimal("80.00"),
        "stock": 2,
        "is_active": False,
        "variant_group": "CO",
        "images": ["c/o/front.jpg", "c/o/back.jpg"],
        "attributes": {"size": "S"},
    },
    "CO-L": {"price": Decimal("72.00"), "stock": 0, "variant_group": "CO", "attributes": {"size": "L"}},
}
PICTURES = {"c/o/front.jpg": FRONT, "c/o/back.jpg": BACK}


def magento(content: str, **options) -> File:
    return File(content=content, format="magento", options=options)


CASES = [
    Case(
        name="a configurable product, its variations before it and its store views after it",
        files=[magento(COAT, currency="EUR")],
        pictures=PICTURES,
        products=COAT_PRODUCTS,
    ),
    Case(
        name="empty cells change nothing, and Magento's own constant empties",
        files=[
            magento(COAT),
            magento(
                "sku,store_view_code,name,description,categories,price,qty,is_in_stock\nCO,,Coat,,,,,\n"
                "CO-S,,Coat S,__EMPTY__VALUE__,__EMPTY__VALUE__,,5.0000,1\n"
            ),
        ],
        pictures=PICTURES,
        products=COAT_PRODUCTS
        | {"CO-S": {**COAT_PRODUCTS["CO-S"], "description": "", "category": "", "stock": 5, "is_active": False}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="online or not, and a word that nobody knows",
        files=[
            magento(
                "sku,attribute_set_code,name,product_online,price\nA,Default,A,1,4\nB,Default,B,2,4\n"
                "C,Default,C,Enabled,4\nD,Default,D,sometimes,4\n"
            )
        ],
        products={"A": {"is_active": True}, "B": {"is_active": False}, "C": {"is_active": True}},
        rejected={5: "'sometimes' is neither true nor false"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="stock: counted, out of stock, not managed, ordered back, below zero",
        files=[
            magento(
                "sku,product_online,name,qty,is_in_stock,manage_stock,use_config_manage_stock,allow_backorders,"
                "use_config_backorders\nA,1,A,3.5000,1,1,1,0,1\nB,1,B,3.0000,0,1,1,0,1\nC,1,C,0.0000,1,0,0,0,1\n"
                "D,1,D,0.0000,1,1,1,1,0\nE,1,E,-4.0000,1,1,1,0,1\nF,1,F,,,,,,\n"
            )
        ],
        products={
            "A": {"stock": 3},
            "B": {"stock": 0},
            "C": {"stock": None},
            "D": {"stock": None},
            "E": {"stock": 0},
            "F": {"stock": None},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="special prices in their time",
        files=[
            magento(
                "sku,product_online,name,price,special_price,special_price_from_date,special_price_to_date\n"
                "A,1,A,10.000000,8.500000,1/15/20,\nB,1,B,10.000000,8.000000,1/15/20,1/31/20\n"
                "C,1,C,10.000000,8.000000,31/01/2020,31/12/2999\n"
            )
        ],
        products={
            "A": {"price": Decimal("8.50")},
            "B": {"price": Decimal("10.00")},
            "C": {"price": Decimal("8.00")},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a special price whose time cannot be read does not hold, and that is said",
        files=[
            magento(
                "sku,product_online,name,price,special_price,special_price_from_date,special_price_to_date\n"
                "A,1,A,10.0000,8.5000,2020-13-40,\nB,1,B,10.0000,8.5000,1/15/20,0000-00-00 00:00:00\n"
            )
        ],
        products={
            "A": {"price": Decimal("10.00"), "list_price": None},
            "B": {"price": Decimal("8.50"), "list_price": Decimal("10.00")},
        },
        warnings=[NO_CURRENCY, "Line 2 (A): The sale price is left out, for its date '2020-13-40' cannot be read"],
    ),
    Case(
        name="a store view that is called after no language, and one of a product that is not there",
        files=[magento("sku,store_view_code,name,price\nA,,Cup,4\nA,default,Our cup,\nA,fr,Tasse,\nB,fr,Bol,\n")],
        products={"A": {"title": "Cup", "translations": {"fr": {"title": "Tasse"}}}},
        rejected={5: "a store view of a product that is not in the file"},
        warnings=[NO_CURRENCY, "Wordings of the store view default are left out"],
    ),
    Case(
        name="categories: the deepest, the root alone, and a slash in a name",
        files=[
            magento(
                "sku,product_type,categories,name,price\nA,simple,Default Category,A,4\n"
                'D,simple,"Default Category/Pots, pans|Default Category/Pots, pans/Lids",D,4\n'
                'B,simple,"Default Category/In\\/Out/Mats,Default Category/Rugs",B,4\nC,simple,Shop/Mats,C,4\n'
            )
        ],
        products={
            "A": {"category": ""},
            "B": {"category": "In-Out/Mats"},
            "C": {"category": "Shop/Mats"},
            "D": {"category": "Pots, pans/Lids"},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="attributes in quotes, with commas, equals signs, quotes and inches",
        files=[
            magento(
                "sku,attribute_set_code,name,price,additional_attributes\n"
                'A,Default,A,1,"""care=wash,heat=low"",fit=slim,note=soft, warm,size=5"" wide"\n'
                'B,Default,B,1,"care=""wash, heat=low"",link=https://x.test/?a=1,""said=""""Best"""""""\n'
            )
        ],
        products={
            "A": {
                "attributes": {"care": "wash,heat=low", "fit": "slim", "note": "soft, warm", "size": '5" wide'},
            },
            "B": {"attributes": {"care": "wash, heat=low", "link": "https://x.test/?a=1", "said": '"Best"'}},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="pictures of other hosts, with commas and bars",
        files=[
            magento(
                "sku,attribute_set_code,name,price,base_image,additional_images\n"
                'A,Default,A,1,https://x.test/a|1.jpg,"https://x.test/w_3,h_3/b.jpg,https://x.test/c.jpg"\n'
            )
        ],
        products={
            "A": {
                "downloads": ["https://x.test/a%7C1.jpg", "https://x.test/w_3,h_3/b.jpg", "https://x.test/c.jpg"],
            }
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a special price above the price, and the cheapest variation that is online",
        files=[
            magento(
                "sku,product_type,name,price,special_price,product_online,visibility,configurable_variations\n"
                'C,configurable,C,,,1,4,"sku=X,size=S|sku=Y,size=M"\nX,simple,X,3,,2,1,\nY,simple,Y,5,6,1,1,\n'
            )
        ],
        products={
            "C": {"price": Decimal("5.00"), "list_price": None, "is_active": True},
            "X": {"price": Decimal("3.00"), "is_active": False},
            "Y": {"price": Decimal("5.00"), "list_price": None, "is_active": False},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="products that are composed cost what their parts do, and a bundle's special price is a part in percent",
        files=[
            magento(
                "sku,product_type,name,price,special_price,configurable_variations\n"
                'C,configurable,C,0.000000,,"sku=X,size=S|sku=Y,size=M"\nX,simple,X,12,,\nY,simple,Y,10.000000,,\n'
                'D,configurable,D,52.000000,,"sku=Z,size=S"\nZ,simple,Z,52.000000,32.000000,\n'
                "E,bundle,E,0.000000,,\nF,bundle,F,50.000000,80.000000,\nG,bundle,G,50.000000,100.000000,\n"
                "H,grouped,H,0.0000,,\nI,bundle,I,0.000000,80.000000,\nJ,simple,J,0.000000,,\n"
            )
        ],
        products={
            "C": {"price": Decimal("10.00"), "list_price": None},
            "X": {"price": Decimal("12.00")},
            "Y": {"price": Decimal("10.00")},
            "D": {"price": Decimal("32.00"), "list_price": Decimal("52.00")},
            "Z": {"price": Decimal("32.00"), "list_price": Decimal("52.00")},
            "E": {"price": None},
            "F": {"price": Decimal("40.00"), "list_price": Decimal("50.00")},
            "G": {"price": Decimal("50.00"), "list_price": None},
            "H": {"price": None},
            "I": {"price": None, "list_price": None},
            "J": {"price": Decimal("0.00")},
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="a configurable product is sold out where none of its variations can be bought",
        files=[
            magento(
                "sku,product_type,name,qty,is_in_stock,product_online,configurable_variations\n"
                'A,configurable,A,0,1,1,"sku=A1,size=S|sku=A2,size=M"\nA1,simple,A,0,0,1,\nA2,simple,A,3,1,2,\n'
                'B,configurable,B,0,1,1,"sku=B1,size=S|sku=B2,size=M"\nB1,simple,B,0,0,1,\nB2,simple,B,3,1,1,\n'
                'C,configurable,C,0,1,1,"sku=C1,size=S"\nC1,simple,C,3,1,2,\nD,configurable,D,0,1,1,"sku=X,size=S"\n'
                "E,simple,E,1.5E+3,1,1,\n"
            )
        ],
        products={
            "A": {"stock": 0},
            "A1": {"stock": 0},
            "A2": {"stock": 3},
            "B": {"stock": None},
            "B1": {"stock": 0},
            "B2": {"stock": 3},
            "C": {"stock": 0},
            "C1": {"stock": 3},
            "D": {"stock": None},
        },
        rejected={11: "stock '1.5E+3' is not a whole number"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="prices that were computed from those with tax are as shops show them",
        files=[
            magento(
                "sku,product_type,name,price,special_price\nA,simple,A,16.798319,\nB,simple,B,25.2066,16.798319\n"
                "C,simple,C,16.798319,16.7984\nD,bundle,D,16.798319,50.000000\nE,simple,E,16.795000,\n"
            )
        ],
        products={
            "A": {"price": Decimal("16.80"), "list_price": None},
            "B": {"price": Decimal("16.80"), "list_price": Decimal("25.21")},
            "C": {"price": Decimal("16.80"), "list_price": None},
            "D": {"price": Decimal("8.40"), "list_price": Decimal("16.80")},
        },
        rejected={6: "has more than 2 decimals"},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="what Magento replaces in texts is no text",
        files=[
            magento(
                "sku,store_view_code,name,description\n"
                'A,,Cup,"<p><img src=""{{media url=&quot;a.jpg&quot;}}"">Of clay.</p>{{widget type=""X"" id=""1""}}"\n'
                'A,de,Tasse,"Aus{{store url=""ton""}} Ton, {{2}} Stück {{widget}}"\n'
            )
        ],
        products={
            "A": {
                "description": "Of clay.",
                "translations": {"de": {"title": "Tasse", "description": "Aus Ton, {{2}} Stück {{widget}}"}},
            }
        },
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="commas in the names of categories, and between paths with and without spaces",
        files=[
            magento(
                "sku,product_type,categories,name,price\n"
                'A,simple,"Default Category/Pots, pans/Lids,Default Category/Sale",A,1\n'
                'B,simple,"Default Category/Sale, Default Category/Pots/Lids",B,1\n'
            )
        ],
        products={"A": {"category": "Pots, pans/Lids"}, "B": {"category": "Pots/Lids"}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="columns that the reference does not have are attributes, and others are left out",
        files=[
            magento(
                "sku,attribute_set_code,name,price,weight,meta_title,glaze\n"
                "A,Default,A,4,0.5,Buy A,matt\nB,Default,B,4,,,\n"
            )
        ],
        products={"A": {"attributes": {"glaze": "matt"}}, "B": {"attributes": {}}},
        warnings=[NO_CURRENCY, "kept in attributes: glaze."],
    ),
    Case(
        name="all that the exporter writes, as it writes it",
        files=[magento(EXPORT, shop_url="https://shop.test")],
        products={
            "MH01-S": {
                "title": "Hoodie-S",
                "category": "Men/Tops",
                "price": Decimal("52.00"),
                "stock": 100,
                "is_active": False,
                "variant_group": "MH01",
                "url": "https://shop.test/hoodie.html",
                "downloads": ["https://shop.test/media/catalog/product/m/h/mh01-s.jpg"],
                "attributes": {"size": "S", "pattern": "Solid", "material": "Fleece, Cotton"},
            },
            "MH01": {
                "title": "Hoodie",
                "description": "Warm & soft",
                "translations": {
                    "de": {"title": "Kapuzenpulli", "description": "Warm"},
                    "de-at": {"title": "Kapuzenjanker"},
                    "fr": {"title": "Sweat"},
                    "en-gb": {"title": "Hooded top"},
                },
                "category": "Men/Tops/Hoodies",
                "brand": "Havn",
                "price": Decimal("52.00"),
                "stock": None,
                "is_active": True,
                "variant_group": "MH01",
                "url": "https://shop.test/hoodie.html",
                "downloads": [
                    "https://shop.test/media/catalog/product/m/h/mh01.jpg",
                    "https://shop.test/media/catalog/product/m/h/mh01-back.jpg",
                ],
                "attributes": {"material": "Fleece, Cotton", "care": "cold, by hand"},
            },
            "BAG": {"price": Decimal("29.00"), "list_price": Decimal("34.00"), "stock": 0, "is_active": False},
        },
        warnings=[NO_CURRENCY, "Wordings of the store view outlet are left out"],
    ),
    Case(
        name="pages are where the shop has them, and pictures beside the file are taken instead of those of the shop",
        files=[
            magento(
                "sku,name,price,url_key,base_image\nA,Cup,4,blue-cup,/b/c/cup.jpg\n",
                shop_url="https://shop.test/de/{key}/",
            )
        ],
        pictures={"b/c/cup.jpg": FRONT},
        products={"A": {"url": "https://shop.test/de/blue-cup", "images": ["b/c/cup.jpg"], "downloads": []}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="an export that is passed as our own CSV says what it is",
        files=[File(content=COAT)],
        refused="This is an export of Magento: pass --format magento.",
    ),
]


@as_parameters(CASES)
def test_a_magento_export_from_the_wild(case: Case, tmp_path: Path):
    check_case(case, tmp_path)
