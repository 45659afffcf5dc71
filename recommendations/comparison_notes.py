"""What a comparison of all listings has found so far, in a file, so that it goes on after an interruption."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from catalog.models import Product
from recommendations.near_duplicates import Compared, Pair


class NotesError(ValueError):
    """These notes are of another comparison: give another file, or delete this one."""


class ComparisonNotes:
    """A file of JSON lines: what is compared, then for each batch its last listing and the pairs that stand out."""

    def __init__(self, path: Path, *, of: dict[str, Any]) -> None:
        """Read what is there, or begin. `of` says what is compared. Raises NotesError where the file is of another."""
        self.path = path
        self.done = Compared()
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith(b"\n")]  # one that was being written when it ended is not
        if not whole:
            path.write_text(json.dumps(of) + "\n", encoding="utf-8")
            return
        if read_object(whole[0]) != of:
            raise NotesError(f"{path}: {NotesError.__doc__}")
        kept = len(whole[0])
        for line in whole[1:]:
            if not isinstance(batch := read_object(line), dict):
                break  # a machine that lost its power has left something else: what comes after is compared again
            self.done.after = batch["after"]
            self.done.pairs += (Pair(**pair) for pair in batch["pairs"])
            kept += len(line)
        self.done.pairs = keep_listed(self.done.pairs)
        with path.open("r+b") as file:
            file.truncate(kept)

    def add(self, listings: Sequence[int], pairs: Sequence[Pair]) -> None:
        """Note a batch."""
        line = json.dumps({"after": listings[-1], "pairs": [asdict(pair) for pair in pairs]})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def keep_listed(pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs of which both are listings still: what stands beside one that was deleted stays one."""
    known = list(pairs)
    numbers = {number for pair in known for number in (pair.listing_id, pair.other_id)}
    listed = set(Product.objects.shown().filter(pk__in=numbers).values_list("pk", flat=True))
    return [pair for pair in known if {pair.listing_id, pair.other_id} <= listed]


def read_object(line: bytes) -> Any:
    """Return what a line of JSON says, None where it is something else."""
    try:
        return json.loads(line)
    except ValueError:
        return None
