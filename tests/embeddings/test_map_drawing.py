"""What browsers get of a map: points, groups in the reader's language, a picture."""

from __future__ import annotations

import io
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone, translation
from PIL import Image

from catalog.models import Category
from catalog.wordings.lexicon import forget_wordings
from catalog.wordings.wording import Wording
from embeddings.map import drawing
from embeddings.map.colourings import (
    COLOURINGS,
    Colouring,
    Label,
    begin_categories,
    choose_groups,
    register_colouring,
    word_group,
)
from embeddings.map.services import find_shown, keep_map
from embeddings.map.shades import LIGHT
from embeddings.models import CatalogueMap, MapPoint, PendingEmbedding
from tests.embeddings.map_shop import fill, places, unpack
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db
NAMED = Colouring(title="Name", begin=lambda: lambda ids: {}, unsaid="Nameless")


def make_shop() -> CatalogueMap:
    space = make_space()
    fill(space, count=4, category="Table/Mugs", brand="Nord")
    fill(space, count=2, start=4, category="Light", brand="Kumori")
    fill(space, count=1, start=6)
    keep_map(seconds=10)
    shown = find_shown(space)
    assert shown is not None
    return shown


def legend(shown: CatalogueMap, name: str) -> list[tuple[str, str, int]]:
    (groups,) = [one["groups"] for one in shown.groups if one["name"] == name]
    return [(group["key"], group["shade"], group["count"]) for group in groups]


def test_the_points_are_the_products_with_their_places_and_groups():
    shown = make_shop()
    got, stored = unpack(shown), places()
    assert got["ids"] == sorted(MapPoint.objects.values_list("product_id", flat=True))
    assert got["places"] == [stored[f"P{number:03}"] for number in range(7)]
    assert [one["name"] for one in shown.groups] == list(COLOURINGS) == ["category", "brand", "state", "clicks"]
    assert got["codes"] == [[0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 0, 1, 1, 2], [0] * 7, [5] * 7]
    assert legend(shown, "category") == [("Table", "1", 4), ("Light", "2", 2), ("", "none", 1)]
    assert legend(shown, "brand") == [("Nord", "1", 4), ("Kumori", "2", 2), ("", "none", 1)]


def test_the_state_says_what_waits_what_failed_and_what_is_hidden():
    space = make_space()
    products = fill(space, count=5)
    soon = timezone.now() + timedelta(hours=2)
    put(space, "hidden", (1.0, 0.0, 0.0), is_active=False)
    PendingEmbedding.objects.all().delete()
    keep_map(seconds=10)
    PendingEmbedding.objects.create(product=products[0])
    PendingEmbedding.objects.create(product=products[1], retry_at=soon, attempts=2)
    PendingEmbedding.objects.create(product=products[2], retry_at=None, attempts=2)
    CatalogueMap.objects.update(drawn_at=timezone.now() - timedelta(hours=2))
    keep_map(seconds=10)
    counts = [("current", "1", 2), ("waiting", "2", 1), ("again", "4", 1), ("parked", "6", 1), ("hidden", "none", 1)]
    shown = find_shown(space)
    assert legend(shown, "state") == counts
    assert unpack(shown)["codes"][2] == [1, 2, 3, 0, 0, 4]


def test_where_all_products_are_below_one_category_its_children_are_the_groups():
    assert begin_categories()([]) == {}
    space = make_space()
    fill(space, count=2, category="Home/Table/Mugs")
    (light,) = fill(space, count=1, start=2, category="Home/Light")
    (home,) = fill(space, count=1, start=3, category="Home")
    read = begin_categories()
    assert read([light.pk, home.pk]) == {light.pk: "Home/Light", home.pk: "Home"}
    assert Counter(read(range(light.pk + 1)).values()) == {"Home/Table": 2, "Home/Light": 1}
    Category.objects.get_or_create_path("Garden")
    assert begin_categories()([light.pk]) == {light.pk: "Home"}


def test_the_seven_most_frequent_names_have_a_shade_and_the_others_one_together():
    counts = Counter({"": 3, **{f"n{number}": 20 - number // 2 for number in range(9)}})
    groups, codes = choose_groups(counts, colouring=NAMED)
    assert [(group.key, group.shade) for group in groups] == [
        *((f"n{number}", str(number + 1)) for number in range(7)),
        ("other", "other"),
        ("", "none"),
    ]
    assert [group.count for group in groups][-2:] == [17 + 16, 3]
    assert (codes["n0"], codes["n6"], codes["n7"], codes["n8"], codes[""]) == (0, 6, 7, 7, 8)


def test_a_name_that_sounds_like_a_group_of_ours_stays_a_name():
    groups, _ = choose_groups(Counter({"other": 2}), colouring=NAMED)
    assert word_group("brand", {"key": groups[0].key, "shade": groups[0].shade}) == "other"


def test_groups_are_said_in_the_readers_words():
    register_colouring("test", Colouring(title="T", begin=NAMED.begin, labels={"": Label("Nothing", "none")}))
    try:
        assert word_group("test", {"key": "", "shade": "none"}) == "Nothing"
    finally:
        del COLOURINGS["test"]
    assert word_group("brand", {"key": "", "shade": "none"}) == "Without a brand"
    assert word_group("brand", {"key": "other", "shade": "other"}) == "Others"
    assert word_group("brand", {"key": "Nord", "shade": "1"}) == "Nord"
    Wording.objects.create(language="zh", kind="category", name="Light", text="灯具")
    forget_wordings()
    with translation.override("zh-hans"):
        assert word_group("category", {"key": "Home/Light", "shade": "1"}) == "Home/灯具"
        assert word_group("state", {"key": "current", "shade": "1"}) != "current"


def test_of_very_many_products_some_are_drawn_the_same_each_time(monkeypatch):
    monkeypatch.setattr(drawing, "MOST_POINTS", 20)
    space = make_space()
    fill(space, count=60)
    keep_map(seconds=10)
    shown = find_shown(space)
    assert shown.placed == 60
    assert 5 <= shown.drawn <= 20
    first = unpack(shown)["ids"]
    drawing.draw(shown)
    assert (unpack(shown)["ids"], shown.version) == (first, 1)


def test_the_picture_has_a_dot_of_its_shade_for_each_product():
    shown = make_shop()
    picture = Image.open(io.BytesIO(bytes(shown.picture)))
    assert (picture.size, picture.mode) == ((903, 903), "RGBA")
    assert picture.getpixel((0, 0))[3] == 0
    for sku, shade in {"P004": "2", "P006": "none"}.items():
        x, y = places()[sku]
        pixel = picture.getpixel((x * 899 // 65535 + 1, (65535 - y) * 899 // 65535 + 1))
        assert pixel == (*bytes.fromhex(LIGHT[shade][1:]), 255)
