"""What is sent between the driver and the processes that encode. Importable without Django, and without any engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

SLICE = 2_000  # ids of products that are compared and read at once
BATCH = 256  # inputs that are encoded and written at once: some 5 s of a processor, which is what a kill costs


@dataclass(frozen=True)
class Encoding:
    """Who encodes a modality: how to load it, and which weights these have to be."""

    spec: str
    identity: str


@dataclass(frozen=True)
class Job:
    """What is to be encoded, and by whom: names alone, never weights."""

    space_id: int
    encodings: Mapping[str, Encoding]  # by modality
    batch: int = BATCH
    media: str = ""  # URL that the shop's files are fetched from where they cannot be read by their path


@dataclass(frozen=True)
class InputRow:
    """One input: a text, or a file by its path in the shop's storage or by a URL."""

    modality: str
    sha256: str
    text: str | None = None
    path: str | None = None
    url: str | None = None
    is_known: bool = False  # it has a vector already; only its hash is sent


@dataclass
class Tally:
    """What became of inputs: counts and seconds by (what, modality, reason).

    `encoded`: has a vector now, made here; `stored`: of these, whose vector nobody else had stored meanwhile; `reused`:
    had one; `failed`: has none, for that reason; `loaded`: processes that loaded the encoder; `waited`: for the
    database.
    """

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    seconds: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def note(self, what: str, modality: str = "", reason: str = "", *, count: int = 1, seconds: float = 0.0) -> None:
        self.counts[what, modality, reason] += count
        self.seconds[what, modality, reason] += seconds  # type: ignore[assignment]  # counters of floats add up as well

    def add(self, other: Tally) -> None:
        self.counts.update(other.counts)
        self.seconds.update(other.seconds)

    def count(self, what: str, modality: str | None = None) -> int:
        return sum(n for (kind, name, _), n in self.counts.items() if kind == what and modality in (None, name))

    def sum_seconds(self, what: str, modality: str | None = None) -> float:
        return sum(s for (kind, name, _), s in self.seconds.items() if kind == what and modality in (None, name))

    def list_modalities(self) -> list[str]:
        return sorted({name for _, name, _ in self.counts if name})

    def list_failures(self) -> list[tuple[str, str, int]]:
        """Return (modality, reason, count), the most frequent first."""
        found = [(name, why, n) for (kind, name, why), n in self.counts.items() if kind == "failed"]
        return sorted(found, key=lambda row: (-row[2], row))
