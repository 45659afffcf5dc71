"""What a missing modality would probably look like, so that a product without a picture still meets products with one.

Plain concatenation gives a product without a picture the cosine `sqrt(w_t) cos(t, t')` against complete products and
`cos(t, t')` against others like it: buried by the first, crowded together by the second. The absent vector is therefore
predicted from those that are present by ridge regression on the products that have several (Hoerl & Kennard 1970), its
penalty chosen by generalised cross-validation (Golub, Heath & Wahba 1979).

A prediction lies closer to the middle of the catalogue than any real vector, so everything is near to it and it would
be recommended too often. As in stochastic regression imputation (Little & Rubin 2002, section 4.3) the part that cannot
be predicted is therefore filled with noise: random Fourier features of the present vector (Rahimi & Recht 2007), so
equal products get equal noise and different ones get unrelated noise. How much is found by hiding the modality of
products that have it, until they are recommended as often as the rest: by concatenation here, by all that is learned in
exposure.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_modalities, present_rows, spread_strength
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
CONFIDENCE = "_confidence"  # how the names of their arrays end


@dataclass(frozen=True)
class Prediction:
    """One modality from the others: `c p + sqrt(1 - c^2) e`, p: the unit ridge prediction, e: noise orthogonal to p.

    The others stand side by side, zero where a product lacks one: so the prediction is a sum over those that it has.
    """

    weights: Array  # (d_in, d_out), d_in: of all others together; zeros where nothing could be learned
    noise: Array  # (d_in, d_out)
    confidence: float  # c in [0, 1]

    def predict(self, inputs: Array, *, reach: Array | float = 1.0) -> Array:
        """Return (n, d_out) unit rows for `inputs` (n, d_in); zero rows where nothing can be said.

        Of c counts `reach`, one or (n,) in [0, 1]: what is like nothing that was fitted on is like nothing predicted.
        """
        likely = unit_rows(inputs @ self.weights)
        features = np.cos(NOISE_FREQUENCY * (inputs @ self.noise) + np.arange(self.noise.shape[1]))
        features -= np.sum(features * likely, axis=1, keepdims=True) * likely
        confidence = spread_strength(self.confidence, reach, count=len(likely))
        mixed = confidence * likely + np.sqrt(1 - confidence**2) * unit_rows(features)
        return unit_rows(np.where(present_rows(likely)[:, None], mixed, 0))


@dataclass(frozen=True)
class Imputation:
    """A prediction of each modality from the others."""

    predictions: Mapping[str, Prediction]

    @classmethod
    def fit(cls, vectors: Vectors, *, weights: Mapping[str, float], seed: int = 0) -> Self:
        """Fit on unit rows by modality, using the products that have several; `weights`: what each counts."""
        several = np.flatnonzero(present_modalities(vectors).sum(axis=1) > 1)
        generator = np.random.default_rng(seed)
        tuning = np.sort(generator.permutation(len(several))[:TUNING_PRODUCTS])
        known = {name: rows[several] for name, rows in vectors.items()}
        predictions = {}
        for name in reversed(known):  # what was fitted on text and image drew the noise of the image first
            drawn = _fit_prediction(known, name, generator)
            sample = {other: rows[tuning] for other, rows in known.items()}
            predictions[name] = _tune(drawn, sample, name, weights, seed=seed)
        return cls(predictions=predictions)

    def fill(self, vectors: Vectors, *, reach: Array | float = 1.0) -> dict[str, Array]:
        """Return the vectors with zero rows replaced by unit predictions, if there is something to predict from."""
        filled = dict(vectors)
        for name, rows in vectors.items():
            if name in self.predictions and not (present := present_rows(rows)).all():
                predicted = self.predictions[name].predict(put_beside(vectors, name), reach=reach)
                filled[name] = np.where(present[:, None], rows, predicted)
        return filled

    def to_arrays(self) -> dict[str, Array]:
        named = {}
        for name, prediction in self.predictions.items():
            named[f"{name}_weights"] = prediction.weights
            named[f"{name}_noise"] = prediction.noise
            named[f"{name}{CONFIDENCE}"] = np.array([prediction.confidence], dtype=np.float32)
        return named

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        names = [name.removesuffix(CONFIDENCE) for name in arrays if name.endswith(CONFIDENCE)]
        return cls(
            predictions={
                name: Prediction(
                    weights=arrays[f"{name}_weights"],
                    noise=arrays[f"{name}_noise"],
                    confidence=float(arrays[f"{name}{CONFIDENCE}"][0]),
                )
                for name in names
            }
        )


def put_beside(vectors: Vectors, name: str) -> Array:
    """Return (n, d_in): all modalities but one, side by side."""
    others = [rows for other, rows in vectors.items() if other != name]
    return np.concatenate(others, axis=1) if others else np.zeros((len(vectors[name]), 0), dtype=np.float32)


def _fit_prediction(known: Vectors, name: str, generator: np.random.Generator) -> Prediction:
    """Return the prediction of a modality, fitted on the products that have it among those that have several."""
    present = present_rows(known[name])
    inputs, targets = put_beside(known, name)[present], known[name][present]
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


def _tune(prediction: Prediction, sample: Vectors, name: str, weights: Mapping[str, float], *, seed: int) -> Prediction:
    """Return `prediction` with the confidence under which products with a hidden modality get their fair share.

    `sample`: rows by modality, of products that have several.
    """
    present = present_rows(sample[name])
    known = {other: rows[present] for other, rows in sample.items()}
    inputs, targets = put_beside(known, name), known[name]
    if len(inputs) < 2 * MIN_COMPLETE_PRODUCTS or not prediction.weights.any():
        return prediction
    others = sum(weights[other] * (rows @ rows.T) for other, rows in known.items() if other != name)
    excess = np.zeros(len(CONFIDENCES))
    for trial in range(TRIALS):
        hidden = np.random.default_rng(seed + trial).random(len(inputs)) < HIDDEN_SHARE
        learned = replace(prediction, weights=fit_ridge(inputs[~hidden], targets[~hidden]))
        if not hidden.any() or not learned.weights.any():
            return prediction
        for position, confidence in enumerate(CONFIDENCES):
            filled = targets.copy()
            filled[hidden] = replace(learned, confidence=confidence).predict(inputs[hidden])
            similarity = others + weights[name] * (filled @ filled.T)
            excess[position] += measure_exposure(similarity, hidden)
    return replace(prediction, confidence=CONFIDENCES[int(np.argmin(np.abs(np.log(excess / TRIALS + 1e-9))))])


def measure_exposure(similarity: Array, marked: np.ndarray) -> float:
    """Return how often marked products (n,) are among the ten nearest (n, n), relative to their share: 1 is fair."""
    masked = similarity.copy()
    np.fill_diagonal(masked, -np.inf)
    count = min(NEIGHBOURS, len(masked) - 1)
    nearest = np.argpartition(-masked, count - 1, axis=1)[:, :count]
    return float(marked[nearest].mean() / marked.mean())
