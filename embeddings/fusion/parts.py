"""What each part of a modality counts: less where it hardly tells products apart, and nothing where it misleads.

A calibrated part has rows of length 1 whatever it says, so one that calls all products alike, such as a title that is
the name of a form, would count as much as the text beside it: what little is left of it, blown up to length 1. Nothing
but the vectors themselves is needed to see that: similarities of such a part are all near 1 or -1.

What attributes are about nobody says: the kind of thing, or a season. So each key has to foretell, as a modality has,
what text finds alike that pictures do not say yet, and what pictures find alike that text does not say yet. A brand
that texts name does the one and not the other.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_rows

MIN_PRODUCTS = 30  # that have a part: below, nothing is said of how products differ in it
CLEAR = 2.0  # standard errors by which a key has to foretell either
GIVEN = 2  # modalities that every space has, and no further one says what they count
BLOCKS = 10  # of products, each left out once to see how sure a figure is
LEAST_SPREAD = 1e-12  # of similarities; less is rounding noise
ALIKE = 0.9  # of what the broadest says, from which on a part counts in full; titles and texts of shops: .94 and more


def measure_breadth(vectors: Array) -> float | None:
    """Return how much calibrated unit rows (n, d) tell of a product, in nats; None where they are too few.

    `-log E[cos^2]` over pairs of different products: the entropy of order 2 (Rényi 1961) of the shares of variance that
    the directions have, so the logarithm of how many directions there are in effect: 0 where all lie on one line.
    """
    rows = vectors[present_rows(vectors)].astype(np.float64)
    count, dim = rows.shape
    if count < MIN_PRODUCTS:
        return None
    squares = float(np.sum((rows.T @ rows) ** 2)) - count  # of all pairs; those of a row with itself are 1 each
    return float(-np.log(np.clip(squares / (count * (count - 1)), 1 / dim, 1)))


def weigh_parts(parts: Sequence[Array], declared: Sequence[float]) -> tuple[float, ...]:
    """Return the weights of calibrated parts, each (n, d): less of one that says less than another; their sum stays.

    As declared where they say about as much, or too little is known.
    """
    weights = np.array(declared, dtype=np.float64)
    told = weights * weigh_breadths(parts)
    weights = told * (weights.sum() / told.sum()) if told.any() else weights
    return tuple(float(weight) for weight in weights)


def weigh_breadths(parts: Sequence[Array]) -> np.ndarray:
    """Return (parts,) in [0, 1]: what calibrated parts, each (n, d_part), count by what they say; 1 of the broadest."""
    breadths = [measure_breadth(part) for part in parts]
    known = np.array([breadth for breadth in breadths if breadth is not None])
    if len(known) < len(parts) or not known.any():
        return np.ones(len(parts))
    counted: np.ndarray = np.minimum(known / (ALIKE * known.max()), 1)
    return counted


def weigh_further(vectors: Vectors, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights with less of a modality beyond the first two that says less than either of them.

    Of a few values, such as colours, two products have either all or nothing in common: by such similarities, which
    spread far wider than those of texts, a fifth of the weight would decide all lists.
    """
    first = list(vectors.values())[:GIVEN]
    counted = {name: max(weigh_breadths([one, rows])[1] for one in first) for name, rows in [*vectors.items()][GIVEN:]}
    return {name: float(weight * counted.get(name, 1)) for name, weight in weights.items()}


def judge_parts(parts: Mapping[str, Array], witnesses: Vectors, *, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return how surely each part foretells what each of two witnesses finds alike, beside the other, by their names.

    In standard errors, of the partial correlation of similarities over pairs of products, by the jackknife over blocks
    of products (Tukey 1958; over pairs it would be far too sure). parts: (n, any width) each, zero where a product has
    nothing of it, which counts as something that those without it have in common. witnesses: (n, d) unit rows of
    products that have both. Empty where there are no two, or too few products.
    """
    if len(witnesses) != 2 or len(next(iter(witnesses.values()))) < MIN_PRODUCTS:
        return {}
    columns = [rows - rows.mean(axis=0) for rows in parts.values()] + list(witnesses.values())
    moments = _sum_moments(columns, seed=seed)
    whole = moments.sum(axis=(0, 1))
    # Without a block: without the pairs of which either product is in it.
    without = [whole - moments[b].sum(axis=0) - moments[:, b].sum(axis=0) + moments[b, b] for b in range(BLOCKS)]
    judged: dict[str, dict[str, float]] = {name: {} for name in parts}
    for place, witness in enumerate(witnesses):
        target, other = len(parts) + place, len(parts) + 1 - place
        found = _correlate_beside(whole, target, other)
        left = np.array([_correlate_beside(sums, target, other) for sums in without])
        errors = np.sqrt((BLOCKS - 1) / BLOCKS * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
        for name, value, error in zip(parts, found, errors, strict=False):  # those of the witnesses come last
            judged[name][witness] = float(value / error) if error > LEAST_SPREAD else 0.0
    return judged


def is_clear(marks: Mapping[str, float]) -> bool:
    """Return whether a part that `judge_parts` judged so counts."""
    return min(marks.values()) > CLEAR


def _sum_moments(columns: Sequence[Array], *, seed: int) -> np.ndarray:
    """Return (blocks, blocks, k, k): products of 1 and the similarities by each column, summed over pairs of products.

    k: columns and 1. A pair of different products is in the blocks of both, in the order of the blocks.
    """
    count, size = len(columns[0]), len(columns) + 1
    blocks = np.array_split(np.random.default_rng(seed).permutation(count), BLOCKS)
    moments = np.zeros((BLOCKS, BLOCKS, size, size))
    for left, these in enumerate(blocks):
        for right in range(left, BLOCKS):
            others = blocks[right]
            told = np.stack([np.ones((len(these), len(others))), *(rows[these] @ rows[others].T for rows in columns)])
            each_once = np.triu(np.full(told.shape[1:], True), 1) if left == right else np.full(told.shape[1:], True)
            pairs = told[:, each_once].astype(np.float64)
            moments[left, right] = pairs @ pairs.T
    return moments


def _correlate_beside(sums: np.ndarray, target: int, other: int) -> np.ndarray:
    """Return (k - 1,): how much each column goes with `target` beyond what `other` tells, in correlations.

    The coefficient of the column where `target` is regressed on it and `other`, all of them standardised.
    """
    means = sums[0, 1:] / sums[0, 0]
    spread = sums[1:, 1:] / sums[0, 0] - np.outer(means, means)
    lengths = np.sqrt(np.maximum(np.diag(spread), LEAST_SPREAD))
    alike = spread / np.outer(lengths, lengths)
    beside = alike[other]
    found: np.ndarray = (alike[target] - beside * alike[target, other]) / np.maximum(1 - beside**2, LEAST_SPREAD)
    return found
