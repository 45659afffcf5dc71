"""The deeds that mend one product: its picture, text, price, category, group, or whether it is shown at all."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.doctor.deeds import Asked, Deed, DeedError, Done, change_fields, put_back, register_deed, restore_fields
from catalog.models import Category, DoctorDeed, Finding, Product, ProductImage
from catalog.pictures.arranging import delete_held
from catalog.pictures.checks import PictureError
from catalog.pictures.left_file import find_kept, keep_files
from catalog.pictures.writes import add_picture, request_download
from catalog.refusals import BadValue, say_fault
from catalog.web_addresses import clean_url

MOST_CHARACTERS = 20_000  # of a description that is written here
KEPT_OF_IMAGE = ("file", "position", "sha256", "width", "height", "source_url", "is_clean")
MOST_VARIANTS = 200  # of a group that joins another one


def hide(finding: Finding, product: Product, asked: Asked) -> Done:
    """Take a product off the shop; of two, the one that is named, or else the newer one."""
    hidden = choose(finding, product, asked.values.get("which") or str(finding.other_id or product.pk))
    done = change_fields(hidden, is_active=False)
    return Done({**done.before, "id": hidden.pk}, done.after)


def choose(finding: Finding, product: Product, number: str) -> Product:
    """Return the product of a finding that has this id. Raises DeedError."""
    if number == str(product.pk):
        return product
    if number == str(finding.other_id):
        return Product.objects.get(pk=number)
    raise DeedError(gettext("That product is none of these two."))


def show_again(kept: DoctorDeed, product: Product, by: AbstractBaseUser) -> None:
    hidden = Product.objects.filter(pk=kept.before["id"]).first()
    if hidden is not None:
        put_back(hidden, before={"is_active": kept.before["is_active"]}, after=kept.after)


def remove_picture(finding: Finding, product: Product, asked: Asked) -> Done:
    """Take the picture of the finding away; its file stays a month, so that it can be put back."""
    images = list(product.images.filter(sha256=finding.about))
    if not images:
        raise DeedError(gettext("The picture is gone already."))
    before = {"images": [keep_image(image) for image in images]}
    keep_files()
    delete_held([image.pk for image in images])
    return Done(before, {})


def keep_image(image: ProductImage) -> dict[str, Any]:
    return {name: str(image.file) if name == "file" else getattr(image, name) for name in KEPT_OF_IMAGE}


def restore_pictures(kept: DoctorDeed, product: Product, by: AbstractBaseUser) -> None:
    """Put pictures back where they were, and take away what stands in their place."""
    delete_held(list(product.images.filter(pk=kept.after.get("image_id")).values_list("pk", flat=True)))
    held = set(product.images.values_list("sha256", flat=True))
    files = find_kept(row["file"] for row in kept.before["images"])
    there = [row for row in kept.before["images"] if row["sha256"] not in held and row["file"] in files]
    images = [ProductImage(product=product, **row) for row in there]
    ProductImage.objects.bulk_create(images)


def give_picture(finding: Finding, product: Product, asked: Asked) -> Done:
    """Add a picture that was uploaded, in the place of the one that the finding is about; or have one fetched."""
    old = product.images.filter(sha256=finding.about).first() if finding.about else None
    place = old.position if old else None
    url = asked.values.get("url", "").strip()
    if "file" in asked.files:
        try:
            image, is_new = add_picture(product, source=asked.files["file"], position=place)
        except PictureError as error:
            raise DeedError(say_fault(error)) from None
        keep_files()
        replaced = [old] if old is not None and old.pk != image.pk else []
        before = {"images": [keep_image(one) for one in replaced]}
        delete_held([one.pk for one in replaced])
        return Done(before, {"image_id": image.pk} if is_new else {})
    if not url:
        raise DeedError(gettext("Choose a file, or give the address of a picture."))
    try:
        request_download(product, url=clean_url(url), position=place)
    except BadValue as error:
        raise DeedError(gettext("The address %(fault)s.") % {"fault": error}) from None
    return Done({"images": []}, {})


def write_text(finding: Finding, product: Product, asked: Asked) -> Done:
    text = asked.values.get("text", "").strip()
    if not text or len(text) > MOST_CHARACTERS:
        raise DeedError(gettext("Write a description of 1 to %(most)d characters.") % {"most": MOST_CHARACTERS})
    return change_fields(product, description=text)


def set_price(finding: Finding, product: Product, asked: Asked) -> Done:
    try:
        price = Product._meta.get_field("price").clean(asked.values.get("price", "").strip().replace(",", "."), None)
    except ValidationError as error:
        raise DeedError(" ".join(error.messages)) from None
    if price is None:
        raise DeedError(gettext("Give a price, such as 12.50."))
    return change_fields(product, price=price)


def move_category(finding: Finding, product: Product, asked: Asked) -> Done:
    """Move the product to the category that the finding proposes."""
    category = Category.objects.filter(pk=finding.details.get("category_id")).first()
    if category is None:
        raise DeedError(gettext("The category that was proposed is gone."))
    return change_fields(product, category_id=category.pk)


def leave_group(finding: Finding, product: Product, asked: Asked) -> Done:
    return change_fields(product, variant_group="")


def join_groups(finding: Finding, product: Product, asked: Asked) -> Done:
    """Make the variants of the other group variants of this one's."""
    group, other = str(finding.details.get("group", "")), str(finding.details.get("other_group", ""))
    members = Product.objects.select_for_update(of=("self",)).filter(variant_group=other).order_by("pk")
    joining = list(members[: MOST_VARIANTS + 1]) if group and other else []
    if not joining or len(joining) > MOST_VARIANTS:
        raise DeedError(gettext("The other group is empty, or has more than %d variants.") % MOST_VARIANTS)
    for member in joining:
        change_fields(member, variant_group=group)
    ids = [member.pk for member in joining]
    return Done({"ids": ids, "variant_group": other}, {"variant_group": group}, touched=ids)


def part_groups(kept: DoctorDeed, product: Product, by: AbstractBaseUser) -> None:
    members = Product.objects.select_for_update(of=("self",)).filter(pk__in=kept.before["ids"]).order_by("pk")
    for member in members:
        put_back(member, before={"variant_group": kept.before["variant_group"]}, after=kept.after)


register_deed(Deed(name="hide", title=_("Hide from the shop"), do=hide, put_back=show_again))
register_deed(
    Deed(
        name="remove_picture",
        title=_("Take the picture away"),
        do=remove_picture,
        put_back=restore_pictures,
        permissions=("catalog.change_product", "catalog.delete_productimage"),
    )
)
register_deed(
    Deed(
        name="add_picture",
        title=_("Add a picture"),
        do=give_picture,
        put_back=restore_pictures,
        permissions=("catalog.change_product", "catalog.add_productimage"),
        form="admin/doctor/picture_fields.html",
    )
)
register_deed(
    Deed(
        name="write_text",
        title=_("Save the description"),
        do=write_text,
        put_back=restore_fields,
        form="admin/doctor/text_fields.html",
    )
)
register_deed(
    Deed(
        name="set_price",
        title=_("Save the price"),
        do=set_price,
        put_back=restore_fields,
        form="admin/doctor/price_fields.html",
    )
)
register_deed(Deed(name="move_category", title=_("Move to this category"), do=move_category, put_back=restore_fields))
register_deed(
    Deed(
        name="leave_group",
        title=_("Take out of its group"),
        do=leave_group,
        put_back=restore_fields,
        fits=lambda finding: "other_group" not in finding.details,
    )
)
register_deed(
    Deed(
        name="join_groups",
        title=_("Make them one group"),
        do=join_groups,
        put_back=part_groups,
        fits=lambda finding: "other_group" in finding.details,
    )
)
