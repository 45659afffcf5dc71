"""Products that lack a modality are recommended as often as the rest: measured with the recipe that will be used.

The confidence of a prediction is tuned by concatenation where it is fitted (imputation.py). A shared space and a memory
move products that lack a modality otherwise than complete ones, so it is tuned again around them. A catalogue where
products lack the modality says itself how often they are among the nearest, and what counts for them is turned until
that is their share. Where there are none, or too few to tell, some that have it lose it: all is learned from what is
left, as if the catalogue had been like that. No label is seen.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

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
from embeddings.fusion.views import Views

# Of a product that lacks a modality: how sure its prediction is, and how much of what is learned counts for it. From
# what makes it most common to what makes it rarest; less than .85 costs neighbours, so the prediction fades first.
LEVELS = (
    *((1.0, counts) for counts in (1.4, 1.3, 1.2, 1.1, 1.0)),
    *((confidence, 0.85) for confidence in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.15, 0.0)),
    *((0.0, counts) for counts in (0.7, 0.5, 0.3)),
)
UNTOUCHED = LEVELS.index((1.0, 1.0))
FAIR = 0.03  # from 1: nothing is turned for less
ENOUGH = 20  # products whose share is measured to some 12 %; of fewer others are hidden
TRIALS = 3  # sets of hidden products
MAX_PRODUCTS = 1_000  # enough to measure a share to a few per cent, and a few seconds of work

Counts = dict[str, float]  # by the modality that is missing: how much of what is learned counts then
Recipe = Callable[[Imputation, Counts], Array]  # fused unit rows of the products that the recipe was made for


@dataclass(frozen=True)
class Learned:
    """What was learned from some products: made into a recipe for others, and which of these it reaches."""

    make_recipe: Callable[[Vectors], Recipe]
    find_reach: Callable[[Vectors], Array]  # (n,)


@dataclass(frozen=True)
class Trial:
    """Products of which some lack a modality, with a recipe for them, and how that modality is predicted."""

    lacking: np.ndarray  # (n,) booleans
    recipe: Recipe
    prediction: Prediction

    def measure(self, imputation: Imputation, counts: Counts, name: str, level: tuple[float, float]) -> float:
        """Return the exposure of those that lack the modality, at one of LEVELS."""
        confidence, counted = level
        predictions = {**imputation.predictions, name: replace(self.prediction, confidence=confidence)}
        fused = self.recipe(Imputation(predictions=predictions), {**counts, name: counted})
        return measure_exposure(fused @ fused.T, self.lacking)


def tune_imputation(
    imputation: Imputation,
    vectors: Vectors,
    learn: Callable[[Vectors], Learned],
    *,
    views: Views,
    seed: int = 0,
) -> tuple[Imputation, Counts]:
    """Return `imputation` with the confidence in each modality under which those without it get their fair share.

    And how much of what is learned has to count for them. learn: all that is learned from some products, but for the
    imputation. views: of the recipe; a product that loses one loses all of it. What is in none counts nothing or stays
    apart: nothing that is learned changes where it is lacking.
    """
    counts: Counts = {}
    for name, prediction in imputation.predictions.items():
        lost = [lost for view in views.values() if name in view for lost in (name, *view)]
        trials = list(_find_trials(prediction, vectors, lost, learn, seed=seed)) if lost else []
        if not trials:
            continue
        confidence, counted = _find_fair(_mean_exposure(trials, imputation, dict(counts), name))
        counts[name] = counted
        tuned = {**imputation.predictions, name: replace(prediction, confidence=confidence)}
        imputation = Imputation(predictions=tuned)
    return imputation, counts


def _mean_exposure(
    trials: Sequence[Trial], imputation: Imputation, counts: Counts, name: str
) -> Callable[[tuple[float, float]], float]:
    """Return a function of one of LEVELS."""
    return lambda level: float(np.mean([trial.measure(imputation, counts, name, level) for trial in trials]))


def _find_trials(
    prediction: Prediction, vectors: Vectors, lost: Sequence[str], learn: Callable[[Vectors], Learned], *, seed: int
) -> Iterator[Trial]:
    """Yield the catalogue itself where enough of it lack the first modality of `lost`, else a few without all of it."""
    name = lost[0]
    present = present_rows(vectors[name])
    if present.sum() < 3 * MIN_COMPLETE_PRODUCTS or not prediction.weights.any():
        return
    learned = learn(vectors)
    real = _try(vectors, name, learned, prediction, seed=seed)
    if real.lacking.sum() >= ENOUGH:
        yield real
        return
    several = present_modalities(vectors).sum(axis=1) > 1
    known = {other: rows[several] for other, rows in vectors.items()}
    for trial in range(TRIALS):
        hidden = np.random.default_rng(seed + trial).random(int(several.sum())) < HIDDEN_SHARE
        left = {other: rows * ~hidden[:, None] if other in lost else rows for other, rows in known.items()}
        seen = present_rows(left[name])
        ridge = fit_ridge(put_beside(left, name)[seen], left[name][seen])
        made = _try(left, name, learn(left), replace(prediction, weights=ridge), seed=seed)
        if made.lacking.any():
            yield made


def _try(vectors: Vectors, name: str, learned: Learned, prediction: Prediction, *, seed: int) -> Trial:
    """Return the trial of a sample of products. Those that nothing learned counts for do not lack it in this sense."""
    some = np.flatnonzero(present_modalities(vectors).any(axis=1))
    kept = np.sort(np.random.default_rng(seed).permutation(some)[:MAX_PRODUCTS])
    shown = {other: rows[kept] for other, rows in vectors.items()}
    lacking = ~present_rows(shown[name]) & (learned.find_reach(shown) > 0)
    return Trial(lacking=lacking, recipe=learned.make_recipe(shown), prediction=prediction)


def _find_fair(measure: Callable[[tuple[float, float]], float]) -> tuple[float, float]:
    """Return the level whose exposure, which falls from the first to the last, is nearest to 1: by halving.

    Nothing is turned where the untouched level is fair: what hardly moves an exposure would be turned to an end.
    """
    measured: dict[int, float] = {}

    def find(position: int) -> float:
        if position not in measured:
            measured[position] = measure(LEVELS[position])
        return measured[position]

    if abs(find(UNTOUCHED) - 1) <= FAIR:
        return LEVELS[UNTOUCHED]
    low, high = (UNTOUCHED, len(LEVELS) - 1) if find(UNTOUCHED) > 1 else (0, UNTOUCHED)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if find(middle) > 1 else (low, middle)
    return LEVELS[min((low, high), key=lambda position: abs(np.log(find(position) + 1e-9)))]
