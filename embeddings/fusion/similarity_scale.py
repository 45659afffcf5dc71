"""One scale of similarity for all spaces: what a cosine means depends on who made the vectors, and is learned.

By one encoder any two products have a cosine of .8, by another none but copies; a memory moves what is near still
nearer. So each recipe has a monotone map from its cosines to what is shown, fitted without labels on quantities that
every catalogue has: 0 is what any two products have, .5 what a product has with its tenth nearest, .8 with its nearest,
by the median, and 1 is the same. Between them it is linear. The order of products stays as it is.

Landmark registration of distributions (Ramsay & Silverman 2005, "Functional Data Analysis", 7.3), on a sample of the
catalogue that is never larger than `SAMPLE`, so that what is called near does not get nearer as a catalogue grows.
docs/evaluation.md has how far spaces differ before and after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embeddings.fusion.base import Array, present_rows

SAMPLE = 2_000  # products; 2,000 x 2,000 cosines take 0.1 s
MIN_PRODUCTS = 40  # of fewer nobody can say what is ordinary, and a cosine is shown as it is
SAME_PRODUCT = 0.9999  # a cosine above it is the product itself, or a copy, and says nothing of how near others come
NEAREST, TENTH = 0.8, 0.5  # what they are shown as
TENTH_PLACE = 10
APART = 0.01  # of cosine, between two landmarks at least: nothing is torn apart that is all but equal

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SimilarityScale:
    """A strictly rising map of [-1, 1] onto itself, linear between landmarks; without any it changes nothing."""

    cosines: tuple[float, ...] = ()  # rising, from -1 to 1
    shown: tuple[float, ...] = ()  # of each, what it is shown as

    @property
    def is_fitted(self) -> bool:
        return bool(self.cosines)

    @classmethod
    def fit(cls, vectors: Array, *, seed: int = 0) -> SimilarityScale:
        """Fit on unit rows (n, dim); zero rows are left out."""
        rows = vectors[present_rows(vectors)]
        if len(rows) < MIN_PRODUCTS:
            return cls()
        sample = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:SAMPLE])].astype(np.float32)
        cosines = sample @ sample.T
        any_two = float(np.median(cosines[np.triu_indices(len(cosines), 1)]))
        np.fill_diagonal(cosines, -1)
        cosines[cosines > SAME_PRODUCT] = -1
        ranked = -np.partition(-cosines, (0, TENTH_PLACE - 1), axis=1)[:, :TENTH_PLACE]
        nearest, tenth = (float(np.median(ranked[:, place])) for place in (0, TENTH_PLACE - 1))
        return cls._between({any_two: 0.0, tenth: TENTH, nearest: NEAREST})

    @classmethod
    def _between(cls, landmarks: Mapping[float, float]) -> SimilarityScale:
        """Return the scale through landmarks in rising order, moved apart where they all but coincide."""
        cosines = [1.0]
        for cosine in reversed([*landmarks]):
            cosines.append(min(cosine, cosines[-1] - APART))
        return cls((-1.0, *(round(cosine, 6) for cosine in cosines[::-1])), (-1.0, *landmarks.values(), 1.0))

    def show(self, cosines: npt.ArrayLike) -> Numbers:
        """Return what cosines are shown as, of any shape; NaN stays NaN."""
        values = np.asarray(cosines, dtype=np.float64)
        return np.interp(values, self.cosines, self.shown) if self.is_fitted else values

    def find_cosine(self, shown: float) -> float:
        """Return the cosine that is shown as `shown`."""
        return float(np.interp(shown, self.shown, self.cosines)) if self.is_fitted else shown

    def to_numbers(self) -> list[list[float]]:
        """Return the cosines of the landmarks and what each is shown as."""
        return [list(self.cosines), list(self.shown)] if self.is_fitted else []

    @classmethod
    def from_numbers(cls, numbers: Sequence[Sequence[float]] | None) -> SimilarityScale:
        """Return the scale that `to_numbers` described; one that changes nothing where there is none."""
        if not numbers:
            return cls()
        cosines, shown = numbers
        return cls(tuple(map(float, cosines)), tuple(map(float, shown)))


AS_IT_IS = SimilarityScale()


def fit_scales(vectors: Mapping[str, Array], *, seed: int = 0) -> dict[str, SimilarityScale]:
    """Return the scale of each kind of vectors, (n, its dim) by name; those that could not be fitted are left out."""
    scales = {name: SimilarityScale.fit(rows, seed=seed) for name, rows in vectors.items()}
    return {name: scale for name, scale in scales.items() if scale.is_fitted}
