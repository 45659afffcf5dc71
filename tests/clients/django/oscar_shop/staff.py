"""What people do in the shop, called by name from the test's process: Oscar has settings of its own.

Each line that comes in is JSON, `["name of a function", {arguments}]`; each line that goes out is JSON, its answer.
"""

import io
import json
import os
import sys
import threading

from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, RequestFactory
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_model
from PIL import Image

from kindred_django import courier, events
from kindred_django.models import Mirrored, Outgoing, Turn

Product, ProductClass = get_model("catalogue", "Product"), get_model("catalogue", "ProductClass")
ProductImage, StockRecord = get_model("catalogue", "ProductImage"), get_model("partner", "StockRecord")
Partner, Attribute = get_model("partner", "Partner"), get_model("catalogue", "ProductAttribute")
courier.rest = lambda seconds: threading.Event().wait()  # the test says when Kindred is asked again


def open_shop():
    call_command("migrate", run_syncdb=True, verbosity=0)
    mugs = ProductClass.objects.create(name="Tableware", track_stock=True)
    Attribute.objects.create(product_class=mugs, name="Colour", code="colour", type=Attribute.TEXT)
    Partner.objects.create(name="The potter")


def add_product(*, upc, title, price=None, category=None, stock=5, parent=None, colour=None, structure="standalone"):
    """Add one as the dashboard does, in one transaction."""
    with transaction.atomic():
        product = Product(upc=upc, title=title, structure=structure, description=f"<p>{title}, made by hand</p>")
        product.parent = Product.objects.get(upc=parent) if parent else None
        product.product_class = None if parent else ProductClass.objects.get()
        if colour:
            product.attr.colour = colour
        product.save()
        if category:
            product.categories.add(create_from_breadcrumbs(category))
        if price:
            StockRecord.objects.create(
                product=product, partner=Partner.objects.get(), partner_sku=upc, price=price, num_in_stock=stock,
                price_currency="EUR",
            )  # fmt: skip


def add_picture(*, upc, colour):
    content = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(content, "PNG")
    picture = ProductImage(product=Product.objects.get(upc=upc))
    picture.original.save(f"{upc}.png", ContentFile(content.getvalue()))


def save_price(*, upc, price):
    record = StockRecord.objects.get(product__upc=upc)
    record.price = price
    record.save()


def update_price(*, upc, price):
    StockRecord.objects.filter(product__upc=upc).update(price=price)


def rename(*, upc, title):
    product = Product.objects.get(upc=upc)
    product.title = title
    product.save()


def delete(*, upc):
    Product.objects.get(upc=upc).delete()


def settle():
    """Wait until the thread has sent what was saved, or has found that it cannot."""
    courier.courier.finish(None)
    return {"queued": Outgoing.objects.count(), "mirrored": Mirrored.objects.count(), "failures": failures()}


def failures():
    turn = Turn.objects.first()
    return turn.failures if turn else 0


def sync(**options):
    out = io.StringIO()
    try:
        call_command("kindred_sync", stdout=out, **options)
    except CommandError as error:
        return {"code": error.returncode, "said": out.getvalue() + str(error)}
    return {"code": 0, "said": out.getvalue()}


def visit(*, upc):
    product = Product.objects.get(upc=upc)
    answer = Client().get(product.get_absolute_url())
    return {"status": answer.status_code, "page": answer.content.decode()}


def buy(*, upc, quantity):
    request = RequestFactory().get("/")
    request.COOKIES["agreed"] = "yes"
    return events.send_order(request=request, number="100001", lines=[(Product.objects.get(upc=upc), quantity)])


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever else is printed is no answer
    for line in sys.stdin:
        name, arguments = json.loads(line)
        answers.write(json.dumps(globals()[name](**arguments)) + "\n")
