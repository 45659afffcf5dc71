"""Which files some row has let go, so that they may go as well: left_files.py says when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import connection, models
from django.db.models.functions import Greatest
from django.utils import timezone

from catalog.files import find_stored


class LeftFile(models.Model):
    """A file that some row had, and when it is to be looked at."""

    name = models.CharField(max_length=100, primary_key=True)
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


def keep_files() -> None:
    """Have what this transaction lets go stay for as long as imports can be undone."""
    with connection.cursor() as cursor:
        kept = f"{settings.KINDRED_IMPORT_KEPT_DAYS + 1} days"
        cursor.execute("SELECT set_config('kindred.files_kept', %s, true)", [kept])


def note_wanted(*names: str) -> None:
    """Have files that are about to be some row's stay a while; waits for who is just taking one of them away.

    Never a shorter while than is said already: an import that took one away may yet be undone.
    """
    soon = timezone.now() + timedelta(hours=1)
    LeftFile.objects.filter(pk__in=names).update(due_at=Greatest("due_at", soon))


def find_kept(names: Iterable[str]) -> set[str]:
    """Return those of left files that are there still, and have them stay: rows are about to have them again."""
    known = set(names)
    note_wanted(*known)
    return find_stored(known)
