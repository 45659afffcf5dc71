"""Two listings of one product: merged to one, or remembered as two.

Of two that are merged one stays. The other is taken off the shop, and what refers to it goes over to the one that
stays: pictures and decisions about pairs here, and in other apps whatever they register a mover for. What is counted
of a product (events, votes on its lists) stays with the one that it was counted of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Max, Model, Q
from django.utils.translation import gettext_lazy as _

from catalog.doctor.deeds import Asked, Deed, Done, change_fields, put_back, register_deed
from catalog.doctor.mending import choose
from catalog.models import DistinctPair, DoctorDeed, Finding, Product, ProductAudio, ProductImage
from catalog.pictures.arranging import delete_held, make_image
from catalog.pictures.checks import MAX_PICTURES, Picture
from catalog.sounds.checks import MAX_SOUNDS


@dataclass(frozen=True, kw_only=True)
class Mover:
    """What one app moves from a listing that goes to the one that stays, by their ids."""

    move: Callable[[int, int, AbstractBaseUser], Any]  # (from, to, by whom) -> JSON, of what was moved
    put_back: Callable[[int, int, Any, AbstractBaseUser], None]  # the same, and that JSON: what still is as it was left


MOVERS: dict[str, Mover] = {}


def register_mover(name: str, mover: Mover) -> None:
    """Have merges move something more. What is moved has to be able to be put back."""
    MOVERS[name] = mover


def merge(finding: Finding, product: Product, asked: Asked) -> Done:
    """Keep the one that is named, or else the older one."""
    assert finding.other_id is not None
    other = Product.objects.get(pk=finding.other_id)
    kept = choose(finding, product, asked.values.get("keep") or str(product.pk))
    gone = other if kept.pk == product.pk else product
    added = copy_pictures(gone, to=kept)
    moved = {name: mover.move(gone.pk, kept.pk, asked.user) for name, mover in MOVERS.items()}
    done = change_fields(gone, is_active=False)
    before = {**done.before, "id": gone.pk, "moved": moved}
    return Done(before, {**done.after, "kept": kept.pk, "image_ids": added})


def copy_pictures(gone: Product, *, to: Product) -> list[int]:
    """Give a product the pictures of another one that it lacks, behind its own; return their ids."""
    held = set(to.images.values_list("sha256", flat=True))
    last = to.images.aggregate(last=Max("position"))["last"]
    place = 0 if last is None else last + 1
    lacking = {image.sha256: image for image in gone.images.all() if image.sha256 not in held}
    copies = [
        make_image(to.pk, _as_picture(image), position=place + number)
        for number, image in enumerate(list(lacking.values())[: max(MAX_PICTURES - len(held), 0)])
    ]
    return [image.pk for image in ProductImage.objects.bulk_create(copies)]


def copy_sounds(gone: int, kept: int, by: AbstractBaseUser) -> list[int]:
    """Give a product the sounds of another one that it lacks, behind its own; return their ids."""
    held = list(ProductAudio.objects.filter(product=kept))
    place = max((sound.position for sound in held), default=-1) + 1
    known = {sound.sha256 for sound in held}
    lacking = [sound for sound in ProductAudio.objects.filter(product=gone) if sound.sha256 not in known]
    copies = lacking[: max(MAX_SOUNDS - len(held), 0)]
    for number, sound in enumerate(copies):
        sound.pk, sound.product_id, sound.position = None, kept, place + number
    return [sound.pk for sound in ProductAudio.objects.bulk_create(copies)]


def take_sounds_back(gone: int, kept: int, moved: list[int], by: AbstractBaseUser) -> None:
    ProductAudio.objects.filter(pk__in=moved, product=kept).delete()


def _as_picture(image: ProductImage) -> Picture:
    return Picture(str(image.file), image.sha256, image.width, image.height, source_url=image.source_url)


def move_pairs(
    model: type[Model], *, gone: int, kept: int, only: Iterable[int] | None = None
) -> tuple[list[int], list[tuple[int, int]]]:
    """Have pairs, whose `first` is the smaller id, name `kept` where they name `gone`.

    Return which do now, and which could not as there is such a pair already: (pair, the one there is). The pair of the
    two themselves stays as it is. Back it goes the same way, with `gone` and `kept` exchanged, for `only` what moved.
    """
    moved, met = [], []
    pairs = model._default_manager.filter(Q(first=gone) | Q(second=gone)).select_for_update().order_by("pk")
    for pk, *sides in (pairs if only is None else pairs.filter(pk__in=only)).values_list("pk", "first", "second"):
        (other,) = {*sides} - {gone}
        if other == kept:
            continue
        named = dict(zip(("first", "second"), sorted((kept, other)), strict=True))
        there = model._default_manager.filter(**named).values_list("pk", flat=True).first()
        if there is None:
            model._default_manager.filter(pk=pk).update(**named)
            moved.append(pk)
        else:
            met.append((pk, there))
    return moved, met


def move_distinct(gone: int, kept: int, by: AbstractBaseUser) -> list[int]:
    return move_pairs(DistinctPair, gone=gone, kept=kept)[0]


def put_distinct_back(gone: int, kept: int, moved: list[int], by: AbstractBaseUser) -> None:
    move_pairs(DistinctPair, gone=kept, kept=gone, only=moved)


def part(kept: DoctorDeed, product: Product, by: AbstractBaseUser) -> None:
    """Make two of them again. Of one that has been deleted meanwhile nothing can be put back but pictures."""
    copies = ProductImage.objects.filter(pk__in=kept.after["image_ids"], product=kept.after["kept"])
    delete_held(list(copies.values_list("pk", flat=True)))
    gone = Product.objects.filter(pk=kept.before["id"]).first()
    if gone is None:
        return
    put_back(gone, before={"is_active": kept.before["is_active"]}, after=kept.after)
    for name, moved in kept.before["moved"].items():
        if name in MOVERS:
            MOVERS[name].put_back(gone.pk, kept.after["kept"], moved, by)


def tell_apart(finding: Finding, product: Product, asked: Asked) -> Done:
    """Remember that the two are not the same."""
    assert finding.other_id is not None
    first, second = sorted([finding.product_id, finding.other_id])
    DistinctPair.objects.get_or_create(first_id=first, second_id=second, defaults={"decided_by_id": asked.user.pk})
    return Done({}, {"pair": [first, second]})


def forget_pair(kept: DoctorDeed, product: Product, by: AbstractBaseUser) -> None:
    first, second = kept.after["pair"]
    DistinctPair.objects.filter(first=first, second=second).delete()


def read_distinct(product_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Return the pairs among these products of which somebody has said that they are not the same, in order of id."""
    ids = set(product_ids)
    pairs = DistinctPair.objects.filter(first__in=ids, second__in=ids)
    return set(pairs.values_list("first_id", "second_id"))


register_mover("sounds", Mover(move=copy_sounds, put_back=take_sounds_back))
register_mover("distinct", Mover(move=move_distinct, put_back=put_distinct_back))
register_deed(Deed(name="merge", title=_("Merge; the older one stays"), do=merge, put_back=part))
register_deed(Deed(name="not_same", title=_("Not the same"), do=tell_apart, put_back=forget_pair))
