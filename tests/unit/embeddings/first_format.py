"""What there was when recipes knew text and image alone: a catalogue, recipes fitted on it, and what they gave."""

from pathlib import Path

import numpy as np

from embeddings.fusion import RawVectors
from embeddings.unit_rows import unit_rows

# The bytes of two recipes, and what each fusion gave for every fifth product below.
STORED = np.load(Path(__file__).with_name("recipes_of_format_1.npz"))


def make_pairs(count: int = 240, *, noise: float = 1.5, dim: int = 24, kinds: int = 12) -> RawVectors:
    """Return products of some kinds, told by text and picture among much that only one of them tells; some lack one."""
    generator = np.random.default_rng(0)
    kind = generator.integers(kinds, size=count)
    text, image = generator.standard_normal((kinds, dim)), generator.standard_normal((kinds, dim))

    def say(meanings: np.ndarray) -> np.ndarray:
        return unit_rows(meanings[kind] + noise * generator.standard_normal((count, dim)) + 1.0)

    title, body, picture = say(text), say(text), say(image)
    title[::12], body[::8], picture[5::12] = 0, 0, 0
    return {"text": (title, body), "image": (picture,)}
