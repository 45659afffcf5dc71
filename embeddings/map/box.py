"""A part of the map, and the products in it."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Value

from api.counts import estimate_rows
from catalog.models import ProductQuerySet
from embeddings.map.frame import SIDE
from embeddings.map.services import find_shown
from embeddings.map.tables import MapPoint
from embeddings.models import EmbeddingSpace

MANY = (
    5_000  # products: from there on a page of the list is found sooner by the list's order than by the index of places
)
WRITTEN = re.compile(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})", re.ASCII)


class Box(NamedTuple):
    """Whole numbers from 0 to SIDE; what lies on its edges is in it."""

    left: int
    bottom: int
    right: int
    top: int


def read_box(written: str) -> Box | None:
    """Return the box that `left,bottom,right,top` means, corners in any order; None where it means none."""
    found = WRITTEN.fullmatch(written)
    if found is None:
        return None
    numbers = [min(int(number), SIDE) for number in found.groups()]
    across, up = sorted(numbers[::2]), sorted(numbers[1::2])
    return Box(across[0], up[0], across[1], up[1])


def narrow(products: ProductQuerySet, box: Box) -> ProductQuerySet:
    """Keep the products that lie in a box of the map that staff see now; none where there is no map."""
    live = EmbeddingSpace.objects.live()
    shown = find_shown(live) if live else None
    if shown is None:
        return products.none()
    points = MapPoint.objects.filter(map=shown)
    in_ranges = points.filter(x__range=(box.left, box.right), y__range=(box.bottom, box.top))
    is_wide = estimate_rows(in_ranges) > MANY
    places = in_ranges if is_wide else points.filter(_lies_in(box))
    return products.filter(Exists(places.filter(product=OuterRef("pk"))))


def _lies_in(box: Box) -> Func:
    """Return the condition as the index of places has it. How many that are, Postgres cannot tell, unlike of ranges."""
    place = Func(F("x"), F("y"), function="point")
    corners = f"({box.left},{box.bottom}),({box.right},{box.top})"
    bounds = Func(Value(corners), template="CAST(%(expressions)s AS box)")
    return Func(place, bounds, template="%(expressions)s", arg_joiner=" <@ ", output_field=BooleanField())
