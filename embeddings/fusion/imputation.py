"""What a missing modality would probably look like, so that a product without a picture still meets products with one.

Plain concatenation gives a product without a picture the cosine `sqrt(w_t) cos(t, t')` against complete products and
`cos(t, t')` against others like it: buried by the first, crowded together by the second. The absent vector is therefore
predicted from the present one by ridge regression on the catalogue's complete products (Hoerl & Kennard 1970), its
penalty chosen by generalised cross-validation (Golub, Heath & Wahba 1979).

A prediction lies closer to the middle of the catalogue than any real vector, so everything is near to it and it would
be recommended too often. As in stochastic regression imputation (Little & Rubin 2002, section 4.3) the part that cannot
be predicted is therefore filled with noise: random Fourier features of the present vector (Rahimi & Recht 2007), so
equal products get equal noise and different ones get unrelated noise. How much is found by hiding the modality of
products that have it, until they are recommended as often as the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from embeddings.fusion.base import Array, present_rows
from embeddings.fusion.factorisation import find_axes
from embeddings.unit_rows import unit_rows

MIN_COMPLETE_PRODUCTS = 10  # with fewer there is nothing to learn a prediction from
PENALTIES = np.logspace(-3, 3, 13)
NOISE_FREQUENCY = 4.0  # the noise of two unit vectors has about the cosine exp(-8 (their distance)^2)
CONFIDENCES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.15)
HIDDEN_SHARE = 0.3
TRIALS = 3
TUNING_PRODUCTS = 1_500  # enough to measure a share of recommendations to a few per cent
NEIGHBOURS = 10


@dataclass(frozen=True)
class Prediction:
    """One modality from the other: `c p + sqrt(1 - c^2) e`, p: the unit ridge prediction, e: noise orthogonal to p."""

    weights: Array  # (d_in, d_out); zeros where nothing could be learned
    noise: Array  # (d_in, d_out)
    confidence: float  # c in [0, 1]

    def predict(self, vectors: Array) -> Array:
        """Return (n, d_out) unit rows for `vectors` (n, d_in); zero rows where nothing can be said."""
        likely = unit_rows(vectors @ self.weights)
        features = np.cos(NOISE_FREQUENCY * (vectors @ self.noise) + np.arange(self.noise.shape[1]))
        features -= np.sum(features * likely, axis=1, keepdims=True) * likely
        mixed = self.confidence * likely + np.sqrt(1 - self.confidence**2) * unit_rows(features)
        return unit_rows(np.where(present_rows(likely)[:, None], mixed, 0))


@dataclass(frozen=True)
class Imputation:
    """Predictions of each modality from the other."""

    image: Prediction
    text: Prediction

    @classmethod
    def fit(cls, text: Array, image: Array, *, text_weight: float, seed: int = 0) -> Self:
        """Fit on text (n, text_dim) and image (n, image_dim) unit rows, using the products that have both."""
        both = np.flatnonzero(present_rows(text) & present_rows(image))
        generator = np.random.default_rng(seed)
        known = (text[both], image[both])
        few = np.sort(generator.permutation(len(both))[:TUNING_PRODUCTS])
        sample = (known[0][few], known[1][few])
        return cls(
            image=_tune(_fit_prediction(known[0], known[1], generator), sample, text_weight, seed=seed),
            text=_tune(_fit_prediction(known[1], known[0], generator), sample[::-1], 1 - text_weight, seed=seed),
        )

    def fill(self, text: Array, image: Array) -> tuple[Array, Array]:
        """Return text and image with zero rows replaced by unit predictions, if there is something to predict from."""
        text_filled, image_filled = text, image
        if not (lacking := present_rows(text)).all():
            text_filled = np.where(lacking[:, None], text, self.text.predict(image))
        if not (lacking := present_rows(image)).all():
            image_filled = np.where(lacking[:, None], image, self.image.predict(text))
        return text_filled, image_filled

    def to_arrays(self) -> dict[str, Array]:
        named = {}
        for modality, prediction in (("image", self.image), ("text", self.text)):
            named[f"{modality}_weights"] = prediction.weights
            named[f"{modality}_noise"] = prediction.noise
            named[f"{modality}_confidence"] = np.array([prediction.confidence], dtype=np.float32)
        return named

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        image, text = (
            Prediction(
                weights=arrays[f"{modality}_weights"],
                noise=arrays[f"{modality}_noise"],
                confidence=float(arrays[f"{modality}_confidence"][0]),
            )
            for modality in ("image", "text")
        )
        return cls(image=image, text=text)


def _fit_prediction(inputs: Array, targets: Array, generator: np.random.Generator) -> Prediction:
    noise = generator.standard_normal((inputs.shape[1], targets.shape[1])).astype(np.float32)
    return Prediction(weights=fit_ridge(inputs, targets), noise=noise, confidence=1.0)


def fit_ridge(inputs: Array, targets: Array) -> Array:
    """Return the (d_in, d_out) matrix of the ridge regression whose generalised cross-validation error is least."""
    count = len(inputs)
    if count < MIN_COMPLETE_PRODUCTS or not targets.shape[1] or not inputs.shape[1]:
        return np.zeros((inputs.shape[1], targets.shape[1]), dtype=np.float32)
    wide = targets.astype(np.float64)
    values, directions = find_axes(inputs.astype(np.float64).T @ inputs)
    values = np.maximum(values, 0)
    moments = directions.T @ (inputs.astype(np.float64).T @ wide)  # (d_in, d_out): directions against targets
    energy, explained = np.sum(wide**2), np.sum(moments**2, axis=1)
    errors = []
    for penalty in PENALTIES:
        keep = 1 / (values + penalty)
        residual = energy - np.sum((2 * keep - values * keep**2) * explained)
        errors.append(residual / max(count - np.sum(values * keep), 1e-9) ** 2)
    keep = 1 / (values + PENALTIES[int(np.argmin(errors))])
    coefficients: Array = (directions @ (keep[:, None] * moments)).astype(np.float32)
    return coefficients


def _tune(prediction: Prediction, sample: tuple[Array, Array], weight: float, *, seed: int) -> Prediction:
    """Return `prediction` with the confidence under which products with a hidden modality get their fair share.

    `sample`: present (m, d_in) and hidden (m, d_out) modality of complete products; `weight`: the present one's.
    """
    inputs, targets = sample
    if len(inputs) < 2 * MIN_COMPLETE_PRODUCTS or not prediction.weights.any():
        return prediction
    excess = np.zeros(len(CONFIDENCES))
    for trial in range(TRIALS):
        hidden = np.random.default_rng(seed + trial).random(len(inputs)) < HIDDEN_SHARE
        learned = replace(prediction, weights=fit_ridge(inputs[~hidden], targets[~hidden]))
        if not hidden.any() or not learned.weights.any():
            return prediction
        for position, confidence in enumerate(CONFIDENCES):
            filled = targets.copy()
            filled[hidden] = replace(learned, confidence=confidence).predict(inputs[hidden])
            similarity = weight * (inputs @ inputs.T) + (1 - weight) * (filled @ filled.T)
            excess[position] += measure_exposure(similarity, hidden)
    return replace(prediction, confidence=CONFIDENCES[int(np.argmin(np.abs(np.log(excess / TRIALS + 1e-9))))])


def measure_exposure(similarity: Array, marked: np.ndarray) -> float:
    """Return how often marked products (n,) are among the ten nearest (n, n), relative to their share: 1 is fair."""
    masked = similarity.copy()
    np.fill_diagonal(masked, -np.inf)
    count = min(NEIGHBOURS, len(masked) - 1)
    nearest = np.argpartition(-masked, count - 1, axis=1)[:, :count]
    return float(marked[nearest].mean() / marked.mean())
