"""How far the build of a version is: told to whoever watches, and kept in its row for the build that goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from behaviour.versions.version import Version

PROGRESS_EVERY_S = 1.0
OnProgress = Callable[[str, int, int], None]  # stage, done, total


class BuildProgress:
    """Stage, done and total of a build; and of each part that is written, where its last block ended."""

    def __init__(self, version: Version, on_progress: OnProgress | None) -> None:
        self.version = version
        self.on_progress = on_progress
        self.written: dict[str, Any] = dict(version.progress.get("written", {}))
        self.stage, self.done, self.total = "", 0, 0
        self.saved_at = 0.0

    def start(self, stage: str, total: int) -> None:
        self.stage, self.done, self.total = stage, 0, total
        self._tell()

    def advance(self, count: int = 1) -> None:
        self.done += count
        self._tell()

    @contextmanager
    def writing(self, part: str) -> Iterator[Callable[[Any], None]]:
        """Have the block write rows of a part in one transaction with where they end, which it says by the function.

        Whoever is killed in the midst leaves neither.
        """

        def end_at(place: Any) -> None:
            self.written[part] = place
            self._save()

        with transaction.atomic():
            yield end_at

    def _tell(self) -> None:
        if self.on_progress:
            self.on_progress(self.stage, self.done, self.total)
        if time.monotonic() - self.saved_at >= PROGRESS_EVERY_S or self.done in (0, self.total):
            self._save()

    def _save(self) -> None:
        self.saved_at = time.monotonic()
        told = {"stage": self.stage, "done": self.done, "total": self.total, "at": timezone.now().isoformat()}
        self.version.progress = told | {"written": self.written}
        self.version.save(update_fields=["progress"])
