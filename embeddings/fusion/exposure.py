"""Products that lack a modality are recommended as often as the rest: found with the recipe that will be used.

The confidence of a prediction is tuned by concatenation where it is fitted (imputation.py). A shared space and a memory
move products that lack a modality otherwise than complete ones, so it is tuned again around them: the modality of
complete products is hidden and their share among the nearest is counted, once with a space that was learned from them
too, which makes them too common, and once with one that was learned without them, from fewer products than there are,
which makes them too rare: the truth lies between, as in the .632 rule (Efron 1983). No label is seen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

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

# Of a product that lacks a modality: how sure its prediction is, and how much of what is learned counts for it. From
# what makes it most common to what makes it rarest. Less than .85 loses neighbours before it makes it rarer.
LEVELS = (
    *((1.0, counts) for counts in (1.4, 1.2, 1.0)),
    *((confidence, 0.85) for confidence in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.15, 0.0)),
)
TRIALS = 2  # sets of hidden products, each looked at both ways
MAX_PRODUCTS = 600  # enough to measure a share to a few per cent, and a second of work

Counts = dict[str, float]  # by the modality that is missing: how much of what is learned counts then
Recipe = Callable[[Imputation, Counts], Array]  # fused unit rows of the products that the recipe was made for
MakeRecipe = Callable[[Vectors, Vectors], Recipe]  # for products as the first says, all learned from the second
Trial = tuple[np.ndarray, Recipe, Prediction]  # which products (n,) lost a modality, and what is known without it


def tune_imputation(
    imputation: Imputation, vectors: Vectors, make: MakeRecipe, *, weights: Mapping[str, float], seed: int = 0
) -> tuple[Imputation, Counts]:
    """Return `imputation` with the confidence in each modality under which those without it get their fair share.

    And how much of what is learned has to count for them.
    """
    several = np.flatnonzero(present_modalities(vectors).sum(axis=1) > 1)
    kept = np.sort(np.random.default_rng(seed).permutation(several)[:MAX_PRODUCTS])
    known = {name: rows[kept] for name, rows in vectors.items()}
    predictions, counts = dict(imputation.predictions), {}
    for name in imputation.predictions:
        trials = list(_hide(imputation, known, name, make, seed=seed)) if weights[name] else []
        if trials:
            confidence, counts[name] = _find_fair(partial(_measure, imputation, name, trials))
            predictions[name] = replace(predictions[name], confidence=confidence)
    return Imputation(predictions=predictions), counts


def _hide(imputation: Imputation, known: Vectors, name: str, make: MakeRecipe, *, seed: int) -> Iterator[Trial]:
    """Yield products that lost the modality, with recipes that were learned with it and without it."""
    fitted, present = imputation.predictions[name], present_rows(known[name])
    if present.sum() < 3 * MIN_COMPLETE_PRODUCTS or not fitted.weights.any():
        return
    for trial in range(TRIALS):
        hidden = present & (np.random.default_rng(seed + trial).random(len(present)) < HIDDEN_SHARE)
        if not hidden.any():
            continue
        left = {other: rows * ~hidden[:, None] if other == name else rows for other, rows in known.items()}
        seen = present & ~hidden
        ridge = fit_ridge(put_beside(left, name)[seen], known[name][seen])
        for learned_from in (known, left):
            yield hidden, make(left, learned_from), replace(fitted, weights=ridge)


def _measure(imputation: Imputation, name: str, trials: Sequence[Trial], level: tuple[float, float]) -> float:
    """Return the mean exposure of those that lost the modality, at one of LEVELS."""
    confidence, counts = level
    shares = []
    for hidden, recipe, learned in trials:
        tried = {**imputation.predictions, name: replace(learned, confidence=confidence)}
        fused = recipe(Imputation(predictions=tried), {name: counts})
        shares.append(measure_exposure(fused @ fused.T, hidden))
    return float(np.mean(shares))


def _find_fair(measure: Callable[[tuple[float, float]], float]) -> tuple[float, float]:
    """Return the level whose exposure, which falls from the first to the last, is nearest to 1: by halving."""
    low, high = 0, len(LEVELS) - 1
    measured: dict[int, float] = {}

    def find(position: int) -> float:
        if position not in measured:
            measured[position] = measure(LEVELS[position])
        return measured[position]

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if find(middle) > 1 else (low, middle)
    return LEVELS[min((low, high), key=lambda position: abs(np.log(find(position) + 1e-9)))]
