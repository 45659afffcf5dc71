"""Attributes by their type: words that are the same or not, numbers that are near or far, and what nobody says.

No network and no weights. Of each key the catalogue says what it is: one whose values are numbers, with or without a
unit, is compared by how many products lie between two of them (their ranks, so that one outlier moves nothing), any
other by whether the values are the same, hashed (Weinberger et al. 2009). As in Gower's coefficient (1971) each key
counts as much as another, and one that either product lacks says nothing; those that were found to mislead count
nothing (fusion/parts.py).
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.encoders.base import EncoderInfo
from embeddings.unit_rows import unit_rows

Array = npt.NDArray[np.float32]

OTHERS = ""  # the name of all keys beyond the commonest, as one part
MAX_PARTS = 16  # keys that are judged one by one
BUCKETS = 256  # columns of values that are words
SEEN = 2**14  # buckets in which it is kept which values more than one product has
MAX_NUMBERS = 32  # keys, two columns each
DIM = BUCKETS + 2 * MAX_NUMBERS
KNOTS = 33  # quantiles kept of each
NUMERIC_SHARE = 0.9  # of a key's values, from which on it is one of numbers
MIN_VALUES = 5  # of a number, below which its ranks say nothing
MAX_VALUES = 50  # of a key of one product that are read: a thousand would cost time and say nothing
MAX_KEYS = 200  # of one product, the first by name, for the same reason
NUMBER = re.compile(r"\s*(-?\d{1,12}(?:[.,]\d{1,6})?)\s*([a-zA-Zµ\"]{0,5})\s*")
UNITS = {  # factor and what it is measured in
    "mm": (0.001, "m"), "cm": (0.01, "m"), "m": (1.0, "m"), "inch": (0.0254, "m"), "in": (0.0254, "m"),
    "mg": (0.001, "g"), "g": (1.0, "g"), "kg": (1000.0, "g"), "lb": (453.592, "g"), "oz": (28.3495, "g"),
    "ml": (0.001, "l"), "cl": (0.01, "l"), "l": (1.0, "l"), "w": (1.0, "w"), "kw": (1000.0, "w"),
    "v": (1.0, "v"), "mv": (0.001, "v"), "": (1.0, ""),
}  # fmt: skip
INFO = EncoderInfo("", "", DIM, frozenset({"attributes"}), "", 0.0)


@dataclass(frozen=True)
class TypedAttributes:
    """What was fitted on the attributes of a catalogue."""

    seen: npt.NDArray[np.uint8]  # (SEEN,): 1 where two products or more have a value of that bucket
    numeric: tuple[str, ...]  # keys with their measure, the commonest first
    knots: Array  # (numeric keys, KNOTS), ascending
    weights: Mapping[str, float] = field(default_factory=dict)  # of the common keys and of OTHERS; 1 where not named

    @property
    def info(self) -> EncoderInfo:
        return INFO

    @classmethod
    def fit(cls, texts: Sequence[str]) -> TypedAttributes:
        """Fit on attributes as JSON objects, one text a product; empty ones do not count."""
        numbers: dict[str, list[float]] = defaultdict(list)
        words: Counter[str] = Counter()
        buckets: Counter[int] = Counter()
        for text in texts:
            found = list(_iterate_values(text))
            for key, _, number in found:
                words[key] += number is None
                if number is not None:
                    numbers[key].append(number)
            buckets.update({_hash(key, word, SEEN) for key, word, _ in found})
        numeric = [
            key
            for key, values in sorted(numbers.items(), key=lambda item: (-len(item[1]), item[0]))
            if len(values) >= MIN_VALUES and len(set(values)) > 1 and _is_numeric(len(values), words[key])
        ][:MAX_NUMBERS]
        seen = np.zeros(SEEN, dtype=np.uint8)
        seen[[bucket for bucket, count in buckets.items() if count > 1]] = 1
        steps = np.linspace(0, 1, KNOTS)
        knots = [np.quantile(numbers[key], steps) for key in numeric]
        return cls(seen, tuple(numeric), np.array(knots, dtype=np.float32).reshape(len(numeric), KNOTS))

    def encode(self, texts: Sequence[str]) -> Array:
        """Return (n, DIM) unit rows; zero where a product says nothing that another one says as well."""
        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        others = self.weights.get(OTHERS, 1.0)
        for row, text in enumerate(texts):
            for key, values in self._encode_keys(text):
                rows[row] += self.weights.get(key, others) * values
        return unit_rows(rows)

    def encode_parts(self, texts: Sequence[str]) -> dict[str, Array]:
        """Return what each of the commonest keys says, and OTHERS together: (n, own columns), zero where nothing."""
        said = [list(self._encode_keys(text)) for text in texts]
        counts = Counter(key for pairs in said for key, _ in pairs)
        common = sorted(counts, key=lambda key: (-counts[key], key))[:MAX_PARTS]
        parts = {name: np.zeros((len(texts), DIM), dtype=np.float32) for name in (*common, OTHERS)}
        for row, pairs in enumerate(said):
            for key, values in pairs:
                parts[key if key in parts else OTHERS][row] += values
        return {name: rows[:, rows.any(axis=0)] for name, rows in parts.items() if rows.any()}

    def _encode_keys(self, text: str) -> Iterator[tuple[str, Array]]:
        """Yield the keys of a product of which something can be said, and that."""
        by_key: dict[str, list[tuple[str, float | None]]] = defaultdict(list)
        for key, word, number in _iterate_values(text):
            by_key[key].append((word, number))
        for key, values in by_key.items():
            said = self._encode_key(key, values)
            if said.any():
                yield key, said

    def _encode_key(self, key: str, values: Sequence[tuple[str, float | None]]) -> Array:
        """Return (DIM,), a unit vector, or zero where the value says nothing."""
        block = np.zeros(DIM, dtype=np.float32)
        numbers = [number for _, number in values if number is not None]
        if key in self.numeric and numbers:
            place = self.numeric.index(key)
            # A quarter turn from the least to the greatest: the cosine of two numbers falls with what lies between.
            turn = np.interp(np.mean(numbers), *_strictly(self.knots[place])) * np.pi / 2
            block[BUCKETS + 2 * place : BUCKETS + 2 * place + 2] = np.cos(turn), np.sin(turn)
            return block
        for word, _ in values:
            if self.seen[_hash(key, word, SEEN)]:
                sign = 1 if _hash(key, word, 2 * SEEN) < SEEN else -1  # what collides cancels out as often as it adds
                block[_hash(word, key, BUCKETS)] += sign
        length = float(np.linalg.norm(block))
        return block / length if length else block

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        names = np.frombuffer(json.dumps(self.numeric).encode(), dtype=np.uint8)
        weights = np.frombuffer(json.dumps(dict(self.weights)).encode(), dtype=np.uint8)
        return {"seen": self.seen, "numeric": names, "knots": self.knots, "weights": weights}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> TypedAttributes:
        weights = json.loads(arrays["weights"].tobytes()) if "weights" in arrays else {}  # none in spaces of before
        return cls(arrays["seen"], tuple(json.loads(arrays["numeric"].tobytes())), arrays["knots"], weights)


def _is_numeric(numbers: int, words: int) -> bool:
    return numbers >= NUMERIC_SHARE * (numbers + words)


def _strictly(knots: Array) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return quantiles without repetition, and the rank of each: the middle of those that are the same."""
    steps = np.linspace(0, 1, KNOTS)
    values, inverse = np.unique(knots, return_inverse=True)
    return values, np.bincount(inverse, weights=steps) / np.bincount(inverse)


def _iterate_values(text: str) -> Iterator[tuple[str, str, float | None]]:
    """Yield key, word and number of each value; a key is named with what it is measured in."""
    attributes = json.loads(text) if text else {}
    for name, value in sorted(attributes.items())[:MAX_KEYS]:
        for one in (value if isinstance(value, list) else [value])[:MAX_VALUES]:
            if one is None or isinstance(one, dict | list) or one == "":
                continue
            number, measure = _read_number(one)
            key = name.casefold()
            yield (f"{key} {measure}".strip() if number is not None else key), str(one).casefold(), number


def _read_number(value: Any) -> tuple[float | None, str]:
    """Return a number in the unit that its kind is compared in, and that unit; None where it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (float(value), "") if abs(value) < 1e12 else (None, "")
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[2].casefold() not in UNITS:
        return None, ""
    factor, measure = UNITS[found[2].casefold()]
    return float(found[1].replace(",", ".")) * factor, measure


def _hash(first: str, second: str, size: int) -> int:
    """Return a bucket, the same in every process."""
    return zlib.crc32(f"{first}\x1f{second}".encode()) % size
