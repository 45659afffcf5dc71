"""The parts of learning a fusion: the shared space, the memory, batches and augmented pictures."""

import numpy as np
import pytest
from PIL import Image

from embeddings.fusion.augmentation import augment_picture
from embeddings.fusion.base import present_modalities
from embeddings.fusion.batches import Batches, Examples, find_partners
from embeddings.fusion.canonical_correlation import fit_shared
from embeddings.fusion.imputation import measure_exposure
from embeddings.fusion.memory import Memory
from embeddings.unit_rows import unit_rows


def test_shared_space_finds_the_one_thing_that_both_modalities_say():
    generator = np.random.default_rng(0)
    told = generator.standard_normal(500)
    text = np.stack([told, 3 * generator.standard_normal(500)], axis=1).astype(np.float32)
    image = np.stack([3 * generator.standard_normal(500), told], axis=1).astype(np.float32)
    shared = fit_shared({"text": text, "image": image}, dim=1, penalty=1e-6)
    text_projection, image_projection = shared.values()
    np.testing.assert_allclose(np.abs(text_projection.ravel()), [1 / told.std(), 0], atol=0.1)
    np.testing.assert_allclose(np.abs(image_projection.ravel()), [0, 1 / told.std()], atol=0.1)


def test_memory_by_hand():
    bank = np.float32([[1, 0], [0.8, 0.6], [0, 1]])
    smoothed = Memory(bank=bank, strength=0.5).smooth(np.float32([[1, 0], [0, 0]]))
    # The product itself is left out; of the others only [0.8, 0.6] is nearer than the furthest, which counts nothing.
    np.testing.assert_allclose(smoothed, [unit_rows([[1.4, 0.3]])[0], [0, 0]], atol=1e-6)


def test_memory_of_no_strength_or_no_neighbours_changes_nothing():
    vectors = unit_rows(np.random.default_rng(1).standard_normal((6, 4)))
    np.testing.assert_array_equal(Memory.fill(vectors, strength=0.0).smooth(vectors), vectors)
    np.testing.assert_array_equal(Memory.fill(vectors[:1], strength=1.0).smooth(vectors), vectors)


def test_exposure_by_hand():
    nearest = np.full((12, 12), 0.0)
    nearest[:, :2] = 1  # everybody's nearest are the first two
    marked = np.zeros(12, dtype=bool)
    marked[[0, 1]] = True
    assert measure_exposure(nearest, marked) == pytest.approx(((2 * 1 + 10 * 2) / 120) / (2 / 12))


def test_partners_come_from_groups_and_pairs():
    assert find_partners(5, [7, -1, 7, -1, 7], [(1, 3), (0, 1), (2, 2)]) == ((1, 2, 4), (0, 3), (0, 4), (1,), (0, 2))


def test_a_batch_never_drops_the_only_modality_and_never_repels_partners():
    generator = np.random.default_rng(3)
    text, image = (unit_rows(generator.standard_normal((80, 8))) for _ in range(2))
    image[:40] = 0
    examples = Examples(
        views={"text": (text,), "image": (image,)},
        partners=find_partners(80, None, [(4, 5)]),
        weights={"text": 0.6, "image": 0.4},
    )
    batches = Batches(examples, np.arange(80), generator)
    for _ in range(5):
        first, second, ignored = batches.draw()
        for view in (first, second):
            assert present_modalities(view.vectors).any(axis=1).all()
            np.testing.assert_allclose(view.prior.sum(axis=1), 1, atol=1e-6)
        assert not ignored.diagonal().any()
        assert ignored[4, 5]
        assert ignored[5, 4]


def test_augmented_pictures_repeat_under_a_seed_and_differ_between_seeds():
    pixels = np.random.default_rng(4).integers(0, 256, (60, 40, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    once, twice, other = (np.asarray(augment_picture(picture, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, twice)
    assert once.shape != other.shape or (once != other).any()
    assert augment_picture(Image.new("L", (1, 1)), seed=5).mode == "RGB"
