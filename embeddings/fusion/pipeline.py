"""From what encoders said about products to the vectors that are searched: calibrate, compress, fuse, compress."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from embeddings.fusion.admission import admit_modalities
from embeddings.fusion.attention import AttentionFusion
from embeddings.fusion.base import Array, Fusion, Vectors, present_modalities
from embeddings.fusion.compression import compress, fit_basis
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.fitted_modality import FittedModality
from embeddings.fusion.memory import Memory
from embeddings.fusion.parts import weigh_further
from embeddings.fusion.reach import Reach
from embeddings.fusion.relevant_components import fit_components
from embeddings.fusion.similarity_scale import AS_IT_IS, SAMPLE, SimilarityScale, fit_scales
from embeddings.fusion.stored_recipe import StoredRecipe, read_recipe, write_recipe
from embeddings.fusion.views import Views, find_views, has_several
from embeddings.fusion.weighted import WeightedFusion
from embeddings.unit_rows import unit_rows

MODALITY_DIM = 384  # vectors of one modality are searched too, and no wider than this
FUSED = "fused"  # the name of all modalities together
WEIGHTS = {"text": 0.6, "image": 0.4}  # what each counts where nobody says
FUSIONS: dict[str, type[Fusion]] = {fusion.name: fusion for fusion in (ConcatFusion, WeightedFusion, AttentionFusion)}
FUSION_CHOICE = f"{', '.join([*FUSIONS][:-1])} or {[*FUSIONS][-1]}"  # as messages offer it

Parts = tuple[Array, ...]  # each (n, d) unit rows, one array for each part of a modality, of one encoder
# What the encoders said about n products, by modality, in the order of the pipeline that is fitted on it; a zero row
# where a product lacks the part. Text has one part for each declared text, the picture has one: the mean of several.
RawVectors = Mapping[str, Parts]
Dial = Mapping[str, float | Array]  # by modality, one weight or (n,) of them in [0, 1]; NaN: the one that was fitted


@dataclass(frozen=True)
class FusedVectors:
    """What is stored and searched for n products: float32 unit rows; zero where the modality is missing."""

    fused: Array  # (n, dim); zero only where every modality is missing
    modalities: Vectors  # by modality, each (n, its dim)


@dataclass(frozen=True)
class VectorPipeline:
    """An immutable recipe: everything that was fitted for one space. Inference needs NumPy only."""

    modalities: Mapping[str, FittedModality]  # in the order in which they are laid side by side
    joiner: Fusion
    basis: Array  # (joined width, dim)
    weights: Mapping[str, float]  # of each modality; 0 where it did not help (see `admission`)
    # Of a modality that reads what another one reads, which; and of those that stay apart (views.py).
    sources: Mapping[str, str] = field(default_factory=dict)
    memory: Memory | None = None
    reach: Reach | None = None  # None in recipes of before: everything is within it
    # How each modality beyond the first two was judged (admission.py).
    admission: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    # What cosines of "fused" and of each modality are shown as; those that are not named, as they are.
    scales: Mapping[str, SimilarityScale] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        raw: RawVectors,
        *,
        fusion: str = "concat",
        part_weights: Mapping[str, tuple[float, ...]] | None = None,
        weights: Mapping[str, float] | None = None,
        sources: Mapping[str, str] | None = None,
        dim: int = 384,
        seed: int = 0,
    ) -> "VectorPipeline":
        """Fit on a catalogue, or a sample of it, with "concat" or "weighted" (learning.fit_attention: "attention").

        part_weights: by modality, equal parts where it is not named. weights: by modality, those of WEIGHTS by default.
        sources: of a modality that reads what another one reads, which (views.py).
        Raises ValueError where the number of weights differs from that of the parts, or the fusion has to be learned.
        """
        wanted = part_weights or {}
        modalities = {
            name: FittedModality.fit(
                parts, weights=wanted.get(name, (1 / max(len(parts), 1),) * len(parts)), dim=MODALITY_DIM, seed=seed
            )
            for name, parts in raw.items()
        }
        vectors = {name: modality.transform(raw[name]) for name, modality in modalities.items()}
        given = weigh_further(vectors, {name: float((weights or WEIGHTS)[name]) for name in raw})
        admitted, read, admission = admit_modalities(vectors, given, sources or {}, seed=seed)
        return cls(
            modalities=modalities,
            joiner=_fit_joiner(fusion, vectors, weights=admitted, seed=seed),
            basis=np.zeros((0, dim), dtype=np.float32),
            weights=admitted,
            sources=read,
            reach=Reach.fit(vectors, find_views(admitted, read), seed=seed),
            admission=admission,
        ).fit_output(vectors, dim=dim, seed=seed)

    def with_joiner(
        self, joiner: Fusion, raw: RawVectors, *, memory_strength: float = 0.0, seed: int = 0
    ) -> "VectorPipeline":
        """Return this pipeline with another fusion, its output basis and its memory fitted again on `raw`."""
        vectors = self.encode_modalities(raw)
        fitted = replace(self, joiner=joiner, memory=None).fit_output(vectors, dim=self.dim, seed=seed)
        if isinstance(joiner, AttentionFusion) and joiner.strength:  # where nothing is trusted, concat stays as it is
            known = fitted.fuse_encoded(vectors)[has_several(vectors, self.views)]
            fitted = replace(fitted, basis=fitted.basis @ fit_components(known, seed=seed))
        if not memory_strength:
            return fitted
        memory = Memory.fill(fitted.fuse_encoded(vectors), strength=memory_strength, seed=seed)
        return replace(fitted, memory=memory)

    def fit_output(self, vectors: Vectors, *, dim: int, seed: int) -> "VectorPipeline":
        """Return this pipeline with the basis of its fused vectors fitted on `vectors`, those of its modalities."""
        weights = self._spread_weights(len(next(iter(vectors.values()))), None)
        joined = self.joiner.fuse(vectors, weights, reach=self.find_reach(vectors))
        return replace(self, basis=fit_basis(joined, dim=dim, seed=seed))

    def with_scales(self, raw: RawVectors, *, seed: int = 0) -> "VectorPipeline":
        """Return this pipeline with its scales of similarity fitted on `raw`, or on a sample of it: the last to fit."""
        rows = np.sort(np.random.default_rng(seed).permutation(count_products(raw))[:SAMPLE])
        made = self.transform({name: tuple(part[rows] for part in parts) for name, parts in raw.items()})
        return replace(self, scales=fit_scales({FUSED: made.fused, **made.modalities}, seed=seed))

    def scale_of(self, name: str) -> SimilarityScale:
        """Return what cosines of "fused", or of a modality, are shown as."""
        return self.scales.get(name, AS_IT_IS)

    @property
    def views(self) -> Views:
        """Return which modalities say what others say too, being read from the same source."""
        return find_views(self.weights, self.sources)

    @property
    def fusion(self) -> str:
        return self.joiner.name

    @property
    def dim(self) -> int:
        return int(self.basis.shape[1])

    @property
    def dims(self) -> dict[str, int]:
        """Return the dim of the vectors of each modality."""
        return {name: modality.dim for name, modality in self.modalities.items()}

    def transform(self, raw: RawVectors, *, dial: Dial | None = None, is_query: bool = False) -> FusedVectors:
        """Return vectors of n products, or queries; `dial` overrides fitted weights, what it leaves the others share.

        A query is a few words or a snapshot, like no product, and asks for one of the catalogue: all that was learned
        counts for it.
        """
        vectors = self.encode_modalities(raw)
        return FusedVectors(fused=self.fuse_encoded(vectors, dial=dial, is_query=is_query), modalities=vectors)

    def fuse_encoded(self, vectors: Vectors, *, dial: Dial | None = None, is_query: bool = False) -> Array:
        """Return fused vectors (n, dim) of the rows of each modality, stored or just encoded."""
        ordered = {name: vectors[name] for name in self.modalities}
        count = len(next(iter(ordered.values())))
        reach = 1.0 if is_query else self.find_reach(ordered)
        joined = self.joiner.fuse(ordered, self._spread_weights(count, dial), reach=reach)
        fused = unit_rows(compress(joined, self.basis))
        return self.memory.smooth(fused, reach=reach) if self.memory else fused

    def find_reach(self, vectors: Vectors) -> Array | float:
        """Return how much what was learned counts, for all or (n,), in [0, 1]: 0 for a product that is like none."""
        return 1.0 if self.reach is None else self.reach.find(vectors, self.weights)

    def modality_shares(self, left: Vectors, right: Vectors) -> Array:
        """Return (n, modalities): the share of each in the similarity of each pair of rows; they sum to 1.

        Each side is what `encode_modalities` gives, or what is stored of it.
        Concat: exact, `w_m cos(v_m, v_m')` as parts of their sum. Otherwise by ablation: what the similarity loses
        without the modality. Negative parts count as 0; where nothing is shared, the weights are returned. A modality
        that either product lacks has no share.
        """
        left, right = ({name: side[name] for name in self.modalities} for side in (left, right))
        present = present_modalities(left) & present_modalities(right)
        weights = self._spread_weights(len(present), None)
        shared = np.stack([*weights.values()], axis=1)
        if isinstance(self.joiner, ConcatFusion):
            parts = shared * np.stack([_row_dots(left[name], right[name]) for name in left], axis=1)
        else:
            parts = self._ablate(left, right, weights)
        parts = np.where(present, np.maximum(parts, 0), 0)
        even = np.where(present.any(axis=1, keepdims=True), present, 1)
        by_weight = even * np.where(np.any(even * shared, axis=1, keepdims=True), shared, 1)
        parts = np.where(parts.sum(axis=1, keepdims=True) > 0, parts, by_weight)
        shares: Array = (parts / parts.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares

    def to_bytes(self) -> bytes:
        """Return the recipe as safetensors, its scalars as metadata."""
        return write_recipe(
            StoredRecipe(
                fusion=self.fusion,
                weights=self.weights,
                sources=self.sources,
                modalities={name: modality.to_arrays() for name, modality in self.modalities.items()},
                joiner=self.joiner.to_arrays(),
                basis=self.basis,
                memory=self.memory,
                reach=self.reach,
                admission=self.admission,
                scales=self.scales,
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "VectorPipeline":
        """Return the recipe that `to_bytes` wrote, in this version or an earlier one. Raises ValueError."""
        stored = read_recipe(data)
        return cls(
            modalities={name: FittedModality.from_arrays(arrays) for name, arrays in stored.modalities.items()},
            joiner=FUSIONS[stored.fusion].from_arrays(stored.joiner),
            basis=stored.basis,
            weights=stored.weights,
            sources=stored.sources,
            memory=stored.memory,
            reach=stored.reach,
            admission=stored.admission,
            scales=stored.scales,
        )

    def encode_modalities(self, raw: RawVectors) -> dict[str, Array]:
        """Return the unit rows of each modality, (n, its dim); zero where missing."""
        return {name: modality.transform(raw[name]) for name, modality in self.modalities.items()}

    def _spread_weights(self, count: int, dial: Dial | None) -> dict[str, Array]:
        """Return (count,) weights by modality that sum to 1: those of the dial, the rest by what was fitted."""
        given = {
            name: np.broadcast_to(np.asarray((dial or {}).get(name, np.nan), np.float32), count)
            for name in self.weights
        }
        if any(np.any((weights < 0) | (weights > 1)) for weights in given.values()):
            raise ValueError("The weight of a modality lies between 0 (nothing of it) and 1 (nothing else).")
        free = {name: np.isnan(weights) for name, weights in given.items()}
        left = np.maximum(1 - sum(np.nan_to_num(weights) for weights in given.values()), 0)
        fitted = sum(weight * free[name] for name, weight in self.weights.items())
        # Where nothing was fitted for those that are left, they share equally.
        unit = np.where(fitted > 0, fitted, np.maximum(sum(rows.astype(int) for rows in free.values()), 1))
        return {
            name: np.where(free[name], np.where(fitted > 0, weight, 1) / unit * left, given[name]).astype(np.float32)
            for name, weight in self.weights.items()
        }

    def _ablate(self, left: Vectors, right: Vectors, weights: Vectors) -> Array:
        """Return (n, modalities): how much the similarity falls when both products lose the modality."""

        reaches = [self.find_reach(side) for side in (left, right)]

        def similarity(lost: str | None) -> Array:
            sides = [
                self.joiner.fuse({name: rows * (name != lost) for name, rows in side.items()}, weights, reach=reach)
                for side, reach in zip((left, right), reaches, strict=True)
            ]
            return _row_dots(*sides)

        whole = similarity(None)
        return np.stack([whole - (1 - weights[name]) * similarity(name) for name in left], axis=1)


def count_products(raw: RawVectors) -> int:
    """Return n. A modality without a declared part has no row to tell it."""
    return max((len(part) for parts in raw.values() for part in parts), default=0)


def plain_fusion(fusion: str) -> str:
    """Return the name of the fusion to fit for a space of `fusion`: attention is learned around concat."""
    return ConcatFusion.name if fusion == AttentionFusion.name else fusion


def _fit_joiner(fusion: str, vectors: Vectors, *, weights: Mapping[str, float], seed: int) -> Fusion:
    if fusion == "concat":
        return ConcatFusion.fit(vectors, weights=weights, seed=seed)
    if fusion == "weighted":
        return WeightedFusion.fit(vectors, weights=weights, seed=seed)
    raise ValueError(
        f"Fusion {fusion!r} cannot be fitted: choose concat or weighted; learning.fit_attention makes attention."
    )


def _row_dots(left: Array, right: Array) -> Array:
    """Return (n,) inner products of the rows of left and right."""
    dots: Array = np.einsum("nd,nd->n", left, right)
    return dots
