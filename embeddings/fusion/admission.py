"""Which modalities a catalogue gains from: each beyond the first two has to show it on that catalogue, without labels.

The first two are there; of them nothing could be said that the one does not say of the other. A further one is admitted
where, joined to the rest, it tells better what each admitted modality finds alike than the rest does alone: clearly by
the marks of selection.py together, and by neither clearly worse, as settings are chosen. Against each of them, since a
modality that repeats another one predicts that one well, and nothing else: one that reads the same source is for that
reason never asked about it (views.py). What is compared is vectors that a memory has moved as it will: that is what
will be shown, and gains of words in particular show only then. What is not admitted has the weight 0, and still speaks
for a product that has nothing else.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_modalities, present_rows
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.memory import Memory
from embeddings.fusion.selection import MIN_COMPLETE_PRODUCTS, Scores, split
from embeddings.fusion.views import GIVEN, find_views, join_views

CLEAR = 2.0  # standard errors that both marks together have to gain
WORSE = -1.0  # standard errors by which neither of them may fall
MEMORY = 0.5
NOTHING = (0.0, 0.0, 0.0)
TARGET = ""  # the view that is asked about, beside modalities by name


def admit_modalities(
    vectors: Vectors, weights: Mapping[str, float], sources: Mapping[str, str], *, seed: int = 0
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the weights, 0 for what does not help, and by modality the least gains in standard errors.

    Of each mark, and of both together. sources: of a modality that reads what another one reads, which.
    """
    names = list(vectors)
    admitted, report = names[:GIVEN], {}
    for name in names[GIVEN:]:
        views = find_views({known: weights[known] for known in admitted}, sources)
        others = [view for source, view in views.items() if source != sources.get(name, name)]
        gains = [_measure(vectors, weights, (*admitted, name), target=target, seed=seed) for target in others]
        agreement, neighbours, together = (min(marks) for marks in zip(*gains or [NOTHING], strict=True))
        report[name] = {
            "weight": weights[name],
            "agreement": agreement,
            "neighbours": neighbours,
            "together": together,
        }
        if together > CLEAR and min(agreement, neighbours) > WORSE:
            admitted.append(name)
    return {name: weight if name in admitted else 0.0 for name, weight in weights.items()}, report


def _measure(
    vectors: Vectors, weights: Mapping[str, float], names: Sequence[str], *, target: Mapping[str, float], seed: int
) -> tuple[float, float, float]:
    """Return what the last of `names` adds to the others in telling what a view finds alike, in standard errors.

    In agreement, in neighbours and in both, on products that have the target and one of the others; 0 where they are
    too few.
    """
    *known, candidate = (name for name in names if name not in target)
    told = present_modalities({name: vectors[name] for name in known}).any(axis=1)
    asked = join_views(vectors, {TARGET: target})[TARGET]
    rows = np.flatnonzero(told & present_rows(asked))
    if len(rows) < MIN_COMPLETE_PRODUCTS:
        return NOTHING
    without, beside = Scores(), Scores()
    seen = {name: vectors[name] for name in (*known, candidate)} | {TARGET: asked}
    for fold in split({name: values[rows] for name, values in seen.items()}, seed=seed):
        wanted = fold.held[TARGET] @ fold.held[TARGET].T
        for marks, shown in ((without, known), (beside, [*known, candidate])):
            bank, held = (_join(rows, shown, weights) for rows in (fold.fitted, fold.held))
            fused = Memory(bank=bank, strength=MEMORY).smooth(held)
            marks.add(fused @ fused.T, wanted)
    agreement = np.subtract(beside.agreement, without.agreement)
    neighbours = np.subtract(beside.neighbours, without.neighbours)
    return _count_errors(agreement), _count_errors(neighbours), _count_errors(beside.totals - without.totals)


def _join(vectors: Vectors, names: Sequence[str], weights: Mapping[str, float]) -> Array:
    """Return the concatenation of some of the modalities, unit rows."""
    shown = {name: vectors[name] for name in names}
    count = len(next(iter(shown.values())))
    return ConcatFusion().fuse(shown, {name: np.full(count, weights[name], dtype=np.float32) for name in names})


def _count_errors(gains: np.ndarray) -> float:
    """Return the mean of paired gains in standard errors."""
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    return float(gains.mean() / error) if error > 0 else 0.0
