"""What staff do about findings: each deed does what it says, is kept, and can be undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from catalog.doctor.deeds import DEEDS, Asked, DeedError, do_deed, undo_deed
from catalog.models import DistinctPair, DoctorDeed, DueExamination, Finding, PictureDownload, Product
from tests.factories import CategoryFactory, ProductFactory, ProductImageFactory, picture_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", is_staff=True)


def find(product: Product, check: str = "no_text", *, other: Product | None = None, about: str = "", **details: Any):
    return Finding.objects.create(check_name=check, product=product, other=other, about=about, details=details)


def test_a_deed_is_kept_told_in_the_history_and_takes_the_finding_off_the_list(ann):
    product = ProductFactory(description="")
    finding = find(product)
    kept = do_deed(DEEDS["write_text"], finding, Asked(ann, {"text": " A mug. "}))
    product.refresh_from_db()
    assert product.description == "A mug."
    assert (kept.deed, kept.before, kept.after, kept.done_by) == (
        "write_text",
        {"description": ""},
        {"description": "A mug."},
        ann,
    )
    assert not Finding.objects.exists()
    assert list(LogEntry.objects.values_list("object_id", "change_message")) == [
        (str(product.pk), "Save the description")
    ]
    assert list(DueExamination.objects.values_list("pk", flat=True)) == [product.pk]


def test_undone_it_is_as_before_and_not_undone_twice(ann):
    product = ProductFactory(description="")
    kept = do_deed(DEEDS["write_text"], find(product), Asked(ann, {"text": "A mug."}))
    assert undo_deed(kept, user=ann)
    assert Product.objects.get().description == ""
    Product.objects.update(description="A mug.")
    assert not undo_deed(kept, user=ann)
    assert Product.objects.get().description == "A mug."


def test_what_somebody_has_changed_since_is_not_undone(ann):
    product = ProductFactory(description="")
    kept = do_deed(DEEDS["write_text"], find(product), Asked(ann, {"text": "A mug."}))
    Product.objects.update(description="A better text.")
    assert undo_deed(kept, user=ann)
    assert Product.objects.get().description == "A better text."


def test_of_a_finding_that_is_gone_nothing_is_done(ann):
    product = ProductFactory(description="")
    finding = find(product)
    Finding.objects.all().delete()
    assert do_deed(DEEDS["write_text"], finding, Asked(ann, {"text": "A mug."})) is None
    assert Product.objects.get().description == ""
    assert not DoctorDeed.objects.exists()


@pytest.mark.parametrize(
    ("deed", "values"),
    [
        ("write_text", {"text": "  "}),
        ("write_text", {"text": "x" * 20_001}),
        ("set_price", {"price": "cheap"}),
        ("set_price", {"price": ""}),
        ("set_price", {"price": "-1"}),
        ("add_picture", {}),
        ("add_picture", {"url": "javascript:alert(1)"}),
        ("move_category", {}),
        ("join_groups", {}),
        ("hide", {"which": "999"}),
        ("remove_picture", {}),
    ],
)
def test_what_cannot_be_done_says_so_and_changes_nothing(ann, deed, values):
    finding = find(ProductFactory(description=""))
    before = Product.objects.values_list().get()
    with pytest.raises(DeedError):
        do_deed(DEEDS[deed], finding, Asked(ann, values))
    assert Product.objects.values_list().get() == before
    assert Finding.objects.exists()
    assert not DoctorDeed.objects.exists()


def test_a_price_is_set_as_people_write_it_and_put_back(ann):
    product = ProductFactory(price="1590.00")
    kept = do_deed(DEEDS["set_price"], find(product, "odd_price"), Asked(ann, {"price": "15,9"}))
    assert str(Product.objects.get().price) == "15.90"
    undo_deed(kept, user=ann)
    assert str(Product.objects.get().price) == "1590.00"


def test_a_product_moves_to_the_category_that_is_proposed_and_back(ann):
    here, there = CategoryFactory(), CategoryFactory()
    product = ProductFactory(category=here)
    finding = find(product, "odd_category", category_id=there.pk)
    kept = do_deed(DEEDS["move_category"], finding, Asked(ann))
    assert Product.objects.get().category == there
    undo_deed(kept, user=ann)
    assert Product.objects.get().category == here


def test_a_product_is_hidden_and_shown_again(ann):
    product = ProductFactory()
    kept = do_deed(DEEDS["hide"], find(product), Asked(ann))
    assert not Product.objects.get().is_active
    undo_deed(kept, user=ann)
    assert Product.objects.get().is_active


@pytest.mark.parametrize("which", [0, 1, None])
def test_of_two_the_one_is_hidden_that_is_named_or_else_the_newer_one(ann, which):
    two = ProductFactory.create_batch(2)
    values = {} if which is None else {"which": str(two[which].pk)}
    do_deed(DEEDS["hide"], find(two[0], "near_duplicate", other=two[1]), Asked(ann, values))
    hidden = two[1 if which is None else which]
    assert list(Product.objects.filter(is_active=False)) == [hidden]


def test_a_picture_is_taken_away_and_put_back_where_it_was(ann):
    product = ProductFactory()
    kept_image, bad = (ProductImageFactory(product=product, position=place) for place in (0, 1))
    finding = find(product, "tiny_picture", about=bad.sha256)
    kept = do_deed(DEEDS["remove_picture"], finding, Asked(ann))
    assert list(product.images.all()) == [kept_image]
    undo_deed(kept, user=ann)
    assert list(product.images.values_list("position", "sha256", "file")) == [
        (0, kept_image.sha256, kept_image.file.name),
        (1, bad.sha256, bad.file.name),
    ]


def test_a_better_picture_takes_the_place_of_the_bad_one_until_it_is_undone(ann):
    product = ProductFactory()
    bad, other = (ProductImageFactory(product=product, position=place) for place in (0, 1))
    finding = find(product, "tiny_picture", about=bad.sha256)
    kept = do_deed(DEEDS["add_picture"], finding, Asked(ann, {}, {"file": picture_file("red", size=(300, 300))}))
    assert list(product.images.values_list("position", "width")) == [(0, 300), (1, other.width)]
    undo_deed(kept, user=ann)
    assert list(product.images.values_list("position", "sha256")) == [(0, bad.sha256), (1, other.sha256)]


def test_the_same_picture_again_changes_nothing(ann):
    image = ProductImageFactory(colour="red")
    finding = find(image.product, "tiny_picture", about=image.sha256)
    with image.file.open("rb") as file:
        same = file.read()
    do_deed(DEEDS["add_picture"], finding, Asked(ann, {}, {"file": same}))
    assert list(image.product.images.all()) == [image]


def test_what_is_no_picture_is_refused_in_words(ann):
    finding = find(ProductFactory(), "no_picture")
    with pytest.raises(DeedError, match="not a JPEG"):
        do_deed(DEEDS["add_picture"], finding, Asked(ann, {}, {"file": b"hello, I am no picture"}))


def test_a_picture_by_address_is_fetched_by_a_worker(ann):
    finding = find(ProductFactory(), "no_picture")
    do_deed(DEEDS["add_picture"], finding, Asked(ann, {"url": "https://shop.example/mug.jpg"}))
    assert PictureDownload.objects.get().url == "https://shop.example/mug.jpg"


def test_a_variant_leaves_its_group_and_comes_back(ann):
    product = ProductFactory(variant_group="MUG")
    kept = do_deed(DEEDS["leave_group"], find(product, "mixed_variants", group="MUG"), Asked(ann))
    assert Product.objects.get().variant_group == ""
    undo_deed(kept, user=ann)
    assert Product.objects.get().variant_group == "MUG"


def test_two_groups_become_one_and_are_parted_again(ann):
    first, *others = (ProductFactory(variant_group=group) for group in ("MUG", "CUP", "CUP"))
    finding = find(first, "mixed_variants", group="MUG", other_group="CUP")
    kept = do_deed(DEEDS["join_groups"], finding, Asked(ann))
    assert set(Product.objects.values_list("variant_group", flat=True)) == {"MUG"}
    Product.objects.filter(pk=others[0].pk).update(variant_group="ELSE")
    undo_deed(kept, user=ann)
    assert list(Product.objects.order_by("pk").values_list("variant_group", flat=True)) == ["MUG", "ELSE", "CUP"]


def test_a_merge_keeps_the_older_one_and_its_pictures_with_those_that_it_lacks(ann):
    kept_product, gone = ProductFactory.create_batch(2)
    for product, colour, place in ((kept_product, "red", 3), (gone, "red", 0), (gone, "blue", 1)):
        ProductImageFactory(product=product, colour=colour, position=place)
    kept = do_deed(DEEDS["merge"], find(kept_product, "near_duplicate", other=gone), Asked(ann))
    assert list(Product.objects.filter(is_active=True)) == [kept_product]
    blue = gone.images.get(position=1).sha256
    assert list(kept_product.images.values_list("position", flat=True)) == [3, 4]
    assert kept_product.images.get(position=4).sha256 == blue
    assert set(LogEntry.objects.values_list("object_id", flat=True)) == {str(kept_product.pk), str(gone.pk)}
    undo_deed(kept, user=ann)
    assert Product.objects.filter(is_active=True).count() == 2
    assert (kept_product.images.count(), gone.images.count()) == (1, 2)


def test_a_merge_keeps_the_one_that_is_named(ann):
    older, newer = ProductFactory.create_batch(2)
    finding = find(older, "near_duplicate", other=newer)
    do_deed(DEEDS["merge"], finding, Asked(ann, {"keep": str(newer.pk)}))
    assert list(Product.objects.filter(is_active=True)) == [newer]


def test_two_that_are_not_the_same_are_remembered_until_that_is_undone(ann):
    first, second = ProductFactory.create_batch(2)
    kept = do_deed(DEEDS["not_same"], find(first, "near_duplicate", other=second), Asked(ann))
    pair = DistinctPair.objects.get()
    assert (pair.first, pair.second, pair.decided_by) == (first, second, ann)
    undo_deed(kept, user=ann)
    assert not DistinctPair.objects.exists()
