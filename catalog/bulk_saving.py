"""Saving many products at once: as many statements for a hundred as for two. Which ones is decided in `writing`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from catalog.models import PictureDownload, Product, ProductImage
from catalog.pictures.checks import Picture

# Fields that products are told apart by before they are changed together: a group writes whatever one of its products
# changes. JSON that is read and written again may lose digits, and Postgres makes a document of these texts for search.
COSTLY = ("title", "brand", "description", "translations", "attributes")


@dataclass(frozen=True)
class Gallery:
    """The pictures that a product has and those that it is to have, in order."""

    product_id: int
    held: Sequence[ProductImage]
    wanted: Sequence[Picture]


def update_products(changed: Mapping[Product, Collection[str]]) -> None:
    """Write the named fields of products whose rows the caller has locked: a statement for each set of costly fields.

    A product's other fields in its statement are written as they were read, under the same lock.
    """
    groups: dict[frozenset[str], list[Product]] = defaultdict(list)
    for product, names in changed.items():
        groups[frozenset(names) & frozenset(COSTLY)].append(product)
    for products in groups.values():
        update_fields(products, sorted({name for product in products for name in changed[product]}))


def update_fields(products: Sequence[Product], names: Sequence[str]) -> None:
    """Write these fields of the products, and the moment, in one statement."""
    now = timezone.now()
    for product in products:
        product.updated_at = now
    columns, arrays, values = [], ["%s::bigint[]"], [[product.pk for product in products]]
    fields = {field.name: field for field in Product._meta.concrete_fields}
    for name in [*names, "updated_at"]:
        field = fields[name]
        columns.append(connection.ops.quote_name(field.column or name))
        # Without the length in brackets, to which Postgres would cut the text in silence.
        arrays.append(f"%s::{(field.db_type(connection) or '').split('(')[0]}[]")
        values.append(
            [field.get_db_prep_save(getattr(product, field.attname), connection=connection) for product in products]
        )
    assignments = ", ".join(f"{column} = given.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE catalog_product AS stored SET {assignments} "
            f"FROM unnest({', '.join(arrays)}) AS given(id, {', '.join(columns)}) WHERE stored.id = given.id",
            values,
        )


def arrange_pictures(galleries: Iterable[Gallery]) -> None:
    """Give products their pictures in order, and keep the rows of those that they have already."""
    gone: list[int] = []
    moved: list[ProductImage] = []
    new: list[ProductImage] = []
    for gallery in galleries:
        spare = {image.sha256: image for image in reversed(gallery.held)}
        kept = {picture.sha256: spare[picture.sha256] for picture in gallery.wanted if picture.sha256 in spare}
        gone += [image.pk for image in gallery.held if image is not kept.get(image.sha256)]
        for position, picture in enumerate(gallery.wanted):
            known = kept.get(picture.sha256)
            if known is None:
                new.append(make_image(gallery.product_id, picture, position=position))
            elif known.position != position:
                known.position = position
                moved.append(known)
    delete_images(gone)
    ProductImage.objects.bulk_update(moved, ["position"])
    ProductImage.objects.bulk_create(new)


def make_image(product_id: int, picture: Picture, *, position: int) -> ProductImage:
    return ProductImage(
        product_id=product_id,
        file=picture.name,
        position=position,
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
    )


def delete_images(image_ids: Sequence[int]) -> None:
    """Delete pictures. Django's own way would ask whoever hears of deletions about each."""
    if not image_ids:
        return
    PictureDownload.objects.filter(image__in=image_ids).update(image=None)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_productimage WHERE id = ANY(%s)", [list(image_ids)])
