"""Products that lack a modality are recommended as often as the rest, whatever is learned around them."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from embeddings.fusion import RawVectors, VectorPipeline
from embeddings.fusion.attention import AttentionFusion
from embeddings.fusion.base import present_rows
from embeddings.fusion.exposure import LEVELS, _find_fair
from embeddings.fusion.imputation import measure_exposure
from embeddings.fusion.learning import fit_attention
from embeddings.unit_rows import unit_rows


def make_catalogue(lost: str, *, count: int = 200, dim: int = 120, lacking: float = 0.3) -> RawVectors:
    """Return products of fourteen kinds in fifty designs, some (three in ten) without one of text and picture.

    Like encoders, both tell most in few directions.
    """
    generator = np.random.default_rng(5)
    design = generator.integers(50, size=count)
    fading = np.exp(-np.arange(dim) / 12)
    fading /= np.sqrt(np.mean(fading**2))

    def say(noise: float) -> np.ndarray:
        kinds, designs = generator.standard_normal((14, dim)), generator.standard_normal((50, dim))
        told = kinds[design % 14] + 0.8 * designs[design]
        return unit_rows(told + noise * fading * generator.standard_normal((count, dim)))

    raw = {"text": (say(1.2),), "image": (say(1.4),)}
    gone = generator.random(count) < lacking
    return {**raw, lost: (np.where(gone[:, None], 0, raw[lost][0]),)}


@functools.cache
def fit(lost: str) -> tuple[VectorPipeline, VectorPipeline, float]:
    """Return the concat and the attention pipeline of that catalogue, and the strength of the memory."""
    raw = make_catalogue(lost)
    plain = VectorPipeline.fit(raw)
    pipeline, settings, _ = fit_attention(plain, raw)
    return plain, pipeline, settings.memory


def expose(pipeline: VectorPipeline, raw: RawVectors, lost: str) -> float:
    fused = pipeline.transform(raw).fused
    return measure_exposure(fused @ fused.T, ~present_rows(raw[lost][0]))


@pytest.mark.parametrize("lost", ["text", "image"])
def test_those_without_a_text_or_a_picture_get_their_share_under_attention(lost):
    raw = make_catalogue(lost)
    plain, pipeline, memory = fit(lost)
    joiner = pipeline.joiner
    assert isinstance(joiner, AttentionFusion)
    assert joiner.strength > 0
    assert expose(pipeline, raw, lost) == pytest.approx(1, abs=0.1)
    # As it was: tuned by concatenation, with all that was learned counting for them.
    by_concat = replace(joiner, plain=plain.joiner, incomplete={})
    before = pipeline.with_joiner(by_concat, raw, memory_strength=memory)
    assert expose(before, raw, lost) > 1.1


def test_how_much_counts_for_incomplete_products_is_stored_and_was_all_in_earlier_recipes():
    arrays = fit("image")[1].joiner.to_arrays()
    counts = AttentionFusion.from_arrays(arrays).incomplete
    assert set(counts) == {"text", "image"}
    assert counts["image"] == pytest.approx(fit("image")[1].joiner.incomplete["image"])
    earlier = {name: array for name, array in arrays.items() if not name.endswith("_incomplete")}
    assert AttentionFusion.from_arrays(earlier).incomplete == {}


@pytest.mark.parametrize(
    ("shift", "level"),
    [(0.505, (0.5, 0.85)), (5.0, (0.0, 0.5)), (-5.0, (1.0, 1.4)), (-0.36, (1.0, 1.2)), (-0.13, (1.0, 1.0))],
)
def test_the_level_with_the_fairest_exposure_is_found_in_few_measurements(shift, level):
    asked = []

    def measure(tried: tuple[float, float]) -> float:
        asked.append(tried)
        confidence, counts = tried
        return max(shift + confidence + max(counts - 0.85, 0), 0.1)

    assert _find_fair(measure) == level
    assert len(asked) <= 7 < len(LEVELS)


def test_what_hardly_moves_an_exposure_is_not_turned_to_an_end():
    assert _find_fair(lambda level: 1.02 + 0.001 * level[0]) == (1.0, 1.0)


def test_products_that_lose_their_picture_after_the_fit_get_their_share_where_none_lacked_one():
    whole, partly = make_catalogue("image", lacking=0.0), make_catalogue("image")
    pipeline, settings, _ = fit_attention(VectorPipeline.fit(whole), whole)
    assert settings.strength > 0
    assert pipeline.joiner.incomplete.keys() == {"text", "image"}
    assert expose(pipeline, partly, "image") == pytest.approx(1, abs=0.1)
