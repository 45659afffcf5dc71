"""What two products share, and the parts that occlusion leaves out."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from catalog.models import Product
from recommendations.explanations import occlusion
from recommendations.explanations.pairs import find_shared


def test_shared_attributes_are_those_with_equal_values():
    anchor = Product(
        sku="1", brand="Nordlyn", collection="Fjord", attributes={"colour": "red", "sizes": ["S"], "x": ""}
    )
    other = Product(sku="2", brand="Nordlyn", collection="Onda", attributes={"colour": "red", "sizes": ["S"], "x": ""})
    assert find_shared(anchor, other) == {"brand": "Nordlyn", "colour": "red", "sizes": "S"}


def test_shared_attributes_have_the_units_and_words_of_product_pages():
    size = {"width": 11.9, "height": 9.4}
    attributes = {"dimensions_cm": size, "weight_g": 420, "dishwasher": True, "parts": {"lid": None}}
    alike = Product(sku="1", attributes=attributes), Product(sku="2", attributes=attributes)
    assert find_shared(*alike) == {
        "dimensions_cm": "width 11.9 cm, height 9.4 cm",
        "weight_g": "420 g",
        "dishwasher": "yes",
    }


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("mug", "A mug, not a mugwort. Mug", "A , not a mugwort."),
        ("马克", "白色马克杯", "白色 杯"),
        ("c++", "learn c++ now", "learn c++ now"),
    ],
)
def test_words_are_left_out_whole(word, text, expected):
    assert occlusion.leave_out(word, text) == expected


def test_boxes_cover_the_whole_picture():
    covered = np.zeros((50, 70), dtype=int)
    for left, top, right, bottom in occlusion.iterate_boxes(70, 50):
        covered[top:bottom, left:right] += 1
    assert covered.min() >= 1
    assert len(occlusion.iterate_boxes(70, 50)) == occlusion.CELLS**2


def test_the_heat_map_is_warm_where_the_heat_is():
    heat = np.zeros((occlusion.CELLS, occlusion.CELLS))
    heat[0, 0] = 1.0
    file = io.BytesIO()
    Image.new("RGB", (200, 100), "white").save(file, "PNG")
    drawn = Image.open(io.BytesIO(occlusion.draw_heat_map(heat, file.getvalue())))
    assert drawn.size == (320, 160)
    alpha = np.asarray(drawn)[..., 3]
    assert alpha[5, 10] > 150
    assert alpha[150, 310] == 0
