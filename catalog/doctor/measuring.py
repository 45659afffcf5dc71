"""Pictures of products measured as the doctor comes to them, each content once."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from django.core.files.storage import default_storage

from catalog.models import PictureMeasures, Product, ProductImage
from catalog.pictures.decoding import PictureError
from catalog.pictures.measuring import measure_picture

logger = logging.getLogger(__name__)
MISSING = "missing"  # stands for the problem that a file is not there: it is not kept, for the file may come back


def measure_some(products: Sequence[Product], *, until: float) -> int:
    """Measure the pictures of products, one after the other, while there is time; return of how many it is done.

    Of the first one always: whatever it has, the next call comes further.
    """
    hashes = {image.sha256 for product in products for image in product.images.all()}
    known = set(PictureMeasures.objects.filter(pk__in=hashes).values_list("pk", flat=True))
    for count, product in enumerate(products):
        if count and time.monotonic() >= until:
            return count
        for image in product.images.all():
            if image.sha256 and image.sha256 not in known:
                measure(image)
                known.add(image.sha256)
    return len(products)


def measure(image: ProductImage) -> None:
    """Note what a picture is like, unless its file cannot be read: of that nothing is kept."""
    measures = PictureMeasures(sha256=image.sha256)
    try:
        with image.file.open("rb") as file:
            found = measure_picture(file.read())
        measures.sharpness, measures.letters = found.sharpness, found.letters
    except PictureError as error:
        measures.problem = str(error)[:300]
    except OSError as error:
        logger.info("Picture %s cannot be read: %s", image.sha256[:12], error)
        return
    PictureMeasures.objects.bulk_create([measures], ignore_conflicts=True)


def find_problem(image: ProductImage, measures: PictureMeasures | None) -> str:
    """Return why a picture cannot be shown, MISSING where its file is not there; empty where it can."""
    if measures is not None and measures.problem:
        return measures.problem
    return "" if image.file.name and default_storage.exists(image.file.name) else MISSING
