"""Similarities mean the same in every space: by landmarks that each catalogue has, in their order, and readable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.fusion.memory import Memory
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.fusion.similarity_scale import AS_IT_IS, MIN_PRODUCTS, SimilarityScale
from embeddings.unit_rows import unit_rows

SCALE = SimilarityScale((-1.0, -0.05, 0.4, 0.7, 1.0), (-1.0, 0.0, 0.5, 0.8, 1.0))


def draw_families(*, count: int = 240, spread: float = 0.8, seed: int = 0, dim: int = 24) -> np.ndarray:
    """Return unit rows (count, dim) of families of twelve."""
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(size=(count // 12, dim)), 12, axis=0)
    return unit_rows(centres + spread * random.normal(size=(count, dim)))


def look_crowded(rows: np.ndarray) -> np.ndarray:
    """Return the same products as another encoder sees them, to which all look alike."""
    noise = 0.2 * draw_families(seed=9, spread=9, dim=rows.shape[1])
    return unit_rows(np.hstack([rows + noise, np.full((len(rows), 1), 1.2)]))


def test_the_landmarks_are_what_any_two_the_tenth_and_the_nearest_have_by_the_median():
    rows = draw_families()
    scale = SimilarityScale.fit(rows)
    cosines = (rows @ rows.T).astype(np.float64)
    any_two = np.median(cosines[np.triu_indices(len(rows), 1)])
    ranked = -np.sort(-cosines, axis=1)[:, 1:]
    expected = [-1, any_two, np.median(ranked[:, 9]), np.median(ranked[:, 0]), 1]
    assert scale.cosines == pytest.approx(expected, abs=1e-5)
    assert scale.show(expected) == pytest.approx([-1, 0, 0.5, 0.8, 1], abs=1e-5)


def test_copies_are_no_neighbours_and_do_not_tear_apart_what_is_all_but_equal():
    rows = draw_families()
    twice = SimilarityScale.fit(np.concatenate([rows, rows]))
    assert twice.cosines[3] == pytest.approx(SimilarityScale.fit(rows).cosines[3], abs=0.02)
    shaken = unit_rows(np.concatenate([rows, rows + 0.03 * draw_families(seed=5)]))
    alike = SimilarityScale.fit(shaken)
    assert alike.cosines[3] == pytest.approx(0.99)
    assert np.all(np.diff(alike.cosines) >= 0.01 - 1e-9)


def test_a_few_products_or_none_show_cosines_as_they_are():
    few = draw_families(count=MIN_PRODUCTS - MIN_PRODUCTS % 12)
    lacking = np.concatenate([few, np.zeros((100, few.shape[1]), dtype=np.float32)])  # zero rows are no products
    assert SimilarityScale.fit(few) == SimilarityScale.fit(lacking) == AS_IT_IS
    assert AS_IT_IS.show([0.3, -1]) == pytest.approx([0.3, -1])
    assert AS_IT_IS.find_cosine(0.97) == 0.97


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_the_order_of_products_stays_and_every_similarity_leads_back_to_its_cosine(cosines):
    rising = np.sort(np.round(cosines, 6))
    shown = SCALE.show(rising)
    assert np.all(np.diff(shown)[np.diff(rising) > 0] > 0)
    assert np.all((shown >= -1) & (shown <= 1))
    assert [SCALE.find_cosine(one) for one in shown] == pytest.approx(rising.tolist(), abs=1e-9)


def test_what_is_near_in_two_spaces_is_about_as_similar_in_both():
    rows = draw_families()
    crowded = look_crowded(rows)
    plain, other = rows @ rows.T, crowded @ crowded.T
    near = (plain > np.sort(plain, axis=1)[:, [-11]]) & (other > np.sort(other, axis=1)[:, [-11]]) & (plain < 0.999)
    before = np.abs(plain - other)[near].mean()
    shown = SimilarityScale.fit(rows).show(plain), SimilarityScale.fit(crowded).show(other)
    after = np.abs(shown[0] - shown[1])[near].mean()
    assert before > 0.1
    assert after < before / 3


def test_what_is_near_does_not_get_nearer_as_a_catalogue_grows():
    small, large = (SimilarityScale.fit(draw_families(count=count, spread=1.5)) for count in (2_004, 6_000))
    assert large.cosines[3] == pytest.approx(small.cosines[3], abs=0.03)


@pytest.fixture(scope="module")
def fitted() -> tuple[VectorPipeline, dict[str, tuple[np.ndarray, ...]]]:
    raw = {"text": (draw_families(),), "image": (draw_families(seed=3, dim=16),)}
    return VectorPipeline.fit(raw, dim=32), raw


def test_a_recipe_keeps_its_scales_and_one_of_before_has_none(fitted):
    plain, raw = fitted
    pipeline = plain.with_scales(raw)
    read = VectorPipeline.from_bytes(pipeline.to_bytes())
    assert {*read.scales} == {"fused", "text", "image"}
    assert read.scales == pipeline.scales
    before = VectorPipeline.from_bytes(plain.to_bytes())
    assert (before.scales, before.scale_of("fused")) == ({}, AS_IT_IS)
    assert b'"scales"' not in plain.to_bytes()[:4000]


def test_scales_are_of_the_vectors_that_are_searched_memory_included(fitted):
    plain, raw = fitted
    memory = Memory.fill(plain.transform(raw).fused, strength=1.0)
    moved = replace(plain, memory=memory).with_scales(raw)
    assert moved.scale_of("fused").cosines[3] > plain.with_scales(raw).scale_of("fused").cosines[3] + 0.1
    assert moved.scale_of("fused") == SimilarityScale.fit(moved.transform(raw).fused)
