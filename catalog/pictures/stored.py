"""Pictures that earlier versions stored with their metadata, cleaned one by one."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.files import read_file, write_file
from catalog.models import ProductImage
from catalog.pictures.cleaning import clean_picture
from catalog.pictures.decoding import PictureError, read_anatomy
from catalog.pictures.sizes import forget_sizes


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
        content = read_file(name)
        cleaned = clean_picture(read_anatomy(content))
    except (OSError, PictureError) as error:
        return str(error)
    if cleaned != content:
        write_file(name, cleaned)
    forget_sizes(image.sha256)
    ProductImage.objects.filter(file=name).update(is_clean=True)
    return ""
