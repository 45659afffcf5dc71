"""How much of what can be learned from a catalogue to trust: decided on products that were held back, without labels.

A representation is good if one modality alone, seen through it, tells which products the others find alike. So text
alone is compared with the raw pictures of held-back products, and pictures alone with their raw texts. On a catalogue
too small to learn from this gets worse, not better, and nothing is then learned.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_modalities, present_rows
from embeddings.fusion.canonical_correlation import find_all_axes, fit_shared
from embeddings.fusion.memory import Memory
from embeddings.unit_rows import unit_rows

# Directions are scaled by how much the modalities agree in them, so that weak ones count little. With fewer, of which
# the least that did as well was taken, 25 simulated catalogues gained .042 nDCG@10 on the mean and lost .115 at worst,
# with 64 .053 and .002: what tells two designs of one kind apart is in the weak ones (docs/evaluation.md).
DIM = 64
PENALTIES = (1.0, 2.0, 4.0, 8.0, 16.0)
# Of the best gain, what a setting has to reach: of those that do, the one that forgets least. What both modalities say
# most of may be the colour and not the kind, and a high penalty leaves little else; no mark of theirs can tell.
ENOUGH = 0.7
STRENGTHS = (0.15, 0.3, 0.5, 0.7)  # 0.85 gained nothing more, and lost .033 where .7 lost .021
# From the most to nothing, each left only where the next does clearly better. Chosen the other way, as more where that
# was clear, 25 catalogues gained .009 nDCG@10 by memory in place of .013, 11 others .008 in place of .009.
MEMORIES = (1.0, 0.5, 0.0)
FOLDS = 3
REPEATS = 2
MIN_COMPLETE_PRODUCTS = 30  # ten to a fold: below, a score says nothing
MAX_PRODUCTS = 1_500  # a sample is enough to choose three numbers, and keeps it to seconds
NEIGHBOURS = 5
LEAST_SPREAD = 1e-6  # of similarities; less is rounding noise of float32
CAUTION = 2.5  # standard errors that a shared space must gain: the best of 20 gains more than one by luck
LUCK = 5.0  # gain in both marks together, times products, that is still luck: 0.03 at 120 products of pure noise


@dataclass(frozen=True)
class Settings:
    """What is learned, and how much it counts. The default learns nothing."""

    dim: int = DIM
    penalty: float = PENALTIES[0]
    strength: float = 0.0  # of the shared space beside concatenation
    memory: float = 0.0  # of the neighbours


@dataclass
class Scores:
    """The marks of one setting, one for each fold and direction."""

    agreement: list[float] = field(default_factory=list)  # correlation with the other modality's similarities
    neighbours: list[float] = field(default_factory=list)  # mean share of its nearest five that are found, discounted

    @property
    def totals(self) -> np.ndarray:
        """Both marks count alike: the one sees the whole catalogue, the other one the neighbours that are shown."""
        totals: np.ndarray = np.array(self.agreement) + np.array(self.neighbours)
        return totals

    def add(self, similarity: Array, target: Array) -> None:
        self.agreement.append(_correlate(similarity, target))
        self.neighbours.append(float(find_neighbours(similarity, target).mean()))


@dataclass(frozen=True)
class Fold:
    """Products that have several modalities, some held back."""

    fitted: Vectors
    held: Vectors

    def directions(self) -> Iterator[tuple[str, Array, Array, Array]]:
        """Yield a modality, its fitted rows, its held rows, and what the others say of the held: similarities."""
        for name, fitted in self.fitted.items():
            present = present_rows(self.held[name])
            others = [rows[present] for other, rows in self.held.items() if other != name]
            yield name, fitted[present_rows(fitted)], self.held[name][present], compare_others(others)


def compare_others(others: Sequence[Array]) -> Array:
    """Return (n, n): the mean cosine of two products over the modalities that both have, 0 where there is none."""
    total = sum(rows @ rows.T for rows in others)
    if len(others) == 1:
        return np.asarray(total)
    shared = sum(np.outer(present_rows(rows), present_rows(rows)).astype(np.float32) for rows in others)
    mean: Array = (np.asarray(total) / np.maximum(shared, 1)).astype(np.float32)
    return mean


def choose_settings(
    vectors: Vectors, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> tuple[Settings, dict[str, float]]:
    """Return the settings for a catalogue's calibrated vectors, and how they were judged."""
    several = np.flatnonzero(present_modalities(vectors).sum(axis=1) > 1)
    chosen, report = Settings(), {"complete_products": float(len(several))}
    if len(several) < MIN_COMPLETE_PRODUCTS:
        return chosen, report
    folds = list(split({name: rows[several] for name, rows in vectors.items()}, seed=seed))
    scores: dict[Settings, Scores] = {}
    for position, fold in enumerate(folds):
        _score_shared(fold, scores)
        if progress is not None:
            progress(position + 1, 2 * len(folds))
    chosen = _pick(scores, Settings(), errors=CAUTION, least=LUCK / len(several))
    smoothed: dict[Settings, Scores] = {}
    for position, fold in enumerate(folds):
        if chosen.strength:
            _score_memory(fold, chosen, smoothed)
        if progress is not None:
            progress(len(folds) + position + 1, 2 * len(folds))
    final = _lean_on_neighbours(smoothed, chosen) if chosen.strength else chosen
    for name, marks in (("concat", scores[Settings()]), ("learned", (smoothed or scores)[final])):
        report[f"agreement_{name}"] = float(np.mean(marks.agreement))
        report[f"neighbours_{name}"] = float(np.mean(marks.neighbours))
    return final, report


def split(vectors: Vectors, *, seed: int) -> Iterator[Fold]:
    """Yield the products in folds, each held back once in each repeat."""
    count = len(next(iter(vectors.values())))
    for repeat in range(REPEATS):
        order = np.random.default_rng(seed + repeat).permutation(count)[:MAX_PRODUCTS]
        for part in range(FOLDS):
            held = np.zeros(len(order), dtype=bool)
            held[part::FOLDS] = True
            fitted, kept = order[~held], order[held]
            yield Fold(
                fitted={name: rows[fitted] for name, rows in vectors.items()},
                held={name: rows[kept] for name, rows in vectors.items()},
            )


def _score_shared(fold: Fold, scores: dict[Settings, Scores]) -> None:
    """Add this fold's marks of concatenation alone and of every shared space beside it."""
    sides = [(name, held, held @ held.T, target) for name, _, held, target in fold.directions()]
    for _, _, plain, target in sides:
        scores.setdefault(Settings(), Scores()).add(plain, target)
    axes = find_all_axes(fold.fitted)
    for penalty in PENALTIES:
        projections = fit_shared(fold.fitted, dim=DIM, penalty=penalty, axes=axes)
        for name, held, plain, target in sides:
            learned = unit_rows(held @ projections[name])
            shared = learned @ learned.T
            for strength in STRENGTHS:
                settings = Settings(dim=DIM, penalty=penalty, strength=strength)
                scores.setdefault(settings, Scores()).add((1 - strength) * plain + strength * shared, target)


def _score_memory(fold: Fold, chosen: Settings, scores: dict[Settings, Scores]) -> None:
    """Add this fold's marks of the chosen shared space with and without memory of the fitted products."""
    projections = fit_shared(fold.fitted, dim=chosen.dim, penalty=chosen.penalty)
    for name, fitted, held, target in fold.directions():
        rows = [
            np.concatenate(
                [
                    np.sqrt(1 - chosen.strength) * vectors,
                    np.sqrt(chosen.strength) * unit_rows(vectors @ projections[name]),
                ],
                axis=1,
            )
            for vectors in (fitted, held)
        ]
        for strength in MEMORIES:
            smoothed = Memory(bank=unit_rows(rows[0]), strength=strength).smooth(unit_rows(rows[1]))
            scores.setdefault(replace(chosen, memory=strength), Scores()).add(smoothed @ smoothed.T, target)


def _pick(scores: dict[Settings, Scores], current: Settings, *, errors: float, least: float) -> Settings:
    """Return the settings that are better than the current ones by so many standard errors, and in no mark worse.

    Of those that gain most of what the best one gains, that with the least penalty, and then the weakest.
    """
    base = scores[current]
    gains = {settings: marks.totals - base.totals for settings, marks in scores.items()}
    better = [
        settings
        for settings, marks in scores.items()
        if _is_clear(gains[settings], errors=errors)
        and np.mean(gains[settings]) > least
        and np.mean(marks.agreement) >= np.mean(base.agreement)
        and np.mean(marks.neighbours) >= np.mean(base.neighbours)
    ]
    if not better:
        return current
    best = max(float(gains[settings].mean()) for settings in better)
    enough = [settings for settings in better if gains[settings].mean() >= ENOUGH * best]
    return min(enough, key=lambda settings: (settings.penalty, settings.strength))


def _lean_on_neighbours(scores: dict[Settings, Scores], chosen: Settings) -> Settings:
    """Return the settings with as much memory as does not clearly worse than less of it.

    Neighbours are worth leaning on only where what makes them alike is known to hold: where a shared space is trusted.
    """
    most, *fewer = (replace(chosen, memory=memory) for memory in MEMORIES)
    for less in fewer:
        if _is_clear(scores[less].totals - scores[most].totals):
            most = less
    return most


def _is_clear(gains: np.ndarray, *, errors: float = 1.0) -> bool:
    """Return True if the mean of paired gains is above so many standard errors."""
    return bool(gains.mean() > errors * gains.std(ddof=1) / np.sqrt(len(gains)))


def _correlate(similarity: Array, target: Array) -> float:
    """Return the Pearson correlation of two similarity matrices (n, n) outside of their diagonals.

    0 where all products are alike by either: one picture for all of them tells nothing.
    """
    others = ~np.eye(len(similarity), dtype=bool)
    pairs = similarity[others], target[others]
    if min(float(np.ptp(values)) for values in pairs) < LEAST_SPREAD:
        return 0.0
    return float(np.corrcoef(*pairs)[0, 1])


def correlate_rows(similarity: Array, target: Array) -> np.ndarray:
    """Return (n,): of each product, the correlation of its similarities to the others by both matrices (n, n).

    0 where all others are alike to it by either.
    """
    others = ~np.eye(len(similarity), dtype=bool)
    sides = [matrix[others].reshape(len(matrix), -1).astype(np.float64) for matrix in (similarity, target)]
    first, second = (rows - rows.mean(axis=1, keepdims=True) for rows in sides)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    told = np.minimum(*(np.ptp(rows, axis=1) for rows in sides)) >= LEAST_SPREAD
    return np.where(told, np.sum(first * second, axis=1) / np.where(told, lengths, 1), 0)


def find_neighbours(similarity: Array, target: Array) -> np.ndarray:
    """Return (n,) nDCG@10 of `similarity` (n, n), where the five nearest by `target` (n, n) are what is wanted."""
    wanted = np.zeros(target.shape, dtype=bool)
    np.put_along_axis(wanted, _rank(target, NEIGHBOURS), True, axis=1)
    found = np.take_along_axis(wanted, _rank(similarity, 2 * NEIGHBOURS), axis=1)
    discounts = 1 / np.log2(np.arange(2, found.shape[1] + 2))
    marks: np.ndarray = found @ discounts / discounts[: min(NEIGHBOURS, len(target) - 1)].sum()
    return marks


def _rank(similarity: Array, count: int) -> np.ndarray:
    """Return (n, count) positions of the nearest other rows, nearest first."""
    masked = similarity.copy()
    np.fill_diagonal(masked, -np.inf)
    ranked: np.ndarray = np.argsort(-masked, axis=1, kind="stable")[:, : min(count, len(masked) - 1)]
    return ranked
