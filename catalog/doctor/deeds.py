"""What staff may do about a finding: each deed by itself, undone as one.

A deed is done in a transaction with the product's row locked. What it says was before is kept with it, so that it can
be put back; what somebody has changed since then stays as they have it. Other apps register deeds of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.functional import Promise

from catalog.doctor.rounds import ask_again
from catalog.models import DoctorDeed, Finding, Product
from catalog.signals import products_saved

CHANGE_PRODUCTS = "catalog.change_product"


class DeedError(ValueError):
    """The deed cannot be done as it was asked for. The message says why, in the words of the page."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked for: fields of the form, and files."""

    user: AbstractBaseUser
    values: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What a deed has changed, as JSON: what was before, and what is now."""

    before: dict[str, Any]
    after: dict[str, Any]
    touched: Sequence[int] = ()  # products beside the finding's own


Do = Callable[[Finding, Product, Asked], Done]
PutBack = Callable[[DoctorDeed, Product, AbstractBaseUser], None]


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One thing that can be done, in the words of its button."""

    name: str
    title: str | Promise
    do: Do
    put_back: PutBack
    permissions: tuple[str, ...] = (CHANGE_PRODUCTS,)
    form: str = ""  # template of the fields that it needs; such a deed is done to one finding at a time
    fits: Callable[[Finding], bool] = lambda finding: True  # whether it is offered for a finding

    @property
    def is_bulk(self) -> bool:
        return not self.form


DEEDS: dict[str, Deed] = {}  # by name


def register_deed(deed: Deed) -> Deed:
    """Add a deed; a second one of the same name takes the place of the first."""
    DEEDS[deed.name] = deed
    return deed


def do_deed(deed: Deed, finding: Finding, asked: Asked) -> DoctorDeed | None:
    """Do it; None where the finding is gone. Raises DeedError where it cannot be done, and nothing has changed then."""
    with transaction.atomic():
        numbers = [number for number in (finding.product_id, finding.other_id) if number]
        products = Product.objects.select_for_update(of=("self",)).filter(pk__in=numbers).order_by("pk").in_bulk()
        locked = Finding.objects.select_for_update(of=("self",)).filter(pk=finding.pk).first()
        product = products.get(finding.product_id)
        if locked is None or product is None or len(products) < len(numbers):
            return None
        done = deed.do(locked, product, asked)
        kept = DoctorDeed.objects.create(
            deed=deed.name,
            check_name=locked.check_name,
            product=product,
            other_id=locked.other_id,
            before=done.before,
            after=done.after,
            done_by_id=asked.user.pk,
        )
        locked.delete()
        _tell([*numbers, *done.touched], user=asked.user, said=str(deed.title))
    return kept


def undo_deed(kept: DoctorDeed, *, user: AbstractBaseUser) -> bool:
    """Put back what a deed has changed; return whether it was there to be undone."""
    deed = DEEDS.get(kept.deed)
    if deed is None:
        return False
    with transaction.atomic():
        numbers = [number for number in (kept.product_id, kept.other_id) if number]
        products = Product.objects.select_for_update(of=("self",)).filter(pk__in=numbers).order_by("pk").in_bulk()
        product = products.get(kept.product_id)
        if product is None or not DoctorDeed.objects.filter(pk=kept.pk, undone_at=None).update(
            undone_at=timezone.now()
        ):
            return False
        deed.put_back(kept, product, user)
        _tell(numbers, user=user, said=f"{deed.title} ↩")
    return True


def _tell(product_ids: Sequence[int], *, user: AbstractBaseUser, said: str) -> None:
    """Have the products embedded and looked at again, and their histories in the admin say what was done."""
    ids = sorted(set(product_ids))
    LogEntry.objects.log_actions(
        user_id=user.pk, queryset=Product.objects.filter(pk__in=ids), action_flag=CHANGE, change_message=said
    )
    ask_again(ids)
    products_saved.send(Product, product_ids=ids)


def change_fields(product: Product, **values: Any) -> Done:
    """Save other values of a product; return what they were."""
    before = {name: _as_json(getattr(product, name)) for name in values}
    for name, value in values.items():
        setattr(product, name, value)
    product.save(update_fields=[*values, "updated_at"])
    return Done(before, {name: _as_json(value) for name, value in values.items()})


def restore_fields(kept: DoctorDeed, product: Product, by: AbstractBaseUser) -> None:
    """Put back the values of a product that are still as the deed has left them."""
    put_back(product, before=kept.before, after=kept.after)


def put_back(product: Product, *, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    same = {name: value for name, value in before.items() if _as_json(getattr(product, name)) == after.get(name)}
    for name, value in same.items():
        setattr(product, name, _read_value(name, value))
    if same:
        product.save(update_fields=[*same, "updated_at"])


def _read_value(name: str, value: Any) -> Any:
    if name.endswith("_id"):
        return value
    field = Product._meta.get_field(name)
    assert isinstance(field, Field)
    return field.to_python(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"  # 12.5 is 12.50, as it will be read
    return value if value is None or isinstance(value, bool | int | str) else str(value)
