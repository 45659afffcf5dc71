"""What the doctor finds in products by themselves, and in their pictures."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFilter

from catalog.doctor import measuring
from catalog.doctor.checks import CHECKS
from catalog.models import Finding, PictureMeasures, ProductImage
from tests.factories import ProductFactory, ProductImageFactory, picture_file
from tests.unit.catalog.test_picture_measuring import as_file, draw_mug, write_on

pytestmark = pytest.mark.django_db


def give(sku: str, picture: Image.Image) -> ProductImage:
    file = SimpleUploadedFile("picture.png", as_file(picture))
    return ProductImageFactory(product=ProductFactory(sku=sku), file=file)


def test_a_product_without_picture_or_description_is_found(look, listed):
    ProductFactory(sku="BARE", description="  ")
    give("WELL", draw_mug())
    look()
    assert (listed("no_picture"), listed("no_text")) == (["BARE"], ["BARE"])


def test_pictures_are_told_apart_by_size_sharpness_and_text(look, listed):
    give("WELL", draw_mug())
    give("BLURRED", draw_mug().filter(ImageFilter.GaussianBlur(6)))
    lettered = give("LETTERED", write_on(draw_mug(), "FREE SHIPPING"))
    ProductImageFactory(product=ProductFactory(sku="TINY"), file=picture_file(size=(300, 199)))
    look()
    assert (listed("tiny_picture"), listed("blurred_picture")) == (["TINY"], ["BLURRED"])
    assert listed("text_on_picture") == ["LETTERED"]
    finding = Finding.objects.get(check_name="text_on_picture")
    assert (finding.about, finding.details["image_id"]) == (lettered.sha256, lettered.pk)
    said = CHECKS["tiny_picture"].describe(Finding.objects.get(check_name="tiny_picture").details)
    assert said == "300 × 199 pixels"


def test_a_picture_is_measured_once_however_many_products_have_it(look, monkeypatch):
    measured = []
    real = measuring.measure_picture
    monkeypatch.setattr(measuring, "measure_picture", lambda content: measured.append(1) or real(content))
    give("A", draw_mug())
    give("B", draw_mug())
    look()
    look()
    assert (len(measured), PictureMeasures.objects.count()) == (1, 1)


def test_a_file_that_is_gone_is_found_and_forgiven_when_it_is_back(look, listed):
    image = give("GONE", draw_mug())
    name = image.file.name
    with default_storage.open(name) as file:
        content = file.read()
    default_storage.delete(name)
    look()
    assert listed("broken_picture") == ["GONE"]
    assert CHECKS["broken_picture"].describe(Finding.objects.get(check_name="broken_picture").details) == (
        "Its file is not there."
    )
    default_storage.save(name, BytesIO(content))
    look()
    assert listed("broken_picture") == []
    assert PictureMeasures.objects.get(pk=image.sha256).sharpness > 0


def test_a_file_that_is_no_picture_any_more_is_found(look, listed):
    image = give("BROKEN", draw_mug())
    default_storage.delete(image.file.name)
    default_storage.save(image.file.name, BytesIO(b"\x89PNG\r\n\x1a\nnothing"))
    look()
    assert listed("broken_picture") == ["BROKEN"]
    said = CHECKS["broken_picture"].describe(Finding.objects.get(check_name="broken_picture").details)
    assert said.startswith("It cannot be decoded: ")
