"""What the training of the attention fusion sees: views that belong together, among products that are alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.fusion.base import Array, present_modalities, share_weights
from embeddings.fusion.concat import ConcatFusion

MODALITY_DROPOUT = 0.25  # of each of two modalities, in each view: a product must be found by what is left
PARTNER_SHARE = 0.7  # how often a product that has partners is paired with one of them
HARD_NEGATIVES = 7  # nearest neighbours that join each product in its batch
BATCH_SIZE = 512
NEAR_DUPLICATE = 0.95  # a product that is this near is no negative
CHUNK = 1_024  # rows compared with all others at a time


@dataclass(frozen=True)
class Examples:
    """Calibrated vectors of n products, as they are and as they might have been, and which products belong together."""

    views: Mapping[str, tuple[Array, ...]]  # by modality; the first of each is the product's own
    partners: tuple[tuple[int, ...], ...]  # for each product
    weights: Mapping[str, float]  # by modality

    def own(self, rows: np.ndarray) -> dict[str, Array]:
        """Return the vectors of the products `rows` as they are."""
        return {name: views[0][rows] for name, views in self.views.items()}

    def spread_weights(self, count: int) -> dict[str, Array]:
        """Return the weights as `Fusion.fuse` takes them, for `count` products."""
        return {name: np.full(count, weight, dtype=np.float32) for name, weight in self.weights.items()}


@dataclass(frozen=True)
class View:
    """One look at each product of a batch; zero rows where a modality is missing or was dropped."""

    vectors: Mapping[str, Array]  # each (b, d)
    prior: Array  # (b, modalities): the weights before the gate has its say


def find_partners(
    count: int, groups: Sequence[int] | None, pairs: Sequence[tuple[int, int]] | None
) -> tuple[tuple[int, ...], ...]:
    """Return, for each of `count` products, the rows that share its group (not -1) or a pair with it."""
    found: list[set[int]] = [set() for _ in range(count)]
    if groups is not None:
        labels = np.asarray(groups)
        for label in np.unique(labels[labels >= 0]):
            members = np.flatnonzero(labels == label)
            for member in members:
                found[member].update(int(other) for other in members if other != member)
    for left, right in pairs or ():
        if left != right:
            found[left].add(int(right))
            found[right].add(int(left))
    return tuple(tuple(sorted(partners)) for partners in found)


class Batches:
    """Draws batches from the products `rows` of `examples`: half by chance, half their nearest neighbours."""

    def __init__(self, examples: Examples, rows: np.ndarray, generator: np.random.Generator) -> None:
        self.examples, self.rows, self.generator = examples, rows, generator
        self.plain = ConcatFusion().fuse(examples.own(rows), examples.spread_weights(len(rows)))
        self.neighbours = _find_nearest(self.plain, HARD_NEGATIVES) if len(rows) > BATCH_SIZE else None
        self.allowed = set(rows.tolist())

    def draw(self) -> tuple[View, View, np.ndarray]:
        """Return two views of the same products, or of a product and its partner, and (b, b) which are no negatives."""
        positions = self._choose()
        products = self.rows[positions]
        partners = np.array([self._pair(int(product)) for product in products])
        similar = self.plain[positions] @ self.plain[positions].T > NEAR_DUPLICATE
        for row, product in enumerate(products):
            similar[row] |= np.isin(products, self.examples.partners[product])
        np.fill_diagonal(similar, False)
        return self._look(products), self._look(partners), similar

    def _choose(self) -> np.ndarray:
        if self.neighbours is None:
            return np.arange(len(self.rows))
        seeds = self.generator.choice(len(self.rows), BATCH_SIZE // (1 + HARD_NEGATIVES), replace=False)
        chosen: np.ndarray = np.unique(np.concatenate([seeds, self.neighbours[seeds].ravel()]))
        return chosen

    def _pair(self, product: int) -> int:
        partners = [partner for partner in self.examples.partners[product] if partner in self.allowed]
        if partners and self.generator.random() < PARTNER_SHARE:
            return int(self.generator.choice(partners))
        return product

    def _look(self, products: np.ndarray) -> View:
        vectors = {name: self._pick(views, products) for name, views in self.examples.views.items()}
        present = present_modalities(vectors)
        fate = self.generator.random(len(products))
        width, last = 2 * MODALITY_DROPOUT / len(vectors), max(len(vectors) - 1, 1)
        for position, rows in enumerate(vectors.values()):
            start = (1 - width) * position / last
            # Never the only one: a product without it would be nothing.
            rows[(fate >= start) & (fate < start + width) & (present.sum(axis=1) > present[:, position])] = 0
        prior = share_weights(vectors, self.examples.spread_weights(len(products)))
        return View(vectors=vectors, prior=prior)

    def _pick(self, views: tuple[Array, ...], products: np.ndarray) -> Array:
        """Return (b, d): one of the views of each product by chance, its own where the view is missing."""
        own = views[0][products]
        drawn = np.stack(views)[self.generator.integers(len(views), size=len(products)), products]
        picked: Array = np.where(np.any(drawn != 0, axis=1, keepdims=True), drawn, own)
        return picked


def _find_nearest(vectors: Array, count: int) -> np.ndarray:
    """Return (n, count) positions of the nearest other rows of `vectors` (n, d)."""
    found = []
    for start in range(0, len(vectors), CHUNK):
        similarity = vectors[start : start + CHUNK] @ vectors.T
        similarity[np.arange(len(similarity)), np.arange(start, start + len(similarity))] = -np.inf
        found.append(np.argpartition(-similarity, count - 1, axis=1)[:, :count])
    return np.concatenate(found)
