"""What the doctor looks for in a product by itself: picture and text, and what its pictures are like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.doctor.checks import Check, Found, Slice, register_check
from catalog.doctor.measuring import MISSING, find_problem
from catalog.models import PictureMeasures, ProductImage
from catalog.pictures.measuring import BLURRED_BELOW, LETTERED_FROM

TINY_PX = 200  # of the shorter side: less fills no card on a phone of today
OF_PICTURE = ("remove_picture", "add_picture", "hide")


def find_unpictured(part: Slice) -> Iterator[Found]:
    for product in part.products:
        if not product.images.all():
            yield Found(product_id=product.pk, severity=1.0)


def find_untold(part: Slice) -> Iterator[Found]:
    """Yield products without a word of description, in the shop's own language or any other."""
    for product in part.products:
        if not product.description.strip():
            yield Found(product_id=product.pk, severity=0.8)


def find_tiny(part: Slice) -> Iterator[Found]:
    for image in _pictures(part):
        side = min(image.width, image.height)
        if side < TINY_PX:
            details = {**_name(image), "width": image.width, "height": image.height}
            yield Found(
                product_id=image.product_id, about=image.sha256, severity=round(1 - side / TINY_PX, 3), details=details
            )


def find_blurred(part: Slice) -> Iterator[Found]:
    """Yield pictures that are large enough and show nothing sharp."""
    measured = _measures(part)
    for image in _pictures(part):
        found = measured.get(image.sha256)
        if found is None or found.sharpness is None or min(image.width, image.height) < TINY_PX:
            continue
        if found.sharpness < BLURRED_BELOW:
            severity = round(1 - found.sharpness / BLURRED_BELOW, 3)
            details = {**_name(image), "sharpness": found.sharpness}
            yield Found(product_id=image.product_id, about=image.sha256, severity=severity, details=details)


def find_broken(part: Slice) -> Iterator[Found]:
    measured = _measures(part)
    for image in _pictures(part):
        if problem := find_problem(image, measured.get(image.sha256)):
            details = {**_name(image), "problem": problem}
            yield Found(product_id=image.product_id, about=image.sha256, severity=1.0, details=details)


def find_lettered(part: Slice) -> Iterator[Found]:
    measured = _measures(part)
    for image in _pictures(part):
        found = measured.get(image.sha256)
        if found is not None and found.letters is not None and found.letters >= LETTERED_FROM:
            severity = round(min(found.letters / 30, 1.0), 3)
            details = {**_name(image), "letters": found.letters}
            yield Found(product_id=image.product_id, about=image.sha256, severity=severity, details=details)


def _pictures(part: Slice) -> Iterator[ProductImage]:
    """Yield the pictures of the products, each content once for a product."""
    for product in part.products:
        yield from {image.sha256: image for image in reversed(product.images.all())}.values()


def _measures(part: Slice) -> Mapping[str, PictureMeasures]:
    def read() -> Mapping[str, PictureMeasures]:
        return PictureMeasures.objects.in_bulk([image.sha256 for image in _pictures(part)])

    found: Mapping[str, PictureMeasures] = part.recall("measures", read)
    return found


def _name(image: ProductImage) -> dict[str, Any]:
    return {"image_id": image.pk, "sha256": image.sha256}


def describe_size(details: Mapping[str, Any]) -> str:
    return gettext("%(width)d × %(height)d pixels") % {"width": details["width"], "height": details["height"]}


def describe_problem(details: Mapping[str, Any]) -> str:
    if details["problem"] == MISSING:
        return gettext("Its file is not there.")
    return gettext("It cannot be decoded: %s") % str(details["problem"])


register_check(
    Check(
        name="no_picture",
        title=_("No picture"),
        advice=_("Cards are empty, and similar products are found by the text alone. Add a picture here."),
        describe=lambda _details: gettext("There is no picture of it."),
        deeds=("add_picture", "hide"),
        examine=find_unpictured,
    )
)
register_check(
    Check(
        name="no_text",
        title=_("No description"),
        advice=_("Searches find it by its title alone, and so do similar products. A sentence or two is enough."),
        describe=lambda _details: gettext("It has a title, and nothing else is said of it."),
        deeds=("write_text", "hide"),
        examine=find_untold,
    )
)
register_check(
    Check(
        name="broken_picture",
        title=_("Broken pictures"),
        advice=_("Shoppers see a hole. Take the picture away, and add it again."),
        describe=describe_problem,
        deeds=OF_PICTURE,
        examine=find_broken,
    )
)
register_check(
    Check(
        name="tiny_picture",
        title=_("Tiny pictures"),
        advice=_("Shorter than 200 pixels on one side: they are enlarged on every screen. Add a larger one."),
        describe=describe_size,
        deeds=OF_PICTURE,
        examine=find_tiny,
    )
)
register_check(
    Check(
        name="blurred_picture",
        title=_("Blurred pictures"),
        advice=_("Nothing in them is sharp: out of focus, or enlarged from a small one. Add a better one."),
        describe=lambda details: (
            gettext("Sharpness %(found).2f; from %(least).2f on a picture is sharp")
            % {"found": details["sharpness"], "least": BLURRED_BELOW}
        ),
        deeds=OF_PICTURE,
        examine=find_blurred,
    )
)
register_check(
    Check(
        name="text_on_picture",
        title=_("Text on pictures"),
        advice=_("Offers and slogans make pictures alike that are not, and marketplaces refuse them."),
        describe=lambda details: gettext("A row of about %d letters") % details["letters"],
        deeds=OF_PICTURE,
        examine=find_lettered,
    )
)
