"""A picture that many designs share says "no picture": it counts as missing, and both ways that is kept true."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from catalog.models import Category, Product, ProductImage
from embeddings import services
from embeddings.composition import DEFAULT_COMPOSITION, parse_composition
from embeddings.encoding import load_encoders
from embeddings.freshness.placeholders import settle_all_placeholders, settle_placeholders
from embeddings.freshness.product_state import describe_product
from embeddings.freshness.staleness import find_stale
from embeddings.inputs import load_inputs
from embeddings.models import PendingEmbedding, PlaceholderPicture, ProductEmbedding
from embeddings.placeholders import COUNT_DESIGNS, PLACEHOLDER_DESIGNS
from embeddings.spaces.building import fit_first_space
from embeddings.spaces.lifecycle import ensure_live_space
from embeddings.spaces.sampling import read_sample
from tests.embeddings.shop import add_picture, embedded_modalities, make_product, pending_skus

pytestmark = pytest.mark.django_db

WARES = ["Kettle", "Rug", "Trowel", "Atlas", "Pillow", "Lantern", "Bicycle", "Soap"]
GREY = "#cccccc"  # the colour of the placeholder


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def make_wares(count: int, **fields: object) -> list[Product]:
    return [make_product(ware.upper(), title=ware, colours=[GREY], **fields) for ware in WARES[:count]]


def refresh() -> None:
    services.refresh_pending()


def placeholders() -> list[str]:
    return list(PlaceholderPicture.objects.values_list("sha256", flat=True))


def test_a_picture_that_five_designs_share_counts_as_missing():
    assert PLACEHOLDER_DESIGNS == 5
    make_wares(5)
    refresh()
    assert placeholders() == [ProductImage.objects.first().sha256]
    assert [embedded_modalities(product) for product in Product.objects.all()] == [["fused", "text"]] * 5
    assert pending_skus() == []


def test_staff_read_on_the_product_that_its_picture_counts_as_missing():
    product, *_ = make_wares(5)
    refresh()
    assert describe_product(product).endswith(
        ". A picture that products of many other designs have, too, counts as missing."
    )


def test_a_picture_that_four_designs_share_is_theirs():
    make_wares(4)
    refresh()
    assert placeholders() == []
    assert [embedded_modalities(product) for product in Product.objects.all()] == [["fused", "image", "text"]] * 4


def test_a_picture_of_its_own_speaks_for_a_product_beside_the_placeholder():
    wares = make_wares(5)
    add_picture(wares[0], "red", position=1)
    plain = make_product("PLAIN", title="Plain", colours=["red"])
    refresh()
    vectors = dict(
        ProductEmbedding.objects.filter(modality="image", product__in=[wares[0], plain]).values_list(
            "product__sku", "vector"
        )
    )
    np.testing.assert_array_equal(vectors["KETTLE"], vectors["PLAIN"])


@pytest.mark.parametrize(
    ("fields", "titles"),
    [
        ({"variant_group": "SHIRT"}, WARES),  # colours of one design, whatever they are called
        ({"category": "Shirts"}, [f"Linen shirt, size {size}" for size in range(36, 44)]),  # and no group was given
    ],
    ids=["variant group", "titles that begin alike"],
)
def test_variants_may_share_a_picture_however_many_they_are(fields, titles):
    for number, title in enumerate(titles):
        make_product(f"V{number}", title=title, colours=[GREY], **fields)
    refresh()
    assert placeholders() == []
    assert ProductEmbedding.objects.filter(modality="image").count() == len(titles)


def test_one_brand_in_every_title_hides_no_placeholder():
    for number in range(5):
        make_product(f"B{number}", title=f"Nordlyn & Sons {number}", colours=[GREY], category=f"Aisle {number}")
    refresh()
    assert len(placeholders()) == 1


def test_the_fifth_design_takes_the_picture_from_those_that_had_it():
    wares = make_wares(4)
    refresh()
    make_product("ATLAS-2", title="Pillow", colours=[GREY])
    refresh()
    assert embedded_modalities(wares[0]) == ["fused", "text"]
    assert list(find_stale(ensure_live_space())) == []


@pytest.mark.parametrize("way", ["picture deleted", "product deleted", "made variants", "picture replaced"])
def test_a_picture_that_ceases_to_be_a_placeholder_counts_again(way):
    wares = make_wares(5)
    refresh()
    if way == "picture deleted":
        wares[0].images.get().delete()
    elif way == "product deleted":
        wares[0].delete()
        services.refresh_stale()  # as beat does: nothing was saved that would have told
    elif way == "picture replaced":
        wares[0].images.get().delete()
        add_picture(wares[0], "red")
    else:
        for product in wares[:2]:
            product.variant_group = "PAIR"
            product.save()
    refresh()
    assert placeholders() == []
    assert embedded_modalities(wares[4]) == ["fused", "image", "text"]
    assert list(find_stale(ensure_live_space())) == []
    assert pending_skus() == []


def test_pictures_that_came_past_the_signals_are_counted_when_they_are_found():
    make_wares(1)
    refresh()
    file = ProductImage.objects.get()
    others = [Product.objects.create(sku=ware.upper(), title=ware) for ware in WARES[1:5]]
    refresh()
    ProductImage.objects.bulk_create(
        ProductImage(product=product, file=file.file.name, sha256=file.sha256, width=64, height=64)
        for product in others
    )
    services.refresh_stale()
    refresh()
    assert placeholders() == [file.sha256]
    assert ProductEmbedding.objects.filter(modality="image").count() == 0
    assert list(find_stale(ensure_live_space())) == []


def test_a_product_that_somebody_encodes_meanwhile_is_queued_again():
    wares = make_wares(4)
    refresh()
    PendingEmbedding.objects.put_many([wares[0].pk])
    (lease,) = PendingEmbedding.objects.lease(limit=1)
    fifth = make_product("PILLOW", title="Pillow", colours=[GREY])
    settle_placeholders([fifth.pk])
    PendingEmbedding.objects.complete([lease])  # whoever had it is done, with the picture
    assert pending_skus() == ["ATLAS", "KETTLE", "PILLOW", "RUG", "TROWEL"]


def test_what_is_looked_at_does_not_grow_with_those_who_share(django_assert_num_queries):
    wares = make_wares(8)
    with django_assert_num_queries(3):
        settle_placeholders([])  # nothing is known yet: two questions, and which pictures these products have
    settle_placeholders([wares[0].pk])
    with django_assert_num_queries(3):
        settle_placeholders([product.pk for product in wares])


def test_designs_are_counted_no_further_than_matters():
    """Of the picture of 3,000 products, the plan reads a handful of rows of the index on its hash."""
    image = make_product("FIRST", title="First", colours=[GREY]).images.get()
    category = Category.objects.create(name="Many")
    Product.objects.bulk_create(
        Product(sku=f"M{number}", title=f"{number} of many", category=category) for number in range(3000)
    )
    ProductImage.objects.bulk_create(
        ProductImage(product_id=pk, file=image.file.name, sha256=image.sha256, width=64, height=64)
        for pk in Product.objects.filter(category=category).values_list("pk", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product, catalog_productimage")
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT sha256 FROM unnest(%s::text[]) AS candidate(sha256) "
            f"WHERE ({COUNT_DESIGNS}) >= 5",
            [[image.sha256]],
        )
        (plan,) = cursor.fetchone()[0]
    assert max(rows_read(plan["Plan"])) < 100


def rows_read(node: dict) -> list[float]:
    own = node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
    return [own, *(rows for child in node.get("Plans", []) for rows in rows_read(child))]


def test_a_fit_leaves_placeholders_out_and_looks_at_every_picture():
    wares = make_wares(5)
    Product.objects.update(variant_group="ALL")
    refresh()
    assert placeholders() == []
    Product.objects.update(variant_group="")  # past the signals, and no fingerprint knows of it
    space = ensure_live_space()
    sample = read_sample(space, [product.pk for product in wares], encoders=load_encoders(space))
    assert not sample.raw["image"][0].any()
    assert len(placeholders()) == 1


@pytest.mark.parametrize("have_pictures", [True, False], ids=["others have pictures", "nobody has"])
def test_a_space_that_was_fitted_with_placeholders_about_ranks_by_text_once_they_are_gone(have_pictures, monkeypatch):
    monkeypatch.setattr("embeddings.spaces.building.MIN_FIT_PRODUCTS", 20)
    monkeypatch.setattr("embeddings.spaces.lifecycle.MIN_FIT_PRODUCTS", 20)
    for number in range(24):
        colours = [f"#{number * 9:02x}{255 - number * 9:02x}40"] if have_pictures else []
        make_product(f"N{number}", title=f"Kind {number % 6} number {number}", colours=colours)
    for ware in [*WARES, "Garden hose"]:
        make_product(ware, title=ware, colours=[GREY])
    make_product("REEL", title="Garden hose reel")
    refresh()
    space = fit_first_space()
    before = nearest_of("Garden hose", space)
    ProductImage.objects.filter(product__sku__in=[*WARES, "Garden hose"]).delete()
    refresh()
    services.refresh_stale()
    refresh()
    assert before[0] == "REEL"
    assert nearest_of("Garden hose", space) == before


def nearest_of(sku: str, space) -> list[str]:
    rows = dict(ProductEmbedding.objects.filter(space=space, modality="fused").values_list("product__sku", "vector"))
    anchor = np.float32(rows.pop(sku))
    return sorted(rows, key=lambda other: -float(np.float32(rows[other]) @ anchor))[:5]


def test_what_is_encoded_of_a_product_has_no_placeholder_in_it():
    wares = make_wares(5)
    parts = parse_composition(DEFAULT_COMPOSITION)
    assert [len(product.pictures) for product in load_inputs([wares[0].pk], parts=parts)] == [1]
    settle_all_placeholders()
    assert [len(product.pictures) for product in load_inputs([wares[0].pk], parts=parts)] == [0]
