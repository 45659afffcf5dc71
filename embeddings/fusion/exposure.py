"""Products that lack a modality are recommended as often as the rest: found with the recipe that will be used.

The confidence of a prediction is tuned by concatenation where it is fitted (imputation.py). A shared space and a memory
move products that lack a modality otherwise than complete ones, so it is tuned again around them: the modality of
complete products is hidden and their share among the nearest is counted, once with a space that was learned from them
too, which makes them too common, and once with one that was learned without them, from fewer products than there are,
which makes them too rare: the truth lies between, as in the .632 rule (Efron 1983). No label is seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_modalities, present_rows
from embeddings.fusion.imputation import (
    HIDDEN_SHARE,
    MIN_COMPLETE_PRODUCTS,
    Imputation,
    Prediction,
    fit_ridge,
    measure_exposure,
    put_beside,
)

CONFIDENCES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.15, 0.0)  # the surer, the more often it is recommended
TRIALS = 2  # sets of hidden products, each looked at both ways
MAX_PRODUCTS = 600  # enough to measure a share to a few per cent, and a second of work

Recipe = Callable[[Imputation], Array]  # fused unit rows of the products that the recipe was made for
MakeRecipe = Callable[[Vectors, Vectors], Recipe]  # for products as the first says, all learned from the second


def tune_imputation(
    imputation: Imputation, vectors: Vectors, make: MakeRecipe, *, weights: Mapping[str, float], seed: int = 0
) -> Imputation:
    """Return `imputation` with the confidence in each modality under which those without it get their fair share."""
    several = np.flatnonzero(present_modalities(vectors).sum(axis=1) > 1)
    kept = np.sort(np.random.default_rng(seed).permutation(several)[:MAX_PRODUCTS])
    known = {name: rows[kept] for name, rows in vectors.items()}
    tuned = {
        name: _tune(imputation, known, name, make, seed=seed) if weights[name] else prediction
        for name, prediction in imputation.predictions.items()
    }
    return Imputation(predictions=tuned)


def _tune(imputation: Imputation, known: Vectors, name: str, make: MakeRecipe, *, seed: int) -> Prediction:
    fitted = imputation.predictions[name]
    present = present_rows(known[name])
    if present.sum() < 3 * MIN_COMPLETE_PRODUCTS or not fitted.weights.any():
        return fitted
    trials = []
    for trial in range(TRIALS):
        hidden = present & (np.random.default_rng(seed + trial).random(len(present)) < HIDDEN_SHARE)
        if not hidden.any():
            continue
        left = {other: rows * ~hidden[:, None] if other == name else rows for other, rows in known.items()}
        seen = present & ~hidden
        ridge = fit_ridge(put_beside(left, name)[seen], known[name][seen])
        trials += [(hidden, make(left, known_of), replace(fitted, weights=ridge)) for known_of in (known, left)]

    def measure(confidence: float) -> float:
        shares = []
        for hidden, recipe, learned in trials:
            tried = {**imputation.predictions, name: replace(learned, confidence=confidence)}
            fused = recipe(Imputation(predictions=tried))
            shares.append(measure_exposure(fused @ fused.T, hidden))
        return float(np.mean(shares))

    return replace(fitted, confidence=_find_fair(measure)) if trials else fitted


def _find_fair(measure: Callable[[float], float]) -> float:
    """Return the confidence whose exposure, which falls with it, is nearest to 1: by halving, four are measured."""
    low, high = 0, len(CONFIDENCES) - 1
    measured: dict[int, float] = {}

    def find(position: int) -> float:
        if position not in measured:
            measured[position] = measure(CONFIDENCES[position])
        return measured[position]

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if find(middle) > 1 else (low, middle)
    return CONFIDENCES[min((low, high), key=lambda position: abs(np.log(find(position) + 1e-9)))]
