"""One line of the doctor's screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad it is; the worst one of all is the command's exit status."""

    FINE = 0
    WARNING = 1
    FAULT = 2


@dataclass(frozen=True)
class Line:
    """What was looked at, what was found, and the command or setting that mends it."""

    name: str
    level: Level
    said: str
    mend: str = ""

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "level": self.level.name.lower(), "said": self.said, "mend": self.mend}
