"""Pages by keyset: the cursor names the last row seen, so pages stay whole while rows come and go, at any depth.

The database goes on from where the last page ended, by an index of the order's column and the primary key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.models import BooleanField, F, Field, Func, Model, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError

M = TypeVar("M", bound=Model)
SIGNER = Signer(salt="api.pagination")  # nobody else makes cursors, so what is in one is what we have put there
# What a cursor may have: 3,000 bytes, for a title has 500 characters at most, and then the number and the signature.
MAX_CURSOR_LENGTH = 4_200


class CompactJson:
    """JSON in UTF-8. Django's own takes 6 letters for a Chinese character, and base64 makes 8 of them."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


@dataclass(frozen=True)
class Page:
    """One page of rows, and the cursor of the next (None at the end)."""

    rows: list[Any]
    next: str | None


class Row(Func):
    """Columns, or values, that are compared together, the first that differs deciding: so an index of them is used."""

    function = "ROW"
    output_field = BooleanField()  # never read: only compared in the database


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

    def read(self, rows: QuerySet[M], *, start: int = 0, stop: int) -> list[M]:
        """Return the rows from number `start` to before number `stop`: one query, more only around the first null."""
        found: list[M] = []
        for part in self.split(rows):
            read = list(part[start:stop])
            found += read
            passed = start + len(read) if read else part.order_by()[:start].count()
            start, stop = max(start - passed, 0), stop - passed
            if stop <= 0:
                break
        return found

    def split(self, rows: QuerySet[M]) -> list[QuerySet[M]]:
        """Return the rows in order, in parts: those with a value, then, where the column may be null, those without.

        An index has nulls at one end, and turned round at the other: nulls that come last both ways are read alone.
        """
        field = self._field_of(rows)
        rows = rows.order_by(*(f"-{name}" if self.is_descending else name for name in self._columns(field)))
        if not field.null:
            return [rows]
        return [rows.filter(**{f"{self.field}__isnull": is_null}) for is_null in (False, True)]

    def read_after(self, rows: QuerySet[M], *, cursor: str, count: int) -> list[M]:
        """Return up to `count` rows after the cursor's. Raises ValidationError as `decode` does."""
        field = self._field_of(rows)
        value, pk = self.decode(cursor, field=field)
        parts = self.split(rows)
        if value is None:
            return list(parts[-1].filter(**{"pk__lt" if self.is_descending else "pk__gt": pk})[:count])
        names = self._columns(field)
        last_seen = Row(*(Value(pk) if name == "pk" else Value(value, output_field=field) for name in names))
        compare = LessThan if self.is_descending else GreaterThan
        found = list(parts[0].filter(compare(Row(*map(F, names)), last_seen))[:count])
        for rest in parts[1:]:
            found += rest[: count - len(found)]  # Django asks nothing for a slice of none
        return found

    def encode(self, row: Model) -> str:
        value = getattr(row, self.field)
        exact = value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
        return SIGNER.sign_object([self.name, exact, row.pk], serializer=CompactJson)

    def decode(self, cursor: str, *, field: Field[Any, Any]) -> tuple[Any, int]:
        """Return (value, primary key).

        Raises ValidationError when the cursor was made for another order, or by somebody else.
        """
        try:
            name, value, pk = SIGNER.unsign_object(cursor, serializer=CompactJson)
            if name != self.name:
                raise ValueError(name)
        except (BadSignature, ValueError, TypeError) as error:  # what is signed may still be of an earlier version
            said = gettext("This cursor does not belong to this list and order. Start again without a cursor.")
            raise ValidationError({"cursor": [said]}) from error
        return field.to_python(value), pk

    def _field_of(self, rows: QuerySet[M]) -> Field[Any, Any]:
        field = rows.model._meta.get_field(self.field)
        assert isinstance(field, Field)  # every order is a column of the table
        return field

    def _columns(self, field: Field[Any, Any]) -> list[str]:
        """Return what rows are ordered by: a column without ties needs no second one, and its index has none."""
        return [self.field] if field.unique else [self.field, "pk"]


def read_page(rows: QuerySet[M], *, order: str, cursor: str | None, size: int) -> Page:
    """Return up to `size` rows after the cursor, in the given order. One row more is asked for, to know of a next."""
    keyset = Keyset(order)
    found = keyset.read_after(rows, cursor=cursor, count=size + 1) if cursor else keyset.read(rows, stop=size + 1)
    page = found[:size]
    return Page(page, next=keyset.encode(page[-1]) if len(found) > size else None)
