"""Progress of commands: a bar where somebody watches a terminal, a plain line every ten seconds where nobody does."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any, TextIO

from tqdm import tqdm

LINE_EVERY_S = 10.0


def open_bar(
    description: str, *, total: int | None = None, unit: str = "product", bar_format: str | None = None
) -> tqdm[Any] | PlainProgress:
    """Return what counts to `total`, to be used as a context: `update(more)` moves it on. `unit` "B" means bytes,
    "step" that there is nothing to count before it is done."""
    if not sys.stderr.isatty():
        return PlainProgress(description, total=total, unit=unit)
    return tqdm(desc=description, total=total, unit=unit, unit_scale=unit == "B", bar_format=bar_format)


class PlainProgress:
    """Lines such as `embed: 412 of 700 products, 20 s, about 14 s left`, on standard error.

    They come while a step takes long, too: whoever reads a log sees that the command is alive. None comes from a
    command that is done within ten seconds.
    """

    def __init__(self, description: str, *, total: int | None, unit: str, output: TextIO | None = None) -> None:
        self.description, self.total, self.unit = description, total, unit
        self.output = output
        self.n = 0
        self.note = ""
        self.started_at = time.monotonic()
        self.has_spoken = False
        self._closed = threading.Event()
        self._speaker = threading.Thread(target=self._keep_speaking, daemon=True)
        self._speaker.start()

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, more: int = 1) -> None:
        """Count `more` as done."""
        self.n += more

    def set_postfix_str(self, note: str, *, refresh: bool = True) -> None:
        """Say `note` at the end of each line, as tqdm does; it is said with the next one."""
        self.note = note

    def close(self) -> None:
        """Say no more; how it ended is said only where something was said before."""
        if not self._closed.is_set():
            self._closed.set()
            self._speaker.join()
            if self.has_spoken:
                self.speak()

    def speak(self) -> None:
        """Write the line of this moment."""
        self.has_spoken = True
        print(self.describe(time.monotonic() - self.started_at), file=self.output or sys.stderr, flush=True)

    def describe(self, passed_s: float) -> str:
        """Return the line after `passed_s` seconds."""
        words = [f"{self.description}: {self._count()}", tqdm.format_interval(passed_s)]
        if self.total and 0 < self.n < self.total:
            words.append(f"about {tqdm.format_interval(passed_s / self.n * (self.total - self.n))} left")
        return ", ".join([*words, self.note] if self.note else words)

    def _count(self) -> str:
        if self.unit == "step":
            return "done" if self.n == self.total else "at work"
        if self.unit == "B":
            done, total = (tqdm.format_sizeof(number, "B") for number in (self.n, self.total or 0))
            return f"{done} of {total}" if self.total is not None else done
        return f"{self.n} of {self.total} {self.unit}s" if self.total is not None else f"{self.n} {self.unit}s"

    def _keep_speaking(self) -> None:
        while not self._closed.wait(LINE_EVERY_S):
            self.speak()
