"""Pages by keyset: the cursor names the last row seen, so pages stay whole while rows come and go, at any depth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from django.core.signing import BadSignature, Signer
from django.db.models import F, Field, Model, Q, QuerySet
from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError

M = TypeVar("M", bound=Model)
SIGNER = Signer(salt="api.pagination")  # nobody else makes cursors, so what is in one is what we have put there


@dataclass(frozen=True)
class Page:
    """One page of rows, and the cursor of the next (None at the end)."""

    rows: list[Any]
    next: str | None


@dataclass(frozen=True)
class Keyset:
    """An order of rows: by `field`, nulls last either way, ties by primary key."""

    name: str  # as clients write it, such as `-price`

    @property
    def field(self) -> str:
        return self.name.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.name.startswith("-")

    def sort(self, rows: QuerySet[M]) -> QuerySet[M]:
        column = F(self.field)
        if self.is_descending:
            return rows.order_by(column.desc(nulls_last=True), "-pk")
        return rows.order_by(column.asc(nulls_last=True), "pk")

    def encode(self, row: Model) -> str:
        value = getattr(row, self.field)
        exact = value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
        return SIGNER.sign_object([self.name, exact, row.pk])

    def after(self, rows: QuerySet[M], *, cursor: str) -> QuerySet[M]:
        """Keep the rows that come after the cursor's."""
        value, pk = self.decode(cursor, model=rows.model)
        beyond = "lt" if self.is_descending else "gt"
        tie = Q(**{self.field: value, f"pk__{beyond}": pk})
        if value is None:
            return rows.filter(Q(**{f"{self.field}__isnull": True, f"pk__{beyond}": pk}))
        return rows.filter(Q(**{f"{self.field}__{beyond}": value}) | tie | Q(**{f"{self.field}__isnull": True}))

    def decode(self, cursor: str, *, model: type[Model]) -> tuple[Any, int]:
        """Return (value, primary key).

        Raises ValidationError when the cursor was made for another order, or by somebody else.
        """
        try:
            name, value, pk = SIGNER.unsign_object(cursor)
            if name != self.name:
                raise ValueError(name)
        except (BadSignature, ValueError, TypeError) as error:  # what is signed may still be of an earlier version
            said = gettext("This cursor does not belong to this list and order. Start again without a cursor.")
            raise ValidationError({"cursor": [said]}) from error
        field = cast("Field[Any, Any]", model._meta.get_field(self.field))
        return field.to_python(value), pk


def read_page(rows: QuerySet[M], *, order: str, cursor: str | None, size: int) -> Page:
    """Return up to `size` rows after the cursor, in the given order. One query: it asks for one row more."""
    keyset = Keyset(order)
    if cursor:
        rows = keyset.after(rows, cursor=cursor)
    found = list(keyset.sort(rows)[: size + 1])
    page = found[:size]
    return Page(page, next=keyset.encode(page[-1]) if len(found) > size else None)
