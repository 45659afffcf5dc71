"""Which files some row has let go, so that they may go as well: left_files.py says when."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection, models
from django.utils import timezone


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


def note_wanted(name: str) -> None:
    """Have a file that is about to be some row's stay a while; waits for who is just taking it away."""
    LeftFile.objects.filter(pk=name).update(due_at=timezone.now() + timedelta(hours=1))
