"""What a worker writes down on a product beside its vectors: its colours, and the words that only Python can make.

`Product.noted` is the fingerprint it was noted for: what it no longer is, or never was, the sweep finds.
"""

from __future__ import annotations

import io
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from PIL import Image

from api.postgres.rows import fetch_rows
from catalog.attributes import read_object, read_wordings
from catalog.colours import COLOUR_ATTRIBUTES, read_colours
from catalog.pictures.colour_naming import share_colours
from catalog.search_words import make_search_words
from embeddings.inputs import ProductInputs
from embeddings.modalities.declaration import FileInput
from embeddings.models import PictureColours

logger = logging.getLogger(__name__)
MAIN_SHARE = 0.25  # from which a colour of its pictures is one of a product that says nothing of its colour itself
TEXTS = """
SELECT p.id, p.title, p.description, p.translations::text AS translations, p.attributes::text AS attributes,
       coalesce(c.path, '') AS category
FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id WHERE p.id = ANY(%(ids)s)
"""
# Nothing that the triggers of the queue look at, so noting never queues; nor is it a change that staff made.
NOTE = """
UPDATE catalog_product p SET picture_colours = n.shares, colours = ARRAY(SELECT jsonb_array_elements_text(n.colours)),
    search_words = n.words, noted = n.fingerprint
FROM jsonb_to_recordset(%(notes)s::jsonb) AS n(id bigint, shares jsonb, colours jsonb, words text, fingerprint text)
WHERE p.id = n.id AND (p.noted, p.search_words, p.picture_colours) IS DISTINCT FROM (n.fingerprint, n.words, n.shares)
"""


def note_products(products: Sequence[ProductInputs]) -> None:
    """Write down what is not noted yet of these products as they are. A picture that cannot be read has no colours."""
    if not products:
        return
    shares = find_colours([picture for product in products for picture in product.pictures])
    texts = {row["id"]: row for row in fetch_rows(TEXTS, {"ids": [product.product_id for product in products]})}
    notes = [
        make_note(product, texts[product.product_id], shares) for product in products if product.product_id in texts
    ]
    with connection.cursor() as cursor:
        cursor.execute(NOTE, {"notes": json.dumps(notes)})


def make_note(
    product: ProductInputs, texts: Mapping[str, Any], shares: Mapping[str, dict[str, float]]
) -> dict[str, Any]:
    pictured = mean_shares(shares.get(picture.sha256, {}) for picture in product.pictures)
    wordings = read_wordings(json.loads(texts["translations"]))
    titles = [texts["title"], *(wording.get("title", "") for wording in wordings.values())]
    described = [texts["description"], *(wording.get("description", "") for wording in wordings.values())]
    return {
        "id": product.product_id,
        "shares": pictured,
        "colours": choose_colours(json.loads(texts["attributes"]), titles, pictured),
        "words": make_search_words([*titles, *described], category=texts["category"]),
        "fingerprint": product.fingerprint,
    }


def choose_colours(attributes: Any, titles: Sequence[str], pictured: Mapping[str, float]) -> list[str]:
    """Return the basic colours of a product: as its own attribute says, else its titles, else its pictures."""
    values = [value for name, value in read_object(attributes).items() if name.lower() in COLOUR_ATTRIBUTES]
    said = [
        text for value in values for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    ]
    declared = [colour for text in said for colour in read_colours(text)]
    named = declared or [colour for title in titles for colour in read_colours(title, in_title=True)]
    return list(dict.fromkeys(named or [colour for colour, share in pictured.items() if share >= MAIN_SHARE]))


def mean_shares(of_pictures: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of several pictures' shares, the largest first."""
    known = [shares for shares in of_pictures if shares]
    sums: dict[str, float] = defaultdict(float)
    for shares in known:
        for colour, share in shares.items():
            sums[colour] += share / len(known)
    return {colour: round(share, 3) for colour, share in sorted(sums.items(), key=lambda item: -item[1])}


def find_colours(pictures: Sequence[FileInput]) -> dict[str, dict[str, float]]:
    """Return the shares of colours by a picture's sha256: as they were found before, or found now and kept."""
    wanted = {picture.sha256: picture for picture in pictures}
    found = dict(PictureColours.objects.filter(pk__in=wanted).values_list("sha256", "shares"))
    new = {sha256: look_at(picture) for sha256, picture in wanted.items() if sha256 not in found}
    read = [PictureColours(sha256=sha256, shares=shares) for sha256, shares in new.items() if shares is not None]
    PictureColours.objects.bulk_create(read, ignore_conflicts=True)
    return found | {sha256: shares or {} for sha256, shares in new.items()}


def look_at(picture: FileInput) -> dict[str, float] | None:
    """Return the colours of a picture, None where it cannot be read: its encoder says why."""
    try:
        with Image.open(io.BytesIO(picture.load())) as image:
            image.draft("RGB", (192, 192))  # a JPEG is decoded at a fraction of its size
            return share_colours(image)
    except Exception as error:  # whatever Pillow or a storage may raise must not hold up the vectors
        logger.info("No colours of picture %s: %s", picture.sha256, error)
        return None
