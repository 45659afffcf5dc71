"""Modalities of one source are one view: they say together what they have to say, and nothing of each other."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.fusion import RawVectors, VectorPipeline
from embeddings.fusion.attention import start_attention
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.selection import Settings
from embeddings.fusion.views import find_views, join_views, split_views
from embeddings.modalities.registry import find_modality
from embeddings.unit_rows import unit_rows

WEIGHTS = {"text": 0.6, "image": 0.4, "words": 0.2}
SOURCES = {"words": "text"}


def make_two_languages(count: int = 240, *, dim: int = 60) -> tuple[RawVectors, np.ndarray]:
    """Return products, and their kinds; half of the texts are in another language, which words tell before all else."""
    draw = np.random.default_rng(5)
    kind, language = draw.integers(12, size=count), draw.integers(2, size=count)

    def say(kinds: float, languages: float) -> np.ndarray:
        told = kinds * draw.standard_normal((12, dim))[kind] + languages * draw.standard_normal((2, dim))[language]
        return unit_rows(told + draw.standard_normal((count, dim)))

    return {"text": (say(0.5, 1.5),), "image": (say(0.8, 0.0),), "words": (say(0.6, 3.0),)}, kind


def share_found(fused: np.ndarray, kind: np.ndarray) -> float:
    """Return which share of the ten nearest is of the same kind."""
    similarity = fused @ fused.T - 2 * np.eye(len(fused))
    return float((kind[np.argsort(-similarity, axis=1)[:, :10]] == kind[:, None]).mean())


def test_text_and_words_may_agree_on_the_language_and_nothing_is_learned_of_that():
    raw, kind = make_two_languages()
    vectors = {name: parts[0] for name, parts in raw.items()}
    counts = {name: np.full(len(kind), weight, dtype=np.float32) for name, weight in WEIGHTS.items()}

    def find(sources: dict[str, str]) -> float:
        views = find_views(WEIGHTS, sources)
        learned = start_attention(vectors, settings=Settings(strength=0.7), plain=ConcatFusion(), views=views)
        return share_found(learned.project(vectors, counts), kind)

    assert find(SOURCES) > find({}) + 0.1


def test_what_reads_the_same_source_is_laid_side_by_side_by_its_weights():
    views = find_views(WEIGHTS | {"sound": 0.0}, SOURCES)
    assert views["image"] == {"image": 1.0}
    assert views["text"] == pytest.approx({"text": 0.75**0.5, "words": 0.25**0.5})
    assert list(views) == ["text", "image"]  # a sound that was not admitted is no view
    vectors = {
        "text": np.float32([[1, 0], [0, 0]]),
        "image": np.float32([[1], [1]]),
        "words": np.float32([[0, 1], [0, 0]]),
        "sound": np.float32([[1, 0], [0, 1]]),
    }
    joined = join_views(vectors, views)
    assert joined["image"] is vectors["image"]
    np.testing.assert_allclose(joined["text"], [[0.75**0.5, 0, 0, 0.5], [0, 0, 0, 0]], atol=1e-6)
    projections = {"text": np.arange(8, dtype=np.float32).reshape(4, 2), "image": np.float32([[1, 2]])}
    split = split_views(projections, vectors, views)
    assert list(split) == list(vectors)
    np.testing.assert_array_equal(np.concatenate([split["text"], split["words"]]), projections["text"])
    assert not split["sound"].any()


def test_the_words_of_a_product_are_of_the_source_of_its_text():
    assert find_modality("words").source == "text"
    assert not any(find_modality(name).source for name in ("text", "image", "audio", "attributes"))


def test_the_views_of_a_recipe_are_stored_with_it():
    raw, _ = make_two_languages(40)
    plain = VectorPipeline.fit(raw, weights=WEIGHTS, sources=SOURCES, dim=16)
    again = VectorPipeline.from_bytes(plain.to_bytes())
    assert again.sources == SOURCES
    assert again.views == plain.views
