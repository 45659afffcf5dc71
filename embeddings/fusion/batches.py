"""What the training of the attention fusion sees: views that belong together, among products that are alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.fusion.base import Array, share_weights
from embeddings.fusion.concat import ConcatFusion

MODALITY_DROPOUT = 0.25  # of pairs, in each view: a product must be found by one modality alone
PARTNER_SHARE = 0.7  # how often a product that has partners is paired with one of them
HARD_NEGATIVES = 7  # nearest neighbours that join each product in its batch
BATCH_SIZE = 512
NEAR_DUPLICATE = 0.95  # a product that is this near is no negative
CHUNK = 1_024  # rows compared with all others at a time


@dataclass(frozen=True)
class Examples:
    """Calibrated vectors of n products, as they are and as they might have been, and which products belong together."""

    texts: tuple[Array, ...]  # the first is the product's own
    images: tuple[Array, ...]
    partners: tuple[tuple[int, ...], ...]  # for each product
    text_weight: float


@dataclass(frozen=True)
class View:
    """One look at each product of a batch; zero rows where a modality is missing or was dropped."""

    text: Array  # (b, text_dim)
    image: Array  # (b, image_dim)
    prior: Array  # (b, 2): the weights before the gate has its say


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
        weight = np.full(len(rows), examples.text_weight, dtype=np.float32)
        self.plain = ConcatFusion().fuse(examples.texts[0][rows], examples.images[0][rows], text_weight=weight)
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
        text = self._pick(self.examples.texts, products)
        image = self._pick(self.examples.images, products)
        fate = self.generator.random(len(products))
        # Never both: a product without its only modality would be nothing.
        text[(fate < MODALITY_DROPOUT) & np.any(image != 0, axis=1)] = 0
        image[(fate > 1 - MODALITY_DROPOUT) & np.any(text != 0, axis=1)] = 0
        weight = np.full(len(products), self.examples.text_weight, dtype=np.float32)
        return View(text=text, image=image, prior=share_weights(text, image, text_weight=weight))

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
