"""Files that the last row has left: they go, too, unless a row has them again by then.

Triggers note each picture and sound that a row lets go, whichever door it went by. The file is content that any number
of rows may have, so whether it may go is asked when it is due: a little later, so that what is being written meanwhile
is seen, and where the deed can be undone, when it no longer can.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import LeftFile, ProductAudio, ProductImage
from catalog.pictures.sizes import forget_sizes
from catalog.pruning import register_pruner

logger = logging.getLogger(__name__)

BY_CONTENT = re.compile(r"(?:products|sounds)/[0-9a-f]{2}/[0-9a-f]{64}\.\w+")  # only what is named so is known to go
AT_ONCE = 200  # files in one transaction
TRIED_AGAIN_AFTER = timedelta(hours=1)
FILES_STAY = "catalog:files stay"  # the lock of whoever copies files: meanwhile none is deleted


@register_pruner("files", title="Files of pictures and sounds that are gone")
def drop_left_files(dry_run: bool) -> Iterator[int]:
    """Delete those files that are due and that no row has, with their sizes."""
    due = LeftFile.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
    if dry_run:
        yield from _count_gone(due)
        return
    while True:
        count, seen = drop_batch(due)
        yield count
        if seen < AT_ONCE:
            return


def _count_gone(due: QuerySet[LeftFile]) -> Iterator[int]:
    after = ""
    while names := list(due.filter(name__gt=after).order_by("name").values_list("name", flat=True)[:AT_ONCE]):
        yield len(_choose_gone(names))
        after = names[-1]


def drop_batch(left: QuerySet[LeftFile]) -> tuple[int, int]:
    """Delete the first of those files, as far as no row has them. Returns how many went, and were looked at.

    None while a backup is made: it copies the files after the rows that name them.
    """
    with transaction.atomic():
        if not _may_drop():
            return 0, 0
        names = list(left.select_for_update(skip_locked=True).values_list("name", flat=True)[:AT_ONCE])
        gone = _choose_gone(names)
        refused = {name for name in gone if not _delete(name)}
        LeftFile.objects.filter(pk__in=refused).update(due_at=timezone.now() + TRIED_AGAIN_AFTER)
        LeftFile.objects.filter(pk__in=set(names) - refused).delete()
    return len(gone - refused), len(names)


def _choose_gone(names: Sequence[str]) -> set[str]:
    """Return those that no row has any more."""
    return set(filter(BY_CONTENT.fullmatch, names)) - find_held(names)


def _may_drop() -> bool:
    """Return whether nobody holds FILES_STAY, and keep it from being taken until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%s, 0))", [FILES_STAY])
        return bool(cursor.fetchone()[0])


def find_held(names: Sequence[str]) -> set[str]:
    """Return those that some row has. They are looked for by their content, which has an index."""
    content = [PurePosixPath(name).stem for name in names]
    held: set[str] = set()
    for rows in (ProductImage, ProductAudio):
        held.update(rows._default_manager.filter(sha256__in=content).values_list("file", flat=True))
    return held


def _delete(name: str) -> bool:
    """Delete a file with its sizes; False where the storage refuses, as it must not keep the others from going."""
    try:
        default_storage.delete(name)
        forget_sizes(PurePosixPath(name).stem)
    except Exception:  # each storage has errors of its own
        logger.exception("The file %s is some row's no more, and cannot be deleted: it is tried again.", name)
        return False
    return True
