"""Wordings out of a table with the columns kind, name, language and text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from catalog.wordings.lexicon import forget_wordings
from catalog.wordings.wording import Wording

COLUMNS = ("kind", "name", "language", "text")
BATCH = 1_000


class BadWordings(ValueError):
    """The file cannot be read as wordings; nothing of it was kept after the line that the message names."""


def load_wordings(path: Path) -> int:
    """Make or change the wordings of a CSV in UTF-8. Returns how many it has. Raises BadWordings."""
    count = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise BadWordings(gettext("The file lacks the columns: %s.") % ", ".join(missing))
        wordings = read_rows(reader)
        while rows := list(islice(wordings, BATCH)):
            count += save_wordings(rows)
    return count


def read_rows(reader: Iterable[Mapping[str, str | None]]) -> Iterator[Wording]:
    for line, row in enumerate(reader, start=2):
        wording = Wording(**{name: (row.get(name) or "").strip() for name in COLUMNS})
        try:
            wording.clean_fields(exclude=["id"])
        except ValidationError as error:
            said = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
            raise BadWordings(gettext("Line %(line)d: %(said)s") % {"line": line, "said": said}) from error
        yield wording


def save_wordings(wordings: Iterable[Wording]) -> int:
    """Save them in one statement; of two of one name the later counts. Returns how many."""
    once = {(wording.language, wording.kind, wording.name): wording for wording in wordings}
    Wording.objects.bulk_create(
        once.values(), update_conflicts=True, unique_fields=["language", "kind", "name"], update_fields=["text"]
    )
    forget_wordings()
    return len(once)
