"""A shop of django-oscar, in a process with settings of its own, connected to a real Kindred by the package."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from api.models import ApiKey
from behaviour.events.event import Event
from catalog.models import Product
from catalog.pictures import writes
from catalog.pictures.downloads import PictureDownload
from embeddings.services import refresh_pending
from tests.fakes import fake_encoders

pytest.importorskip("oscar", reason="django-oscar is not installed: pip install -r requirements-dev.txt")

HERE = Path(__file__).parent
CLIENT = HERE.parents[2] / "clients" / "django"
START = "import django; django.setup(); import staff; staff.main()"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        pass


class Kindred:
    """This project, served at one port, which can be shut and opened. No connection outlives its request."""

    def __init__(self) -> None:
        self.port = 0
        self.open()
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self.server = make_server("127.0.0.1", self.port, WSGIHandler(), handler_class=Quiet)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        self.server.serve_forever(poll_interval=0.05)
        connections.close_all()

    def shut(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Shop:
    """Does what `oscar_shop/staff.py` can do: `shop.save_price(upc="MUG-1", price="7.00")`."""

    def __init__(self, environment: dict[str, str], *, log: Path) -> None:
        self.log = log
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START], cwd=HERE / "oscar_shop", env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip

    def __getattr__(self, name: str):
        def do(**arguments):
            self.process.stdin.write(json.dumps([name, arguments]) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
            assert answer, self.log.read_text()[-6000:]
            return json.loads(answer)

        return do

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class Media(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def kindred(settings, transactional_db):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8"]
    settings.KINDRED_TEXT_ENCODER, settings.KINDRED_IMAGE_ENCODER = "fake:text", "fake:image"
    kindred = Kindred()
    with fake_encoders():
        yield kindred
    kindred.shut()


def environment_of(folder: Path) -> dict[str, str]:
    """Nothing of Kindred's own settings is in it."""
    return {name: value for name, value in os.environ.items() if name != "KINDRED_HOME"} | {
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": os.pathsep.join([str(CLIENT), str(HERE / "oscar_shop")]),
        "OSCAR_SHOP_FOLDER": str(folder),
    }


@pytest.fixture(scope="module")
def empty_shop(tmp_path_factory) -> Path:
    """The database of a shop without products."""
    folder = tmp_path_factory.mktemp("oscar")
    nowhere = dict.fromkeys(("KINDRED_URL", "KINDRED_KEY", "OSCAR_SHOP_URL"), "http://127.0.0.1:9")
    shop = Shop(environment_of(folder) | nowhere, log=folder / "oscar.log")
    shop.open_shop()
    shop.close()
    return folder / "oscar.sqlite3"


@pytest.fixture
def shop(kindred, empty_shop: Path, tmp_path: Path):
    shutil.copy(empty_shop, tmp_path)
    media = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Media, directory=tmp_path))
    threading.Thread(target=media.serve_forever, daemon=True).start()
    _, key = ApiKey.objects.issue("oscar", scope="secret")
    shop_url = f"http://127.0.0.1:{media.server_address[1]}"
    connected = {"OSCAR_SHOP_URL": shop_url, "KINDRED_URL": kindred.url, "KINDRED_KEY": key}
    shop = Shop(environment_of(tmp_path) | connected, log=tmp_path / "oscar.log")
    shop.address = shop_url
    yield shop
    shop.close()
    media.shutdown()
    media.server_close()


def stock_shelves(shop: Shop) -> None:
    """Mugs of one design in two colours, another mug, a bowl; one that is not for sale."""
    shop.add_product(upc="MUG", title="Stoneware mug", category="Kitchen > Mugs", structure="parent")
    for colour, price in (("red", "9.50"), ("blue", "11.00")):
        upc = f"MUG-{colour}"
        shop.add_product(upc=upc, title="", price=price, parent="MUG", colour=colour, structure="child")
    shop.add_product(upc="MUG-tall", title="Stoneware mug, tall", price="14.00", category="Kitchen > Mugs", stock=2)
    shop.add_product(upc="BOWL", title="Salad bowl of oak", price="39.00", category="Kitchen > Bowls/dishes")
    for upc, colour in (("MUG", "red"), ("MUG-tall", "orange"), ("BOWL", "green")):
        shop.add_picture(upc=upc, colour=colour)


def work() -> None:
    """What Kindred's workers do: fetch pictures and embed."""
    for download in PictureDownload.objects.filter(state="waiting"):
        writes.run_download(download.pk)
    refresh_pending()


def price_of(sku: str) -> str:
    return str(Product.objects.get(sku=sku).price)


def test_an_oscar_shop_shows_similar_products_and_all_that_changes_in_it_arrives(shop, kindred):
    stock_shelves(shop)
    assert shop.settle() == {"queued": 0, "mirrored": 4, "failures": 0}
    rows = Product.objects.order_by("sku").select_related("category")
    assert [
        (row.sku, row.title, row.category.path, str(row.price), row.currency, row.stock, row.variant_group[:5],
         row.attributes)
        for row in rows
    ] == [
        ("BOWL", "Salad bowl of oak", "Kitchen/Bowls-dishes", "39.00", "EUR", 5, "", {}),
        ("MUG-blue", "Stoneware mug", "Kitchen/Mugs", "11.00", "EUR", 5, "oscar", {"Colour": "blue"}),
        ("MUG-red", "Stoneware mug", "Kitchen/Mugs", "9.50", "EUR", 5, "oscar", {"Colour": "red"}),
        ("MUG-tall", "Stoneware mug, tall", "Kitchen/Mugs", "14.00", "EUR", 2, "", {}),
    ]  # fmt: skip
    assert rows[1].variant_group == rows[2].variant_group
    assert rows[0].url.startswith(f"{shop.address}/catalogue/salad-bowl-of-oak_")
    assert rows[0].description == "Salad bowl of oak, made by hand"

    work()
    assert {row.sku: row.images.count() for row in rows} == {"BOWL": 1, "MUG-blue": 1, "MUG-red": 1, "MUG-tall": 1}
    for upc in ("MUG", "MUG-red"):  # the page of a design, and that of one of its variants
        page = shop.visit(upc=upc)
        assert page["status"] == 200
        assert "<h2>Similar products</h2>" in page["page"]
        assert re.findall(r'data-sku="([^"]+)" data-position="(\d)"', page["page"]) == [
            ("MUG-tall", "1"),
            ("BOWL", "2"),
        ]
        [link] = re.findall(r'<a href="([^"]+)" data-sku="BOWL"', page["page"])
        assert link == rows[0].url

    shop.save_price(upc="MUG-tall", price="12.25")
    shop.settle()
    assert price_of("MUG-tall") == "12.25"
    shop.update_price(upc="MUG-tall", price="10.75")
    assert shop.settle()["queued"] == 0
    assert price_of("MUG-tall") == "12.25"  # QuerySet.update sends no signal
    assert shop.sync() == {"code": 0, "said": "4 looked at, 1 sent, 0 deleted, 0 refused.\n"}
    assert price_of("MUG-tall") == "10.75"

    shop.rename(upc="MUG", title="Stoneware cup")  # of the design: its variants are called so
    shop.settle()
    assert {row.title for row in rows.filter(variant_group__startswith="oscar")} == {"Stoneware cup"}
    assert shop.buy(upc="MUG-red", quantity=2)
    shop.settle()
    assert [(event.type, event.sku, event.quantity) for event in Event.objects.all()] == [("purchase", "MUG-red", 2)]
    shop.delete(upc="BOWL")
    shop.settle()
    assert not Product.objects.filter(sku="BOWL").exists()


def test_kindred_that_is_down_fails_no_save_and_no_page_and_all_arrives_afterwards(shop, kindred):
    stock_shelves(shop)
    shop.settle()
    work()
    kindred.shut()
    shop.save_price(upc="MUG-tall", price="1.00")
    assert shop.settle()["failures"] == 1
    shop.save_price(upc="MUG-red", price="2.00")
    shop.update_price(upc="MUG-blue", price="3.00")
    shop.add_product(upc="NEW", title="Stoneware jug", price="4.00", category="Kitchen > Jugs")
    shop.delete(upc="BOWL")
    page = shop.visit(upc="MUG-red")
    assert (page["status"], "Similar products" in page["page"]) == (200, False)
    said = shop.sync()
    assert (said["code"], "Nothing is lost" in said["said"]) == (2, True)
    assert shop.settle()["failures"] == 2
    assert {sku: price_of(sku) for sku in ("MUG-tall", "MUG-red", "MUG-blue")} == {
        "MUG-tall": "14.00", "MUG-red": "9.50", "MUG-blue": "11.00",
    }  # fmt: skip

    kindred.open()
    assert shop.sync()["code"] == 0
    assert {row.sku: str(row.price) for row in Product.objects.all()} == {
        "MUG-tall": "1.00", "MUG-red": "2.00", "MUG-blue": "3.00", "NEW": "4.00",
    }  # fmt: skip
    assert shop.settle() == {"queued": 0, "mirrored": 4, "failures": 0}
    assert "4 looked at: 0 to be sent, 0 to be deleted, 0 refused; 0 queued." in shop.sync(check=True)["said"]
