"""Relevant components: along what the most alike products differ, differences count less."""

import numpy as np

from embeddings.fusion import VectorPipeline
from embeddings.fusion.attention import start_attention
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.relevant_components import MIN_PAIRS, PENALTY, find_pairs, fit_components
from embeddings.fusion.selection import Settings
from embeddings.unit_rows import unit_rows


def make_twins(noise: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return 120 unit rows, two of each of 60 kinds, that differ in `noise` (120, 1) along the last of 24 axes."""
    kinds = np.random.default_rng(seed).standard_normal((60, 23))
    return unit_rows(np.concatenate([np.repeat(kinds, 2, axis=0), noise], axis=1)).astype(np.float32)


def test_what_twins_differ_in_counts_less_and_nothing_else():
    rows = make_twins(np.random.default_rng(1).standard_normal((120, 1)) * 1.5)
    components = fit_components(rows)
    np.testing.assert_allclose(components, components.T, atol=1e-6)
    # One direction holds nearly all of the covariance, so its eigenvalue is about 1 in units of the weighted mean.
    assert np.isclose(components[-1, -1], np.sqrt(PENALTY / (1 + PENALTY)), atol=0.03)
    assert np.all(np.diag(components)[:-1] > 0.95)


def test_pairs_are_mutual_and_no_copies():
    rows = np.concatenate([make_twins(np.zeros((120, 1)))[:2], np.eye(24, dtype=np.float32)[:3]])
    similar = unit_rows(rows[:1] + 0.1 * rows[2:3])
    left, right = find_pairs(np.concatenate([rows, similar]))
    assert (0, 1) not in set(zip(left.tolist(), right.tolist(), strict=True))  # a copy
    assert (0, 5) in set(zip(left.tolist(), right.tolist(), strict=True))


def test_few_pairs_or_none_that_differ_change_nothing():
    few = unit_rows(np.random.default_rng(2).standard_normal((MIN_PAIRS // 2, 8))).astype(np.float32)
    for rows in (few, np.repeat(few[:1], 100, axis=0), few[:0]):
        np.testing.assert_array_equal(fit_components(rows), np.eye(8, dtype=np.float32))


def test_attention_finds_kinds_better_by_them_and_they_are_stored(monkeypatch):
    """Text and picture both say the kind, among noise along few directions."""
    draw = np.random.default_rng(3)
    kind = np.repeat(np.arange(40), 4)
    raw = {}
    for name in ("text", "image"):
        noise = draw.standard_normal((160, 48)) * np.exp(-np.arange(48) / 6)
        raw[name] = (unit_rows(draw.standard_normal((40, 48))[kind] + 5 * noise).astype(np.float32),)
    plain = VectorPipeline.fit(raw, dim=64)

    def find(pipeline: VectorPipeline) -> float:
        fused = pipeline.transform(raw).fused
        similarity = fused @ fused.T
        np.fill_diagonal(similarity, -1)
        return float(np.mean(kind[np.argsort(-similarity, axis=1)[:, :3]] == kind[:, None]))

    settings = Settings(dim=16, penalty=1.0, strength=0.5, memory=1.0)
    concat = ConcatFusion.fit(vectors := plain.encode_modalities(raw), weights=plain.weights)
    joiner = start_attention(vectors, settings=settings, plain=concat)
    with_them = plain.with_joiner(joiner, raw, memory_strength=settings.memory)
    monkeypatch.setattr("embeddings.fusion.relevant_components.MIN_PAIRS", 10_000)
    without = plain.with_joiner(joiner, raw, memory_strength=settings.memory)
    assert find(with_them) > find(without) + 0.01
    again = VectorPipeline.from_bytes(with_them.to_bytes())
    np.testing.assert_allclose(again.transform(raw).fused, with_them.transform(raw).fused, atol=1e-3)
