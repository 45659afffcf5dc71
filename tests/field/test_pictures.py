"""Pictures that files name: by name, by URL, missing, damaged, in other cases and forms, with the same name twice."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from catalog.models import PictureDownload, Product, ProductImage
from catalog.pictures import writes
from tests.factories import picture_bytes
from tests.field.table import Case, File, as_parameters, check_case

RED, BLUE, TEAL = (picture_bytes(colour) for colour in ("red", "blue", "teal"))
CAFE = "caf\u00e9.jpg"
SHOPIFY = "Handle,Title,Variant SKU,Variant Price,Image Src,Image Position\n"
NO_CURRENCY = "name no currency"
GOOGLE = "id\ttitle\tprice\timage_link\tadditional_image_link\n"

CASES = [
    Case(
        name="of more pictures than a product may have the first are kept, in their order",
        files=[
            File(
                content="sku,title,images\nA,Cup,red.png|blue.png|" + "|".join(f"{n}.png" for n in range(99)) + "\n",
            )
        ],
        pictures={"red.png": RED, "blue.png": BLUE, **{f"{n}.png": picture_bytes(n) for n in range(99)}},
        products={"A": {"images": ["red.png", "blue.png", *(f"{n}.png" for n in range(98))]}},
        warnings=["Line 2 (A): 101 pictures: the first 100 are kept, a product has no more."],
    ),
    Case(
        name="two URLs that share a name get no file",
        files=[
            File(
                content=f"{SHOPIFY}a,Red,A,1,https://c.example/red/1.jpg,\nb,Blue,B,1,https://c.example/blue/1.jpg,\n",
                format="shopify",
            )
        ],
        pictures={"1.jpg": TEAL},
        products={
            "A": {"images": [], "downloads": ["https://c.example/red/1.jpg"]},
            "B": {"images": [], "downloads": ["https://c.example/blue/1.jpg"]},
        },
        warnings=["1.jpg could be any of https://c.example/blue/1.jpg, https://c.example/red/1.jpg", NO_CURRENCY],
    ),
    Case(
        name="the file whose path agrees is taken, and its neighbour's is not",
        files=[
            File(
                content=f"{SHOPIFY}a,Red,A,1,https://c.example/x/red/1.jpg?v=2,\n"
                "b,Blue,B,1,https://c.example/x/blue/1.jpg,\n",
                format="shopify",
            )
        ],
        pictures={"red/1.jpg": RED, "1.jpg": TEAL},
        products={
            "A": {"images": ["red/1.jpg"], "downloads": []},
            "B": {"images": [], "downloads": ["https://c.example/x/blue/1.jpg"]},
        },
        warnings=["1.jpg could be any of https://c.example/x/blue/1.jpg, https://c.example/x/red/1.jpg", NO_CURRENCY],
    ),
    Case(
        name="the same URL with another query is the same picture",
        files=[
            File(
                content=f"{GOOGLE}A\tCup\t1 EUR\thttps://c.example/m.jpg?v=1\t\n"
                "B\tCup\t1 EUR\thttps://c.example/m.jpg?v=2\t\n",
                format="google",
            )
        ],
        pictures={"m.jpg": TEAL},
        products={"A": {"images": ["m.jpg"]}, "B": {"images": ["m.jpg"]}},
    ),
    Case(
        name="a URL without a file is queued, the file that is there is attached",
        files=[
            File(
                content=f"{SHOPIFY}k,Kettle,K,4,https://c.example/have.jpg,1\nk,,,,https://c.example/missing.jpg,2\n",
                format="shopify",
            )
        ],
        pictures={"have.jpg": RED},
        products={"K": {"images": ["have.jpg"], "downloads": ["https://c.example/missing.jpg"]}},
        warnings=[NO_CURRENCY],
    ),
    Case(
        name="downloads of a feed wait in the order of its pictures",
        files=[
            File(
                content=f"{GOOGLE}G\tCup\t1 EUR\thttps://c.example/b.jpg\thttps://c.example/a.jpg\n",
                format="google",
            )
        ],
        products={"G": {"images": [], "downloads": ["https://c.example/b.jpg", "https://c.example/a.jpg"]}},
    ),
    Case(
        name="the same file again queues nothing",
        files=[File(content="sku,title,images\nC,Cup,https://c.example/a.jpg\n")] * 2,
        products={"C": {"images": [], "downloads": ["https://c.example/a.jpg"]}},
    ),
    Case(
        name="URLs that are joined otherwise than by bars are as many pictures, and names and URLs keep their commas",
        files=[
            File(
                content="sku,title,images\n"
                'C,Cup,"https://c.example/a.jpg, //c.example/b.jpg;https://c.example/w_9,h_9/c d.jpg|red, big.png"\n'
            )
        ],
        pictures={"red, big.png": RED},
        products={
            "C": {
                "images": ["red, big.png"],
                "downloads": [
                    "https://c.example/a.jpg",
                    "https://c.example/b.jpg",
                    "https://c.example/w_9,h_9/c%20d.jpg",
                ],
            }
        },
    ),
    Case(
        name="a missing and a damaged picture cost themselves",
        files=[File(content="sku,title,images\nC,Cup,red.png|gone.png|cut.png|blue.png\n")],
        pictures={"red.png": RED, "blue.png": BLUE, "cut.png": TEAL[:60]},
        products={"C": {"title": "Cup", "images": ["red.png", "blue.png"]}},
        warnings=["Line 2 (C): unknown picture 'gone.png'", "Line 2 (C): picture 'cut.png': the picture is truncated"],
    ),
    Case(
        name="what is stored stays while a picture that is named is missing",
        files=[
            File(content="sku,title,images\nC,Cup,red.png|blue.png\n"),
            File(content="sku,title,images\nC,Cup,teal.png|gone.png\n"),
        ],
        pictures={"red.png": RED, "blue.png": BLUE, "teal.png": TEAL},
        products={"C": {"images": ["teal.png", "red.png", "blue.png"]}},
        warnings=["Line 2 (C): unknown picture 'gone.png'"],
    ),
    Case(
        name="names in another case and in the form of macOS are found",
        files=[File(content=f"sku,title,images\nA,Cup,{unicodedata.normalize('NFC', CAFE)}\nB,Cup,Mug.JPG\n")],
        pictures={unicodedata.normalize("NFD", CAFE): RED, "mug.jpg": BLUE},
        products={"A": {"images": [unicodedata.normalize("NFD", CAFE)]}, "B": {"images": ["mug.jpg"]}},
    ),
    Case(
        name="a name that two files could be is none of them",
        files=[File(content="sku,title,images\nA,Cup,MUG.jpg\nB,Cup,Mug.jpg\n")],
        pictures={"mug.jpg": RED, "Mug.jpg": BLUE},
        products={"A": {"images": []}, "B": {"images": ["Mug.jpg"]}},
        warnings=["Line 2 (A): unknown picture 'MUG.jpg'"],
    ),
    Case(
        name="folders whose names begin alike, a file without an ending, one with a wrong one, and names with steps",
        files=[
            File(
                content="sku,title,images\nA,Cup,red/1.jpg\nB,Cup,./RED-dark//1.jpg\nC,Cup,red\\..\\plain\nD,Cup,page.gif\n"
                "E,Cup,https://c.example/s/infra%20red/1.jpg\nF,Cup,infra%20red/1.jpg\n"
            )
        ],
        pictures={
            "red/1.jpg": RED,
            "red-dark/1.jpg": BLUE,
            "plain": TEAL,
            "page.gif": picture_bytes("gold", format="JPEG"),
            "infra red/1.jpg": picture_bytes("pink"),
        },
        products={
            "A": {"images": ["red/1.jpg"]},
            "B": {"images": ["red-dark/1.jpg"]},
            "C": {"images": ["plain"]},
            "D": {"images": ["page.gif"]},
            "E": {"images": ["infra red/1.jpg"], "downloads": []},
            "F": {"images": ["infra red/1.jpg"]},
        },
    ),
    Case(
        name="nothing outside of the folder, no page, no empty file, and one bad among good ones",
        files=[
            File(
                content="sku,title,images\nA,Cup,../secret.png|/etc/hostname|red.png\n"
                "B,Cup,page.jpg|empty.jpg|blue.png\nC,Cup,C:\\pics\\red.png\n"
            )
        ],
        pictures={"red.png": RED, "blue.png": BLUE, "page.jpg": b"<!DOCTYPE html><html>", "empty.jpg": b""},
        products={"A": {"images": ["red.png"]}, "B": {"images": ["blue.png"]}, "C": {"images": []}},
        warnings=[
            "Line 2 (A): picture '../secret.png' is outside the images folder",
            "Line 2 (A): picture '/etc/hostname' is outside the images folder",
            "Line 3 (B): picture 'page.jpg': the file is not a JPEG, PNG, WebP or GIF picture",
            "Line 3 (B): picture 'empty.jpg': the file is empty",
            "Line 4 (C): unknown picture 'C:\\\\pics\\\\red.png'",
        ],
    ),
    Case(
        name="a URL without its scheme is of the web",
        files=[File(content="sku,title,images\nA,Cup,//c.example/a.png|//c.example/red.png\n")],
        pictures={"red.png": RED},
        products={"A": {"images": ["red.png"], "downloads": ["https://c.example/a.png"]}},
    ),
    Case(
        name="a URL that is none is fetched by nobody and stops nothing",
        files=[File(content="sku,title,images\nA,Cup,http://[bad/1.jpg|red.png\n")],
        pictures={"red.png": RED},
        products={"A": {"images": ["red.png"], "downloads": []}},
        warnings=["picture 'http://[bad/1.jpg' is not an address that begins with http:// or https://"],
    ),
    Case(
        name="an address with a password is fetched by nobody, and no file is taken for it",
        files=[File(content="sku,title,images\nA,Mug,https://me:secret@c.example/red.png\n")],
        pictures={"red.png": RED},
        products={"A": {"images": [], "downloads": []}},
        warnings=["holds a name or password, which visitors would see: leave out what is before @"],
    ),
]


@pytest.mark.django_db
@as_parameters(CASES)
def test_pictures_that_files_name(case, tmp_path):
    check_case(case, tmp_path)


@pytest.mark.django_db
def test_a_file_that_a_later_row_could_mean_as_well_is_nobodys(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("catalog.importers.load.CHUNK", 1)
    urls = [f"https://c.example/{colour}/1.jpg" for colour in ("red", "blue")]
    case = Case(
        name="",
        files=[File(content=f"sku,title,images\nA,Cup,{urls[0]}\nB,Cup,{urls[1]}\n")],
        pictures={"1.jpg": TEAL},
        products={"A": {"images": [], "downloads": urls[:1]}, "B": {"images": [], "downloads": urls[1:]}},
        warnings=["The file 1.jpg could be any of https://c.example/blue/1.jpg, https://c.example/red/1.jpg"],
    )
    check_case(case, tmp_path)


FEED = "sku,title,images\nC,Cup,https://c.example/a.png|https://c.example/b.png\n"


def fetch_all() -> None:
    contents = {"https://c.example/a.png": RED, "https://c.example/b.png": BLUE, "https://c.example/new.png": TEAL}
    for download in PictureDownload.objects.filter(state="waiting").order_by("-id"):  # the last may be the first
        writes.run_download(download.pk, fetch=lambda url, **_: contents[url])


def names_of(product: Product) -> list[str]:
    return [image.source_url.rpartition("/")[2] for image in product.images.all()]


@pytest.mark.django_db
def test_pictures_by_url_come_in_the_order_of_the_feed_and_are_fetched_once(tmp_path: Path):
    check_case(Case(name="", files=[File(content=FEED)], products={"C": {}}), tmp_path)
    fetch_all()
    product = Product.objects.get()
    assert names_of(product) == ["a.png", "b.png"]

    check_case(Case(name="", files=[File(content=FEED)], products={"C": {}}), tmp_path)
    assert PictureDownload.objects.filter(state="waiting").count() == 0
    assert names_of(product) == ["a.png", "b.png"]


@pytest.mark.django_db
def test_a_stored_picture_leaves_when_the_one_that_takes_its_place_has_come(tmp_path: Path):
    check_case(Case(name="", files=[File(content=FEED)], products={"C": {}}), tmp_path)
    fetch_all()
    new = Case(name="", files=[File(content=FEED.replace("a.png", "new.png"))], products={"C": {}})
    check_case(new, tmp_path)
    assert names_of(Product.objects.get()) == ["b.png", "a.png"]
    fetch_all()
    assert names_of(Product.objects.get()) == ["new.png", "b.png", "a.png"]

    check_case(new, tmp_path)
    assert names_of(Product.objects.get()) == ["new.png", "b.png"]


@pytest.mark.django_db
def test_what_still_waits_is_withdrawn_when_a_later_file_names_it_no_more_or_its_picture_is_here(tmp_path: Path):
    wrong = Case(name="", files=[File(content=FEED.replace("a.png", "wrong.png"))], products={"C": {}})
    check_case(wrong, tmp_path)
    mended = Case(
        name="",
        files=[File(content=FEED)],
        pictures={"b.png": TEAL},
        products={"C": {"images": ["b.png"], "downloads": ["https://c.example/a.png"]}},
    )
    check_case(mended, tmp_path)
    fetch_all()
    assert names_of(Product.objects.get()) == ["a.png", "b.png"]

    emptied = [File(content=FEED.replace("a.png", "new.png")), File(content="sku,title,images\nC,Cup,\n")]
    check_case(Case(name="", files=emptied, products={"C": {"images": []}}), tmp_path)
    assert not PictureDownload.objects.filter(state="waiting").exists()


@pytest.mark.django_db
def test_two_urls_of_one_picture_are_both_known_the_next_time(tmp_path: Path):
    check_case(Case(name="", files=[File(content=FEED)], products={"C": {}}), tmp_path)
    for download in PictureDownload.objects.all():
        writes.run_download(download.pk, fetch=lambda url, **_: RED)
    assert ProductImage.objects.count() == 1

    check_case(Case(name="", files=[File(content=FEED)], products={"C": {}}), tmp_path)
    assert PictureDownload.objects.filter(state="waiting").count() == 0
