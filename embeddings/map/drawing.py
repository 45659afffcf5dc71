"""What browsers get of a map: its points with the groups that colour them, and a picture for those without scripts."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.utils import timezone
from PIL import Image

from embeddings.map.colourings import COLOURINGS, Colouring, Group, choose_groups
from embeddings.map.frame import SIDE
from embeddings.map.neighbours import Ids
from embeddings.map.shades import SHADES_IN_PICTURES
from embeddings.map.tables import CatalogueMap

MOST_POINTS = 250_000  # that a browser draws in one frame of 60 a second or two; 3 MB
READ_AT_ONCE = 5_000  # products of which the groups are asked for
SEED = 7
PICTURE_SIDE, DOT = 900, 3  # pixels
# A chance of 1 in `every`, always the same for a product.
POINTS = """
SELECT product_id, x, y FROM embeddings_mappoint
WHERE map_id = %s AND (hashint8(product_id) & 1073741823) < %s ORDER BY product_id LIMIT %s
"""
ALL = 1 << 30


def draw(made: CatalogueMap) -> None:
    """Write down points, groups and picture of a map as its products are now; a new version where anything differs."""
    ids, places = read_points(made)
    order = np.random.default_rng(SEED).permutation(len(ids))  # no group lies on top of all others
    ids, places = ids[order], places[order]
    colours: list[npt.NDArray[np.uint8]] = []
    groups: list[dict[str, Any]] = []
    for name, colouring in COLOURINGS.items():
        legend, codes = read_codes(ids.tolist(), colouring=colouring)
        colours.append(codes)
        groups.append({"name": name, "groups": [asdict(group) for group in legend]})
    points = pack(ids, places, colours)
    if points == bytes(made.points) and groups == made.groups:
        made.drawn_at = timezone.now()
        made.save(update_fields=["drawn_at"])
        return
    made.points, made.groups, made.drawn = points, groups, len(ids)
    made.picture = paint(places, colours[0], [group["shade"] for group in groups[0]["groups"]])
    made.version, made.drawn_at = made.version + 1, timezone.now()
    made.save(update_fields=["points", "groups", "drawn", "picture", "version", "drawn_at"])


def read_points(made: CatalogueMap) -> tuple[Ids, Ids]:
    """Return product ids (n,) and places (n, 2) of up to MOST_POINTS products, by chance where there are more."""
    count = made.places.count()
    share = ALL if count <= MOST_POINTS else int(ALL * MOST_POINTS / count)
    with connection.cursor() as cursor:
        cursor.execute(POINTS, [made.pk, share, MOST_POINTS])
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
    return rows[:, 0], rows[:, 1:]


def read_codes(product_ids: Sequence[int], *, colouring: Colouring) -> tuple[list[Group], npt.NDArray[np.uint8]]:
    """Return the legend of a colouring, and the place in it of each product's group."""
    read = colouring.begin()
    keys: list[str] = []
    for start in range(0, len(product_ids), READ_AT_ONCE):
        part = product_ids[start : start + READ_AT_ONCE]
        found = read(part)
        keys += [found.get(pk, "") for pk in part]
    groups, codes = choose_groups(Counter(keys), colouring=colouring)
    return groups, np.array([codes[key] for key in keys], dtype=np.uint8)


def pack(ids: Ids, places: Ids, colours: Sequence[npt.NDArray[np.uint8]]) -> bytes:
    """Return what the page's script reads, compressed by gzip; all numbers have their low byte first.

    How many products n and colourings k there are, 4 bytes each; n ids as float64, for JavaScript has no other whole
    numbers of that size; n x and n y of 2 bytes; and for each colouring n bytes, places in its legend.
    """
    head = np.array([len(ids), len(colours)], dtype="<u4")
    parts = [head, ids.astype("<f8"), places[:, 0].astype("<u2"), places[:, 1].astype("<u2"), *colours]
    return gzip.compress(b"".join(part.tobytes() for part in parts), compresslevel=6, mtime=0)


def paint(places: Ids, codes: npt.NDArray[np.uint8], shades: Sequence[str]) -> bytes:
    """Return a PNG without a ground: a dot for each product, in the shade of its group."""
    pixels = np.zeros((PICTURE_SIDE + DOT, PICTURE_SIDE + DOT, 4), dtype=np.uint8)
    colours = np.array([SHADES_IN_PICTURES[shade] for shade in shades] or [(0, 0, 0)], dtype=np.uint8)
    across = places[:, 0] * (PICTURE_SIDE - 1) // SIDE
    down = (SIDE - places[:, 1]) * (PICTURE_SIDE - 1) // SIDE
    for right in range(DOT):
        for below in range(DOT):
            pixels[down + below, across + right, :3] = colours[codes]
            pixels[down + below, across + right, 3] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
