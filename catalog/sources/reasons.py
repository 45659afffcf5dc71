"""Why rows were rejected, gathered: rows that differ only in what they say are one reason."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

from django.utils.translation import gettext_noop

from catalog.importers.report import RejectsFile, SourceRow
from catalog.sources.stored_texts import as_stored

MAX_REASONS, MAX_EXAMPLES = 50, 5
MAX_ROWS, MAX_CHARACTERS = 1000, 1_000_000  # that are kept as CSV
MAX_WORDS = 300  # characters of a reason
SAID = re.compile(r"'[^']*'|\"[^\"]*\"|\b\d[\d.,:]*")


class Reasons:
    """Takes each rejected row as an import's `on_reject`."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, Any]] = {}
        self._text = StringIO()
        self._file = RejectsFile(self._text)
        self._rows = 0
        self.others = 0  # of reasons beyond those that are told apart

    def note(self, row: SourceRow, reason: str) -> None:
        """Count a row, and keep it as long as there is room."""
        kind = SAID.sub("…", reason)
        if kind not in self._found and len(self._found) == MAX_REASONS:
            self.others += 1
        else:
            found = self._found.setdefault(kind, {"reason": reason[:MAX_WORDS], "count": 0, "examples": []})
            found["count"] += 1
            if len(found["examples"]) < MAX_EXAMPLES:
                sku = row.fields.get("sku", "").strip()[:MAX_WORDS]
                found["examples"].append({"line": row.line, "sku": as_stored(sku)})
        if self._rows < MAX_ROWS and self._text.tell() < MAX_CHARACTERS:
            self._rows += 1
            self._file.write(row, reason)

    def as_list(self) -> list[dict[str, Any]]:
        """Return the reasons, the commonest first."""
        found = sorted(self._found.values(), key=lambda reason: -reason["count"])
        rest = [{"reason": gettext_noop("Other reasons"), "count": self.others, "examples": []}] if self.others else []
        return [{**reason, "reason": as_stored(reason["reason"])} for reason in found] + rest

    def as_csv(self) -> str:
        return as_stored(self._text.getvalue()) if self._rows else ""
