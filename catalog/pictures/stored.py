"""Pictures that earlier versions stored with their metadata, cleaned one by one."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.files.storage import default_storage

from catalog.models import ProductImage
from catalog.pictures.cleaning import clean_picture
from catalog.pictures.decoding import PictureError, read_anatomy
from catalog.pictures.sizes import WIDTHS, find_sized_path
from catalog.pictures.storage import write_picture


def clean_stored_pictures() -> Iterator[tuple[str, str]]:
    """Clean each file that may hold metadata. Yields its sha256, and why it could not be cleaned or an empty text.

    What is done is written down picture by picture; one that cannot be cleaned is tried again the next time.
    """
    last = 0
    while image := ProductImage.objects.filter(is_clean=False, pk__gt=last).order_by("pk").first():
        last = image.pk
        yield image.sha256, _clean(image)


def _clean(image: ProductImage) -> str:
    name = image.file.name or ""
    try:
        with default_storage.open(name, "rb") as file:
            content = file.read()
        cleaned = clean_picture(read_anatomy(content))
    except (OSError, PictureError) as error:
        return str(error)
    if cleaned != content:
        write_picture(name, cleaned)
    for width in WIDTHS:
        find_sized_path(image, width=width).unlink(missing_ok=True)
    ProductImage.objects.filter(file=name).update(is_clean=True)
    return ""
