"""Fusion: what is calibrated, joined, compressed and stored, on vectors small enough to check by hand."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from embeddings.fusion import RawVectors, VectorPipeline
from embeddings.fusion.attention import AttentionFusion
from embeddings.fusion.base import present_rows, share_weights
from embeddings.fusion.calibration import PRIOR_COUNT, calibrate, fit_mean
from embeddings.fusion.compression import compress, fit_basis
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.fitted_modality import FittedModality
from embeddings.fusion.imputation import Imputation, measure_exposure
from embeddings.fusion.pipeline import WEIGHTS
from embeddings.fusion.weighted import WeightedFusion
from embeddings.unit_rows import unit_rows

HALVES = {"text": 0.5, "image": 0.5}


def random_units(count: int, dim: int, *, seed: int, offset: float = 0.0) -> np.ndarray:
    """Return unit rows; `offset` crowds them into a cone, as encoders do."""
    return unit_rows(np.random.default_rng(seed).standard_normal((count, dim)) + offset)


def make_raw(count: int, *, text_dim: int = 16, image_dim: int = 24, seed: int = 0) -> RawVectors:
    title = random_units(count, text_dim, seed=seed, offset=1.0)
    body = unit_rows(title + 0.5 * random_units(count, text_dim, seed=seed + 1))
    return {"text": (title, body), "image": (random_units(count, image_dim, seed=seed + 2, offset=0.5),)}


def take(raw: RawVectors, rows) -> RawVectors:
    return {name: tuple(part[rows] for part in parts) for name, parts in raw.items()}


def pair(text: np.ndarray, image: np.ndarray) -> dict[str, np.ndarray]:
    return {"text": text, "image": image}


def spread(text_weight: float | list[float], count: int = 1) -> dict[str, np.ndarray]:
    """Return what each of `count` products gives text, and the rest for the picture."""
    weight = np.broadcast_to(np.float32(text_weight), np.shape(text_weight) or count)
    return pair(weight, 1 - weight)


def cosines(vectors: np.ndarray) -> np.ndarray:
    return vectors @ vectors.T


def test_unit_rows_leave_missing_rows_zero_and_return_float32():
    rows = unit_rows([[3.0, 4.0], [0.0, 0.0], [1e-9, 0.0]])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0], [0, 0]], atol=1e-7)


def test_mean_is_shrunk_as_if_zero_vectors_had_been_seen():
    np.testing.assert_allclose(fit_mean(np.float32([[1, 0], [0, 0], [0, 1]])), np.array([1, 1]) / (2 + PRIOR_COUNT))


def test_calibration_by_hand():
    calibrated = calibrate(np.float32([[1, 0], [0, 1], [0, 0]]), np.float32([0.5, 0.0]))
    np.testing.assert_allclose(calibrated, [[1, 0], unit_rows([[-0.5, 1]])[0], [0, 0]], atol=1e-6)


def test_a_row_equal_to_the_mean_keeps_its_direction():
    np.testing.assert_array_equal(calibrate(np.float32([[0, 1]]), np.float32([0, 1])), [[0, 1]])


def test_calibration_spreads_a_cone():
    crowded = random_units(200, 32, seed=1, offset=2.0)
    assert cosines(crowded).mean() > 0.7
    assert abs(cosines(calibrate(crowded, fit_mean(crowded))).mean()) < 0.05


def test_each_part_of_a_modality_is_calibrated_by_its_own_mean_before_they_are_joined():
    means = (np.float32([0.75, 0]), np.float32([0, 0.75]))
    modality = FittedModality(means=means, weights=(0.25, 0.75), basis=np.eye(2, dtype=np.float32))
    title, body = np.float32([[0, 1], [0, 1], [0, 0]]), np.float32([[1, 0], [0, 0], [0, 0]])
    # Calibrated, the first product's title is (-0.6, 0.8) and its body (0.8, -0.6); the second has no body.
    expected = [unit_rows([[0.25 * -0.6 + 0.75 * 0.8, 0.25 * 0.8 + 0.75 * -0.6]])[0], [-0.6, 0.8], [0, 0]]
    np.testing.assert_allclose(modality.transform((title, body)), expected, atol=1e-6)


def test_a_part_of_no_weight_still_speaks_for_a_product_that_has_nothing_else():
    modality = FittedModality(means=(np.zeros(2), np.zeros(2)), weights=(0.0, 1.0), basis=np.eye(2, dtype=np.float32))
    title, body = np.float32([[1, 0], [1, 0]]), np.float32([[0, 1], [0, 0]])
    np.testing.assert_allclose(modality.transform((title, body)), [[0, 1], [1, 0]], atol=1e-6)


def test_products_that_come_later_are_calibrated_by_the_mean_of_those_fitted_on():
    crowd = random_units(240, 32, seed=15, offset=2.0)
    known, later = crowd[:200], crowd[200:]
    modality = FittedModality.fit((known,), weights=(1.0,), dim=32)
    expected = cosines(calibrate(later, fit_mean(known)))  # as wide as the encoder, so the basis changes no cosine
    np.testing.assert_allclose(cosines(modality.transform((later,))), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("count", "dim", "rank"), [(0, 4, 0), (1, 4, 1), (3, 4, 3), (50, 4, 4), (3, 16, 3), (50, 14, 13), (5, 20, 5)]
)
def test_basis_columns_are_orthogonal_and_those_of_what_no_product_has_keep_its_length(count, dim, rank):
    basis = fit_basis(random_units(count, 16, seed=2), dim=dim)
    assert basis.shape == (16, dim)
    expected = np.eye(dim)
    expected[16:] = 0  # sixteen numbers have no seventeenth direction
    kept = min(dim, 16)
    expected[rank:kept] *= (16 - rank) / max(kept - rank, 1)
    np.testing.assert_allclose(basis.T @ basis, expected, atol=1e-5)


def test_compression_keeps_every_cosine_when_the_rank_fits():
    vectors = random_units(8, 16, seed=3)
    np.testing.assert_allclose(cosines(compress(vectors, fit_basis(vectors, dim=8))), cosines(vectors), atol=1e-5)


def test_compression_keeps_the_strongest_directions():
    vectors = unit_rows(np.random.default_rng(4).standard_normal((500, 4)) * [9, 3, 0.1, 0.1])
    np.testing.assert_allclose(np.abs(fit_basis(vectors, dim=2)[:2]), np.eye(2), atol=0.05)


def test_a_direction_points_where_its_largest_number_is_positive_whatever_the_processor():
    basis = fit_basis(random_units(50, 16, seed=20), dim=10)
    assert (basis[np.abs(basis).argmax(axis=0), np.arange(10)] > 0).all()


def test_concat_cosine_is_exactly_the_weighted_mean_of_modality_cosines():
    text, image = random_units(20, 5, seed=5), random_units(20, 7, seed=6)
    fused = ConcatFusion().fuse(pair(text, image), spread(0.7, 20))
    np.testing.assert_allclose(cosines(fused), 0.7 * cosines(text) + 0.3 * cosines(image), atol=1e-6)


def test_concat_by_hand():
    vectors = pair(np.float32([[1], [0], [1]]), np.float32([[1], [1], [0]]))
    fused = ConcatFusion().fuse(vectors, spread(0.36, 3))
    np.testing.assert_allclose(fused, [[0.6, 0.8], [0, 1], [1, 0]], atol=1e-6)


def test_stored_cosine_is_the_weighted_mean_of_stored_modality_cosines():
    raw = make_raw(30)
    vectors = VectorPipeline.fit(raw).transform(raw)
    expected = 0.6 * cosines(vectors.modalities["text"]) + 0.4 * cosines(vectors.modalities["image"])
    np.testing.assert_allclose(cosines(vectors.fused), expected, atol=1e-5)


def test_weighted_fusion_recovers_a_rotation():
    text = random_units(60, 6, seed=7)
    rotation, _ = np.linalg.qr(np.random.default_rng(8).standard_normal((6, 6)))
    image = (text @ rotation).astype(np.float32)
    fused = WeightedFusion.fit(pair(text, image), weights=HALVES).fuse(pair(text, image), spread(0.5, 60))
    np.testing.assert_allclose(fused, text, atol=1e-5)


def test_weighted_fusion_by_hand():
    fusion = WeightedFusion(rotations={"image": np.eye(2, dtype=np.float32)})
    fused = fusion.fuse(pair(np.float32([[1, 0]]), np.float32([[0, 1]])), spread(0.6))
    np.testing.assert_allclose(fused, unit_rows([[0.6, 0.4]]), atol=1e-6)


def make_attention(text_dim: int, image_dim: int, *, strength: float, seed: int = 0) -> AttentionFusion:
    generator = np.random.default_rng(seed)
    return AttentionFusion(
        projections=pair(
            *(generator.standard_normal((dim, 3)).astype(np.float32) for dim in (text_dim, image_dim)),
        ),
        hidden=generator.standard_normal((text_dim + image_dim + 2, 4)).astype(np.float32),
        hidden_bias=np.zeros(4, np.float32),
        output=np.zeros((4, 2), np.float32),
        output_bias=np.float32([np.log(2), 0]),
        strength=strength,
    )


def test_attention_of_no_strength_is_concat():
    vectors, weights = pair(random_units(9, 5, seed=9), random_units(9, 7, seed=10)), spread(0.6, 9)
    fused = make_attention(5, 7, strength=0.0).fuse(vectors, weights)
    np.testing.assert_allclose(fused[:, :12], ConcatFusion().fuse(vectors, weights), atol=1e-6)
    np.testing.assert_array_equal(fused[:, 12:], 0)


def test_attention_cosine_is_a_mean_of_concat_and_learned():
    vectors, weights = pair(random_units(9, 5, seed=11), random_units(9, 7, seed=12)), spread(0.6, 9)
    fusion = make_attention(5, 7, strength=0.3)
    learned = fusion.project(vectors, weights)
    plain = ConcatFusion().fuse(vectors, weights)
    fused = fusion.fuse(vectors, weights)
    np.testing.assert_allclose(cosines(fused), 0.7 * cosines(plain) + 0.3 * cosines(learned), atol=1e-5)


def test_attention_weights_by_hand_and_masked():
    fusion = make_attention(2, 2, strength=0.5)
    vectors = pair(np.float32([[1, 0], [1, 0], [0, 0], [0, 0]]), np.float32([[0, 1], [0, 0], [0, 1], [0, 0]]))
    weights = fusion.modality_weights(vectors, spread(0.5, 4))
    np.testing.assert_allclose(weights, [[2 / 3, 1 / 3], [1, 0], [0, 1], [0, 0]], atol=1e-6)


def test_imputation_predicts_a_modality_that_follows_from_the_other():
    text = random_units(300, 8, seed=13)
    image = unit_rows(text @ np.random.default_rng(14).standard_normal((8, 8)))
    imputation = Imputation.fit(pair(text[:250], image[:250]), weights=WEIGHTS)
    lacking = np.zeros_like(image[250:])
    text_filled, image_filled = imputation.fill(pair(text[250:], lacking)).values()
    np.testing.assert_array_equal(text_filled, text[250:])
    np.testing.assert_allclose(np.linalg.norm(image_filled, axis=1), 1, atol=1e-5)
    assert np.sum(image_filled * image[250:], axis=1).mean() > 0.9


def test_products_whose_picture_is_predicted_are_recommended_about_as_often_as_the_others():
    text = random_units(120, 8, seed=18)
    image = unit_rows(text + 1.5 * random_units(120, 8, seed=19))
    prediction = Imputation.fit(pair(text, image), weights=WEIGHTS).predictions["image"]
    hidden = np.arange(120) % 3 == 0

    def measure(confidence: float) -> float:
        filled = image.copy()
        filled[hidden] = replace(prediction, confidence=confidence).predict(text[hidden])
        return measure_exposure(0.6 * text @ text.T + 0.4 * filled @ filled.T, hidden)

    assert measure(prediction.confidence) == pytest.approx(1, abs=0.1)
    assert measure(1.0) > 1.2  # near to everything, were nothing unpredictable added


@pytest.mark.parametrize("fusion", [ConcatFusion, WeightedFusion])
def test_a_product_without_a_picture_is_fused_with_the_one_it_would_probably_have(fusion):
    text = random_units(60, 6, seed=16)
    image = unit_rows(text + 0.3 * random_units(60, 6, seed=17))
    fitted = fusion.fit(pair(text, image), weights=WEIGHTS)
    lacking = fitted.fuse(pair(text, np.zeros_like(image)), spread(0.6, 60))
    probable = fitted.imputation.predictions["image"].predict(text)
    np.testing.assert_array_equal(lacking, fitted.fuse(pair(text, probable), spread(0.6, 60)))
    np.testing.assert_allclose(np.linalg.norm(probable, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("fusion", ["concat", "weighted"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 40])
def test_any_number_of_products_gives_the_same_dimensions(fusion, count):
    pipeline = VectorPipeline.fit(make_raw(count), fusion=fusion, dim=32)
    vectors = pipeline.transform(make_raw(7, seed=99))
    assert vectors.fused.shape == (7, pipeline.dim) == (7, 32)
    assert pipeline.dims == {"text": 16, "image": 24}
    for array in (vectors.fused, *vectors.modalities.values()):
        assert array.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(array, axis=1), 1, atol=1e-5)


def test_wide_encoders_are_compressed_to_at_most_384():
    raw = make_raw(6, text_dim=500, image_dim=1280)
    pipeline = VectorPipeline.fit(raw)
    assert (pipeline.dims, pipeline.dim) == ({"text": 384, "image": 384}, 384)
    fused = pipeline.transform(raw).fused
    np.testing.assert_allclose(np.linalg.norm(fused, axis=1), 1, atol=1e-5)


def test_missing_parts_and_modalities_stay_zero_and_the_rest_is_unit_length():
    raw = make_raw(30)
    for part in raw["text"]:
        part[[0, 1]] = 0
    raw["text"][1][2] = 0
    raw["image"][0][[1, 3]] = 0
    vectors = VectorPipeline.fit(raw, dim=32).transform(raw)
    assert np.flatnonzero(~present_rows(vectors.modalities["text"])).tolist() == [0, 1]
    assert np.flatnonzero(~present_rows(vectors.modalities["image"])).tolist() == [1, 3]
    assert np.flatnonzero(~present_rows(vectors.fused)).tolist() == [1]
    assert np.isfinite(vectors.fused).all()


@pytest.mark.parametrize("image", [np.zeros((12, 24), np.float32), np.zeros((12, 0), np.float32)])
@pytest.mark.parametrize("fusion", ["concat", "weighted"])
def test_a_catalogue_without_pictures_ranks_by_text_alone(image, fusion):
    raw = {**make_raw(12), "image": (image,)}
    vectors = VectorPipeline.fit(raw, fusion=fusion, dim=32).transform(raw)
    np.testing.assert_allclose(cosines(vectors.fused), cosines(vectors.modalities["text"]), atol=1e-5)
    assert vectors.modalities["image"].shape == image.shape


def test_a_catalogue_without_texts_ranks_by_picture_alone():
    raw = {**make_raw(12), "text": (np.zeros((12, 16), np.float32),) * 2}
    vectors = VectorPipeline.fit(raw, dim=32).transform(raw)
    np.testing.assert_allclose(cosines(vectors.fused), cosines(vectors.modalities["image"]), atol=1e-5)


def test_one_declared_text_part_is_enough():
    raw = make_raw(12)
    single = {**raw, "text": raw["text"][:1]}
    assert VectorPipeline.fit(single).transform(single).fused.shape == (12, 384)


def test_equal_products_have_equal_vectors():
    raw = make_raw(1)
    twice = take(raw, [0, 0, 0, 0])
    np.testing.assert_allclose(cosines(VectorPipeline.fit(twice).transform(twice).fused), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch():
    raw = make_raw(10)
    pipeline = VectorPipeline.fit(raw)
    alone = [pipeline.transform(take(raw, [row])).fused[0] for row in range(10)]
    np.testing.assert_allclose(np.stack(alone), pipeline.transform(raw).fused, atol=1e-6)


def test_fusion_dial_overrides_each_row_without_a_new_fit():
    raw = make_raw(20)
    pipeline = VectorPipeline.fit(raw)
    picture_only = pipeline.transform(raw, dial={"text": 0.0}).fused
    np.testing.assert_allclose(cosines(picture_only), cosines(pipeline.transform(raw).modalities["image"]), atol=1e-5)
    dial = np.full(20, np.nan)
    dial[:5] = 0.0
    mixed = pipeline.transform(raw, dial={"text": dial}).fused
    np.testing.assert_array_equal(mixed[:5], picture_only[:5])
    np.testing.assert_array_equal(mixed[5:], pipeline.transform(raw).fused[5:])


def test_a_weight_outside_its_range_is_refused():
    raw = make_raw(5)
    with pytest.raises(ValueError, match="between 0"):
        VectorPipeline.fit(raw).transform(raw, dial={"text": 1.5})


def test_weights_go_to_the_modalities_that_are_there():
    raw = make_raw(3)
    raw["image"][0][1] = 0
    for part in raw["text"]:
        part[2] = 0
    weights = share_weights(VectorPipeline.fit(raw).encode_modalities(raw), spread(0.6, 3))
    np.testing.assert_allclose(weights, [[0.6, 0.4], [1, 0], [0, 1]], atol=1e-6)


def test_a_dial_turned_all_the_way_leaves_a_product_the_one_modality_it_has():
    vectors = pair(np.float32([[1], [0], [0]]), np.float32([[0], [1], [0]]))
    weights = share_weights(vectors, spread([0, 1, 1]))
    np.testing.assert_array_equal(weights, [[1, 0], [0, 1], [0, 0]])


def test_concat_shares_are_the_exact_parts_of_the_similarity():
    raw = make_raw(40)
    pipeline = VectorPipeline.fit(raw)
    vectors = pipeline.transform(raw)
    shares = pipeline.modality_shares(pipeline.encode_modalities(raw), pipeline.encode_modalities(raw))
    np.testing.assert_allclose(shares, np.tile([0.6, 0.4], (40, 1)), atol=1e-5)
    other = take(raw, np.roll(np.arange(40), 1))
    shares = pipeline.modality_shares(pipeline.encode_modalities(raw), pipeline.encode_modalities(other))
    parts = np.stack(
        [
            0.6 * np.sum(vectors.modalities["text"] * np.roll(vectors.modalities["text"], 1, 0), 1),
            0.4 * np.sum(vectors.modalities["image"] * np.roll(vectors.modalities["image"], 1, 0), 1),
        ],
        axis=1,
    )
    positive = (parts > 0).all(axis=1)
    assert positive.any()
    np.testing.assert_allclose(shares[positive], (parts / parts.sum(1, keepdims=True))[positive], atol=1e-4)


@pytest.mark.parametrize("fusion", ["concat", "weighted"])
def test_shares_sum_to_one_and_a_missing_modality_has_none(fusion):
    raw = make_raw(6)
    raw["image"][0][0] = 0
    for part in raw["text"]:
        part[1] = 0
    pipeline = VectorPipeline.fit(raw, fusion=fusion)
    other = take(raw, [2] * 6)
    shares = pipeline.modality_shares(pipeline.encode_modalities(raw), pipeline.encode_modalities(other))
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(shares[:2], [[1, 0], [0, 1]], atol=1e-6)


@pytest.mark.parametrize("fusion", ["concat", "weighted"])
@pytest.mark.parametrize("count", [1, 30])
def test_a_stored_pipeline_gives_the_same_vectors(fusion, count):
    raw = make_raw(count)
    weights = {"text": 0.55, "image": 0.45}
    pipeline = VectorPipeline.fit(raw, fusion=fusion, weights=weights, part_weights={"text": (0.3, 0.7)})
    stored = VectorPipeline.from_bytes(pipeline.to_bytes())
    assert (stored.fusion, stored.dim, stored.weights) == (fusion, 384, weights)
    np.testing.assert_array_equal(stored.transform(raw).fused, pipeline.transform(raw).fused)
    assert stored.to_bytes() == pipeline.to_bytes()


def test_a_stored_attention_pipeline_gives_the_same_vectors():
    raw = make_raw(30)
    pipeline = VectorPipeline.fit(raw).with_joiner(make_attention(16, 24, strength=0.4), raw)
    stored = VectorPipeline.from_bytes(pipeline.to_bytes())
    assert stored.fusion == "attention"
    np.testing.assert_allclose(stored.transform(raw).fused, pipeline.transform(raw).fused, atol=1e-6)


def test_fits_are_repeatable_under_a_seed():
    raw = make_raw(8)
    assert VectorPipeline.fit(raw, seed=3).to_bytes() == VectorPipeline.fit(raw, seed=3).to_bytes()


@pytest.mark.parametrize("data", [b"", b"not safetensors", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"])
def test_bytes_of_something_else_are_refused(data):
    with pytest.raises(ValueError, match="build the space again"):
        VectorPipeline.from_bytes(data)


def test_vectors_of_another_encoder_are_refused_with_what_to_do():
    pipeline = VectorPipeline.fit(make_raw(5))
    with pytest.raises(ValueError, match="create a new space"):
        pipeline.transform(make_raw(5, text_dim=17))


def test_unknown_fusions_and_uneven_weights_are_refused():
    with pytest.raises(ValueError, match="choose concat or weighted"):
        VectorPipeline.fit(make_raw(5), fusion="attention")
    with pytest.raises(ValueError, match="one weight for each part"):
        VectorPipeline.fit(make_raw(5), part_weights={"text": (1.0,)})


def test_inference_never_imports_torch():
    code = "import sys, embeddings.fusion; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
