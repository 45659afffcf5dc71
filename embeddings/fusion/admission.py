"""Which modalities a catalogue gains from: each beyond the first two has to show it on that catalogue, without labels.

The first two are there; of them nothing could be said that the one does not say of the other. A further one is admitted
where, joined to the rest, it tells better what each admitted view finds alike than the rest does alone: clearly by the
marks of selection.py together, and by neither clearly worse. Against each of them, since a modality that repeats
another one predicts that one well, and nothing else: one that reads the same source is for that reason never asked
about it (views.py). What is compared is what attention would show, with a shared space and a memory: attributes and
words gain in it what they do not by concatenation, and the other way round.

Gains are paired by product. Noise gains too: it takes a part of the weight of what a shared space replaces. So a
modality has to gain more than itself with its rows given to other products (a permutation test: Fisher 1935). What is
not admitted has the weight 0, and still speaks for a product that has nothing else.

One that says little, such as attributes of a few values, may help beside the rest and spoil a shared space, which is
then about those values in place of what text and picture agree on. So a modality with a source of its own that is not
admitted as a view is tried apart: in the concatenation, and nothing is learned from it.
"""

from collections.abc import Collection, Mapping
from functools import partial
from itertools import islice

import numpy as np

from embeddings.fusion.attention import start_attention
from embeddings.fusion.base import Array, Vectors, present_modalities
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.memory import Memory
from embeddings.fusion.selection import (
    FOLDS,
    MIN_COMPLETE_PRODUCTS,
    Fold,
    Settings,
    correlate_rows,
    find_neighbours,
    split,
)
from embeddings.fusion.views import APART, GIVEN, Views, find_views, join_views

CLEAR = 2.0  # standard errors that both marks together have to gain
CHANCE = 3.0  # and by which they have to beat themselves by chance: two such chances differ by up to 3.1
WORSE = -1.0  # standard errors by which neither of them may fall
SHOWN = Settings(penalty=4.0, strength=0.5, memory=1.0)  # what catalogues choose, or near it
DRAWS = 3  # of who is given whose
DIRECTIONS = 128  # of each modality, its first: enough to judge it, and of three modalities a tenth of the work

MARKS = ("agreement", "neighbours", "together", "over_chance")
Report = dict[str, float]  # by mark


def admit_modalities(
    vectors: Vectors, weights: Mapping[str, float], sources: Mapping[str, str], *, seed: int = 0
) -> tuple[dict[str, float], dict[str, str], dict[str, Report]]:
    """Return the weights, 0 for what does not help; the sources; and by modality the least gains in standard errors.

    Of each mark, of both together, and of both over chance. sources: of a modality that reads what another one reads,
    which; what is returned names those that stay apart as well.
    """
    names, report, read = list(vectors), {}, dict(sources)
    narrow = {name: rows[:, :DIRECTIONS] for name, rows in vectors.items()}
    counts = {name: weights[name] for name in names[:GIVEN]}
    for name in names[GIVEN:]:
        tried = {**counts, name: weights[name]}
        for way in [read] if name in read else [read, {**read, name: APART}]:
            least = _measure_least(narrow, tried, way, seed=seed)
            report[name] = {"weight": weights[name], **least}
            if _is_admitted(least):
                counts, read = tried, way
                break
    return {name: counts.get(name, 0.0) for name in weights}, read, report


def _measure_least(vectors: Vectors, weights: Mapping[str, float], sources: Mapping[str, str], *, seed: int) -> Report:
    """Return the least of what the last of `weights` adds to the others in telling what each of their views says."""
    *known, candidate = weights
    views = find_views({name: weights[name] for name in known}, sources)
    gains: list[Report] = []
    for asked in [view for source, view in views.items() if source != sources.get(candidate, candidate)]:
        gains.append(_measure(vectors, weights, sources, asked=asked, seed=seed))
        if not _is_admitted(gains[-1]):
            break  # the others cannot mend it
    return {mark: min((gain[mark] for gain in gains), default=0.0) for mark in MARKS}


def _is_admitted(gain: Mapping[str, float]) -> bool:
    return (
        gain["together"] > CLEAR and gain["over_chance"] > CHANCE and min(gain["agreement"], gain["neighbours"]) > WORSE
    )


def _measure(
    vectors: Vectors, weights: Mapping[str, float], sources: Mapping[str, str], *, asked: Collection[str], seed: int
) -> Report:
    """Return what the last of `weights` adds to the others in telling what a view finds alike, in standard errors.

    On products that have the view that is asked about and one of the others; 0 where they are too few.
    """
    *known, candidate = weights
    told = present_modalities({name: vectors[name] for name in known if name not in asked}).any(axis=1)
    seen = present_modalities({name: vectors[name] for name in asked}).any(axis=1)
    rows = np.flatnonzero(told & seen)
    if len(rows) < MIN_COMPLETE_PRODUCTS:
        return dict.fromkeys(MARKS, 0.0)
    own = {name: vectors[name][rows] for name in weights}
    mark = partial(_mark, weights=weights, sources=sources, asked=asked, seed=seed)
    beside, without = mark(own), mark({name: own[name] for name in known})
    gains = [*(beside - without), (beside - without).sum(axis=0)]
    measured = dict(zip(MARKS, map(_count_errors, gains), strict=False)) | {"over_chance": 0.0}
    if measured["together"] > CLEAR:  # else there is nothing to be held against chance
        orders = [np.random.default_rng(seed + draw).permutation(len(rows)) for draw in range(DRAWS)]
        drawn = [mark({**own, candidate: own[candidate][order]}) for order in orders]
        measured["over_chance"] = _count_errors((beside - np.mean(drawn, axis=0)).sum(axis=0))
    return measured


def _mark(
    vectors: Vectors, *, weights: Mapping[str, float], sources: Mapping[str, str], asked: Collection[str], seed: int
) -> np.ndarray:
    """Return (2, n): agreement and neighbours of each product while it was held back, in the order of the folds."""
    counts = {name: weights[name] for name in vectors}
    views = find_views(counts, sources)
    (view,) = (view for view in views.values() if set(view) == set(asked))
    marks = []
    for fold in islice(split(vectors, seed=seed), FOLDS):
        shown = _show_held(fold, counts, views, hidden=asked)
        wanted = join_views(fold.held, {"": view})[""]
        similarity, target = shown @ shown.T, wanted @ wanted.T
        marks.append([correlate_rows(similarity, target), find_neighbours(similarity, target)])
    return np.concatenate(marks, axis=1)


def _show_held(fold: Fold, counts: Mapping[str, float], views: Views, *, hidden: Collection[str]) -> Array:
    """Return the fused rows of held products by what was learned from the fitted ones, some modalities hidden."""
    fusion = start_attention(fold.fitted, settings=SHOWN, plain=ConcatFusion(), views=views)

    def fuse(vectors: Vectors) -> Array:
        left = {name: rows * (name not in hidden) for name, rows in vectors.items()}
        count = len(next(iter(left.values())))
        return fusion.fuse(left, {name: np.full(count, weight, dtype=np.float32) for name, weight in counts.items()})

    return Memory(bank=fuse(fold.fitted), strength=SHOWN.memory).smooth(fuse(fold.held))


def _count_errors(gains: np.ndarray) -> float:
    """Return the mean of paired gains in standard errors."""
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    return float(gains.mean() / error) if error > 0 else 0.0
