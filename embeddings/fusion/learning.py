"""The attention fusion in closed form: a shared space and a memory learned from a catalogue, no label, no torch.

Validation on held-back products decides how much they count (selection.py), so a catalogue that is too small to learn
from is ranked as by concatenation. training.py goes on from here.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from embeddings.fusion.attention import AttentionFusion, start_attention
from embeddings.fusion.base import Array, Vectors
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.exposure import Counts, Learned, Recipe, tune_imputation
from embeddings.fusion.imputation import Imputation
from embeddings.fusion.memory import Memory
from embeddings.fusion.pipeline import RawVectors, VectorPipeline
from embeddings.fusion.reach import Reach
from embeddings.fusion.selection import Settings, choose_settings
from embeddings.fusion.views import join_views


def fit_attention(
    plain: VectorPipeline, raw: RawVectors, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> tuple[VectorPipeline, Settings, dict[str, float]]:
    """Return `plain`, a concat pipeline fitted on `raw`, with the attention fusion; what was chosen, and why.

    About 5 s for 300 products and 25 s for any number above 1,500, on two cores.
    """
    vectors = plain.encode_modalities(raw)
    settings, report = choose_settings(join_views(vectors, plain.views), seed=seed, progress=progress)
    joiner = start_attention(vectors, settings=settings, plain=_concat_of(plain), views=plain.views, seed=seed)
    if settings.strength and joiner.plain.imputation:
        joiner = _tune_imputation(joiner, vectors, settings, recipe=plain, seed=seed)
    return plain.with_joiner(joiner, raw, memory_strength=settings.memory, seed=seed), settings, report


def _tune_imputation(
    joiner: AttentionFusion, vectors: Vectors, settings: Settings, *, recipe: VectorPipeline, seed: int
) -> AttentionFusion:
    """Return the fusion with its imputation tuned on all that it learns, memory included."""

    def learn(known: Vectors) -> Learned:
        learned = start_attention(known, settings=settings, plain=joiner.plain, views=recipe.views, seed=seed)
        reach = Reach.fit(known, recipe.views, seed=seed)
        find_reach = partial(reach.find, weights=recipe.weights)

        def make_recipe(shown: Vectors) -> Recipe:
            near = find_reach(shown)
            spread = {name: np.full(len(near), weight, dtype=np.float32) for name, weight in recipe.weights.items()}

            def fuse(imputation: Imputation, counts: Counts) -> Array:
                tried = replace(learned, plain=ConcatFusion(imputation), incomplete=counts)
                fused = tried.fuse(shown, spread, reach=near)
                return Memory.fill(fused, strength=settings.memory, seed=seed).smooth(fused, reach=near)

            return fuse

        return Learned(make_recipe=make_recipe, find_reach=find_reach)

    fitted = joiner.plain.imputation or Imputation({})
    tuned, counts = tune_imputation(fitted, vectors, learn, views=recipe.views, seed=seed)
    return replace(joiner, plain=ConcatFusion(tuned), incomplete=counts)


def _concat_of(pipeline: VectorPipeline) -> ConcatFusion:
    if not isinstance(pipeline.joiner, ConcatFusion):
        raise TypeError("The attention fusion is built around concat: fit the pipeline with it.")
    return pipeline.joiner
