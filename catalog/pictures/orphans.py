"""Files that no row names and nothing has noted: from before triggers noted them, or of a process that was killed.

A round goes through the folders of the storage, which are named by the beginnings of digests, some hundred names at a
time. What is there is a day old before it counts: whoever writes a picture saves its row a moment later. And who finds
the same content there already writes nothing, so that it goes an hour later only, unless a row has it by then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.utils import timezone

from catalog.chore import Chore, take_turn
from catalog.models import LeftFile, ProductImage
from catalog.pictures.left_files import AT_ONCE, BY_CONTENT, find_held
from catalog.pictures.sizes import WIDTHS
from catalog.pruning import register_pruner

KINDS = ("products", "sounds", *(f"sized/{width}" for width in WIDTHS))
FOLDERS = [f"{kind}/{number:02x}" for kind in KINDS for number in range(256)]
OLD_ENOUGH = timedelta(days=1)
WRITTEN_WITHIN = timedelta(hours=1)  # by whoever is about to save a row of it
SIZED = re.compile(r"sized/\d+/[0-9a-f]{2}/[0-9a-f]{64}\.webp")
DRAFT = re.compile(r"\w+/(?:\d+/)?[0-9a-f]{2}/tmp\w{8}")  # as `write_whole` calls a file until it is complete


@register_pruner("orphans", title="Files and sizes that no row names", every=timedelta(days=1))
def drop_orphans(dry_run: bool) -> Iterator[int]:
    """Delete them, from where an earlier call was to the last folder."""
    looked_at = Chore()
    while True:
        if dry_run:
            count = _take_step(looked_at, dry_run=True)
            ended = not looked_at.state
        else:
            with take_turn("orphans") as chore:
                count = _take_step(chore, dry_run=False)
                ended = not chore.state
        yield count
        if ended:
            return


def _take_step(chore: Chore, *, dry_run: bool) -> int:
    """Look at the next names and move the state on; it is empty after the last. Returns how many went."""
    number, after = chore.state.get("folder", 0), chore.state.get("after", "")
    names: list[str] = []
    while number < len(FOLDERS) and not names:
        names = [name for name in _list_names(FOLDERS[number]) if name > after][:AT_ONCE]
        if len(names) < AT_ONCE:
            number, after = number + 1, ""
        else:
            after = names[-1]
    chore.state = {"folder": number, "after": after} if number < len(FOLDERS) else {}
    orphans = [name for name in _find_orphans(names) if _is_old(name)]
    return len(orphans) if dry_run else _drop(orphans)


def _list_names(folder: str) -> list[str]:
    try:
        _, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(f"{folder}/{name}" for name in files)


def _find_orphans(names: list[str]) -> list[str]:
    """Return those that no row names; of sizes, those of no picture. What is named otherwise is not ours to judge."""
    originals = list(filter(BY_CONTENT.fullmatch, names))
    noted = set(LeftFile.objects.filter(pk__in=originals).values_list("pk", flat=True))
    unnamed = set(originals) - find_held(originals) - noted
    sizes = {name: PurePosixPath(name).stem for name in filter(SIZED.fullmatch, names)}
    pictured = set(ProductImage.objects.filter(sha256__in=sizes.values()).values_list("sha256", flat=True))
    unnamed.update(name for name, sha256 in sizes.items() if sha256 not in pictured)
    unnamed.update(filter(DRAFT.fullmatch, names))
    return sorted(unnamed)


def _is_old(name: str) -> bool:
    try:
        return bool(default_storage.get_modified_time(name) < timezone.now() - OLD_ENOUGH)
    except FileNotFoundError:
        return False


def _drop(names: list[str]) -> int:
    """Note originals as files that a row lets go, and delete the rest, which is made again where it is wanted."""
    originals = list(filter(BY_CONTENT.fullmatch, names))
    due_at = timezone.now() + WRITTEN_WITHIN
    LeftFile.objects.bulk_create([LeftFile(name=name, due_at=due_at) for name in originals], ignore_conflicts=True)
    for name in set(names) - set(originals):
        default_storage.delete(name)
    return len(names)
