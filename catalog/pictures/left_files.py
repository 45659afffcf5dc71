"""Files that the last row has left: they go, too, unless a row has them again by then.

Triggers note each picture and sound that a row lets go, whichever door it went by. The file is content that any number
of rows may have, so whether it may go is asked when it is due: a little later, so that what is being written meanwhile
is seen, and where the deed can be undone, when it no longer can.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from catalog.models import LeftFile, ProductAudio, ProductImage
from catalog.pictures.sizes import list_sized_paths
from catalog.pruning import register_pruner

BY_CONTENT = re.compile(r"(?:products|sounds)/[0-9a-f]{2}/[0-9a-f]{64}\.\w+")  # only what is named so is known to go
AT_ONCE = 200  # files in one transaction
MOST_ROUNDS = 50  # of one call: 10,000 files, and the next one goes on


@register_pruner("files", title="Files of pictures and sounds that are gone")
def drop_left_files(dry_run: bool) -> int:
    """Delete those files that are due and that no row has, with their sizes. Returns how many."""
    due = LeftFile.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
    if dry_run:
        return due.count()
    count = 0
    for _ in range(MOST_ROUNDS):
        with transaction.atomic():
            names = list(due.select_for_update(skip_locked=True).values_list("name", flat=True)[:AT_ONCE])
            gone = set(filter(BY_CONTENT.fullmatch, names)) - _find_held(names)
            for name in gone:
                _delete(name)
            LeftFile.objects.filter(pk__in=names).delete()
        count += len(gone)
        if len(names) < AT_ONCE:
            break
    return count


def _find_held(names: list[str]) -> set[str]:
    """Return those of some row. They are looked for by their content, which has an index."""
    content = [PurePosixPath(name).stem for name in names]
    held: set[str] = set()
    for rows in (ProductImage, ProductAudio):
        held.update(rows._default_manager.filter(sha256__in=content).values_list("file", flat=True))
    return held


def _delete(name: str) -> None:
    default_storage.delete(name)
    for path in list_sized_paths(PurePosixPath(name).stem):
        path.unlink(missing_ok=True)
