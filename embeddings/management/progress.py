"""Progress of what happens in stages, and of waiting for a build that another process is at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from catalog.management.progress import open_bar
from embeddings.models import EmbeddingSpace
from embeddings.spaces.lifecycle import BuildRunning
from embeddings.spaces.locks import BUILD_LOCK, read_holder

LOOK_EVERY_S = 1.0
WAITING = "waiting: "
UNITS = {"fit": "step", "index": "vector"}  # of stages that do not count products; a step is done or it is not
Outcome = TypeVar("Outcome")


class StageBars:
    """One bar after the other, with rate and time left. `units` says of which stages something else is counted."""

    def __init__(self, units: Mapping[str, str] = UNITS) -> None:
        self.units = units
        self.bar: Any = None
        self.stage = ("", 0)

    def __enter__(self) -> StageBars:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, stage: str, done: int, total: int) -> None:
        """Move to `done` of `total` in `stage`; a stage seen for the first time gets a bar of its own."""
        if self.bar is None or self.stage != (stage, total):
            if self.bar is not None:
                self.bar.close()
            unit = self.units.get(stage.removeprefix(WAITING), "product")
            self.bar, self.stage = open_bar(stage, total=total, unit=unit), (stage, total)
        self.bar.update(done - self.bar.n)


def build_in_turn(build: Callable[[StageBars], Outcome], *, say: Callable[[str], object]) -> Outcome:
    """Return what `build` does once no other process builds: who does is said, and how far that is."""
    holder = ""
    with StageBars() as bars:
        while True:
            try:
                return build(bars)
            except BuildRunning:
                found = read_holder(BUILD_LOCK)
            if found is not None and found.description != holder:
                holder = found.description
                say(f"Another build runs since {found.since:%H:%M:%S} UTC ({holder}): waiting for it.")
            show_other_build(bars)
            time.sleep(LOOK_EVERY_S)


def show_other_build(bars: StageBars) -> None:
    """Show the progress that the other build writes down."""
    spaces = EmbeddingSpace.objects.exclude(progress={}).filter(status=EmbeddingSpace.Status.BUILDING)
    told = spaces.values_list("progress", flat=True).first()
    if told:
        bars.show(f"{WAITING}{told['stage']}", told["done"], told["total"])
