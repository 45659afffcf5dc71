"""What is learned from a catalogue: only what holds for held-back products, and nothing where that is nothing."""

import numpy as np
import pytest

from embeddings.fusion import RawVectors, VectorPipeline
from embeddings.fusion.base import present_rows
from embeddings.fusion.selection import choose_settings
from embeddings.unit_rows import unit_rows

KINDS = 12


def make_catalogue(count: int, *, seed: int = 0, noise: float = 2.0, dim: int = 48) -> tuple[RawVectors, np.ndarray]:
    """Return products of twelve kinds; text and picture each say the kind, among much that only one of them says."""
    generator = np.random.default_rng(seed)
    kinds = generator.integers(KINDS, size=count)
    text_of, image_of = generator.standard_normal((KINDS, dim)), generator.standard_normal((KINDS, dim))

    def say(meanings: np.ndarray) -> np.ndarray:
        return unit_rows(meanings[kinds] + noise * generator.standard_normal((count, dim)) + 1.0)

    return {"text": (say(text_of), say(text_of)), "image": (say(image_of),)}, kinds


def make_noise(count: int, *, seed: int = 0, dim: int = 48) -> RawVectors:
    """Return products whose pictures have nothing to do with their texts."""
    generator = np.random.default_rng(seed)
    rows = [unit_rows(generator.standard_normal((count, dim)) + 1.0) for _ in range(3)]
    return {"text": (rows[0], rows[1]), "image": (rows[2],)}


def share_of_own_kind(vectors: np.ndarray, kinds: np.ndarray) -> float:
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    return float((kinds[np.argsort(-similarity, axis=1)[:, :10]] == kinds[:, None]).mean())


def train(raw, **options):
    training = pytest.importorskip("embeddings.fusion.training")
    return training.train(raw, **options)


@pytest.fixture(scope="module")
def catalogue():
    return make_catalogue(240)


@pytest.fixture(scope="module")
def trained(catalogue):
    return train(catalogue[0], seed=1)


def test_nothing_is_learned_from_noise_or_from_too_few_products():
    for raw in (make_noise(120), make_catalogue(20)[0]):
        settings, _ = choose_settings(VectorPipeline.fit(raw).encode_modalities(raw))
        assert (settings.strength, settings.memory) == (0.0, 0.0)


def test_without_anything_to_learn_attention_ranks_like_concat():
    raw = make_noise(120)
    pipeline, report = train(raw)
    assert report["settings"]["strength"] == 0
    plain = VectorPipeline.fit(raw).transform(raw).fused
    np.testing.assert_allclose(
        pipeline.transform(raw).fused @ pipeline.transform(raw).fused.T, plain @ plain.T, atol=1e-5
    )


def test_training_finds_the_kinds_that_nobody_labelled(catalogue, trained):
    raw, kinds = catalogue
    pipeline, report = trained
    plain = share_of_own_kind(VectorPipeline.fit(raw).transform(raw).fused, kinds)
    learned = share_of_own_kind(pipeline.transform(raw).fused, kinds)
    assert learned > plain + 0.05
    assert pipeline.fusion == "attention"
    assert report["validation"]["agreement_learned"] > report["validation"]["agreement_concat"]


def test_training_helps_products_that_came_later():
    raw, kinds = make_catalogue(480)
    earlier, later = (
        {name: tuple(part[kept] for part in parts) for name, parts in raw.items()}
        for kept in (slice(240), slice(240, None))
    )
    pipeline, _ = train(earlier)
    plain = share_of_own_kind(VectorPipeline.fit(earlier).transform(later).fused, kinds[240:])
    assert share_of_own_kind(pipeline.transform(later).fused, kinds[240:]) > plain + 0.03


def test_training_is_repeatable_under_a_seed(catalogue, trained):
    again, _ = train(catalogue[0], seed=1)
    np.testing.assert_allclose(again.transform(catalogue[0]).fused, trained[0].transform(catalogue[0]).fused, atol=1e-5)


def test_a_trained_pipeline_is_stored_with_its_memory(catalogue, trained):
    pipeline = trained[0]
    stored = VectorPipeline.from_bytes(pipeline.to_bytes())
    assert (stored.fusion, stored.dim) == ("attention", 384)
    assert (stored.memory is None) == (pipeline.memory is None)
    np.testing.assert_allclose(stored.transform(catalogue[0]).fused, pipeline.transform(catalogue[0]).fused, atol=1e-6)


def test_missing_modalities_pass_through_training():
    raw, _ = make_catalogue(120)
    raw["image"][0][:30] = 0
    for part in raw["text"]:
        part[25:50] = 0
    pipeline, _ = train(raw)
    vectors = pipeline.transform(raw)
    assert np.flatnonzero(~present_rows(vectors.fused)).tolist() == list(range(25, 30))
    lengths = np.linalg.norm(np.delete(vectors.fused, range(25, 30), axis=0), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
    vectors = pipeline.encode_modalities(raw)
    shares = pipeline.modality_shares(vectors, {name: rows[::-1] for name, rows in vectors.items()})
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 12])
def test_a_tiny_catalogue_can_be_trained(count):
    raw, _ = make_catalogue(count)
    assert train(raw)[0].transform(raw).fused.shape == (count, 384)


def test_every_kind_of_positive_is_accepted_and_progress_is_told(catalogue):
    raw, kinds = catalogue
    told = []
    pipeline, report = train(
        raw,
        groups=kinds,
        pairs=[(0, 1)],
        views={
            "text": [(raw["text"][0], np.zeros_like(raw["text"][1]))],
            "image": [(unit_rows(raw["image"][0] + 0.02),)],
        },
        progress=lambda stage, done, total: told.append((stage, done, total)),
    )
    assert report["products_with_partners"] == 240
    assert {stage for stage, _, _ in told} == {"select", "tune"}
    assert all(0 <= done <= total for _, done, total in told)
    assert pipeline.transform(raw).fused.shape == (240, 384)


def test_tuning_is_kept_only_where_held_back_products_gain(catalogue):
    raw, kinds = catalogue
    _, report = train(raw, groups=kinds)
    tuning = report["tuning"]
    assert tuning["held_back_after"] >= tuning["held_back_before"]
    assert (tuning["steps"] > 0) == (tuning["held_back_after"] > tuning["held_back_before"] + 0.005)


def test_whatever_progress_raises_stops_the_training(catalogue):
    class Stopped(Exception):
        """Somebody pressed stop."""

    def stop(stage, done, total):
        raise Stopped

    with pytest.raises(Stopped):
        train(catalogue[0], progress=stop)
