"""Views of a product: modalities that read the same source are one, since what they agree on says nothing.

Words are read from the text that an encoder reads as well. The two agree whatever it says: in which language it is, by
whose template it was written. A shared space of three would be filled with that, in place of what text and picture
agree on, and marks would praise whatever repeats the text. So both are laid side by side, and are one view, which is
held against those of other sources: canonical correlation of sets of variables (Hotelling 1936), one set a source.
"""

from collections.abc import Mapping

import numpy as np

from embeddings.fusion.base import Array, Vectors, present_modalities
from embeddings.unit_rows import unit_rows

GIVEN = 2  # modalities that need not show that they help (admission.py)
APART = ""  # the source of a modality that is in no view: it counts as it is, and nothing is learned from it
Views = Mapping[str, Mapping[str, float]]  # by source, its modalities with the length of each; squares sum to 1


def find_views(weights: Mapping[str, float], sources: Mapping[str, str]) -> Views:
    """Return the views of modalities with these weights, in their order; `sources`: of those that share one, whose.

    A modality that was not admitted, which counts nothing, is in none.
    """
    views: dict[str, dict[str, float]] = {}
    for position, (name, weight) in enumerate(weights.items()):
        source = sources.get(name, name)
        if (weight or position < GIVEN) and source != APART:
            views.setdefault(source, {})[name] = weight
    return {source: _share(counts) for source, counts in views.items()}


def join_views(vectors: Vectors, views: Views) -> dict[str, Array]:
    """Return the unit rows (n, all dims of its modalities) of each view; zero where a product has nothing of it."""
    return {source: _lay_side_by_side(vectors, lengths) for source, lengths in views.items()}


def has_several(vectors: Vectors, views: Views) -> np.ndarray:
    """Return (n,) booleans: which products have something of more than one view."""
    several: np.ndarray = present_modalities(join_views(vectors, views)).sum(axis=1) > 1
    return several


def split_views(projections: Vectors, vectors: Vectors, views: Views) -> dict[str, Array]:
    """Return a projection (d, width) for each modality of `vectors` from those of the views; zeros for one in none."""
    width = next(iter(projections.values())).shape[1]
    split = {name: np.zeros((rows.shape[1], width), dtype=np.float32) for name, rows in vectors.items()}
    for source, lengths in views.items():
        start = 0
        for name in lengths:
            end = start + vectors[name].shape[1]
            split[name] = projections[source][start:end]
            start = end
    return split


def _share(counts: Mapping[str, float]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: float(np.sqrt(count / total)) if len(counts) > 1 else 1.0 for name, count in counts.items()}


def _lay_side_by_side(vectors: Vectors, lengths: Mapping[str, float]) -> Array:
    if len(lengths) == 1:
        return vectors[next(iter(lengths))]
    return unit_rows(np.concatenate([np.float32(length) * vectors[name] for name, length in lengths.items()], axis=1))
