"""What was learned from a catalogue counts for products like those it was learned from, and for no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embeddings.fusion.imputation import measure_exposure
from embeddings.fusion.learning import fit_attention
from embeddings.fusion.pipeline import RawVectors, VectorPipeline
from embeddings.fusion.reach import FAR, NEAR, NEAREST, ORDINARY, ModalityReach, Reach, SpreadReach
from embeddings.unit_rows import unit_rows

DIM = 48


def make_range(seed: int, count: int, *, kinds: int = 8, without_picture: bool = False) -> RawVectors:
    """Return products of one range: text and picture both tell their kind, in a corner of each space of its own."""
    world = np.random.default_rng(1000 + seed)
    generator = np.random.default_rng(seed)
    kind = generator.integers(kinds, size=count)
    raw = {}
    for name, noise in (("text", 0.7), ("image", 0.9)):
        axes = unit_rows(world.standard_normal((12, DIM)))  # what differs within this range
        rows = world.standard_normal((kinds, 12))[kind] + noise * generator.standard_normal((count, 12))
        raw[name] = (unit_rows(rows @ axes),)
    if without_picture:
        raw["image"] = (np.zeros_like(raw["image"][0]),)
    return raw


def join(*ranges: RawVectors) -> RawVectors:
    return {name: (np.concatenate([raw[name][0] for raw in ranges]),) for name in ranges[0]}


def take(raw: RawVectors, rows: slice) -> RawVectors:
    return {name: (parts[0][rows],) for name, parts in raw.items()}


@pytest.fixture(scope="module")
def fitted() -> VectorPipeline:
    """Attention with a shared space and a memory, fitted on 240 of 300 products of one range."""
    known = take(make_range(1, 300), slice(240))
    pipeline, settings, _ = fit_attention(VectorPipeline.fit(known, dim=64), known)
    assert settings.strength > 0
    assert settings.memory > 0
    return pipeline


def share_of_own(fused: np.ndarray, first: int) -> float:
    """Return the share of the five nearest of rows from `first` on that are among these rows."""
    similarity = fused @ fused.T
    np.fill_diagonal(similarity, -np.inf)
    return float(np.mean(np.argsort(-similarity[first:], axis=1)[:, :5] >= first))


@pytest.mark.parametrize("without_picture", [False, True])
def test_a_range_of_another_kind_is_beside_its_own_before_any_refit(fitted, without_picture):
    known = take(make_range(1, 300), slice(240))
    new = make_range(2, 25, without_picture=without_picture)
    together = join(known, new)
    assert fitted.find_reach(fitted.encode_modalities(new)).max() == 0
    vectors = fitted.transform(together)
    by_its_words = share_of_own(vectors.modalities["text"], 240)
    assert by_its_words > 0.85
    assert share_of_own(vectors.fused, 240) >= by_its_words - 0.01  # nobody is worse off than by what they have
    assert share_of_own(replace(fitted, reach=None).transform(together).fused, 240) < 0.75  # as it was without


def test_what_is_added_to_its_own_range_keeps_what_was_learned_and_its_fair_share(fitted):
    raw = make_range(1, 300)
    reach = fitted.find_reach(fitted.encode_modalities(raw))
    assert reach[:240].mean() > 0.95
    assert reach[240:].mean() > 0.85
    refitted, _, _ = fit_attention(VectorPipeline.fit(raw, dim=64), raw)
    exposures = []
    for pipeline in (fitted, refitted):
        fused = pipeline.transform(raw).fused
        exposures.append(measure_exposure(fused @ fused.T, np.arange(300) >= 240))
    assert exposures[0] == pytest.approx(exposures[1], abs=0.1)


def test_a_range_without_pictures_is_beside_its_own_after_a_refit_too():
    """It is in the fit then, but no product like it has told what pictures of such texts look like."""
    together = join(take(make_range(1, 300), slice(240)), make_range(2, 25, without_picture=True))
    refitted, settings, _ = fit_attention(VectorPipeline.fit(together, dim=64), together)
    assert settings.strength > 0
    vectors = refitted.transform(together)
    by_its_words = share_of_own(vectors.modalities["text"], 240)
    assert share_of_own(vectors.fused, 240) >= by_its_words - 0.01
    assert share_of_own(replace(refitted, reach=None).transform(together).fused, 240) < by_its_words - 0.1


def test_what_merely_happens_to_lack_a_picture_keeps_what_was_learned():
    raw = make_range(1, 300)
    gone = np.random.default_rng(6).random(300) < 0.3
    raw = {**raw, "image": (np.where(gone[:, None], 0, raw["image"][0]),)}
    pipeline = VectorPipeline.fit(raw, dim=64)
    reach = pipeline.find_reach(pipeline.encode_modalities(raw))
    assert min(reach[gone].mean(), reach[~gone].mean()) > 0.95


def make_edges(ordinary: float) -> SpreadReach:
    return SpreadReach(np.ones(2, dtype=np.float32), 1.0, ordinary)


def test_reach_ends_between_two_distances_and_counts_modalities_by_their_weights():
    edges = {"text": make_edges(2.0), "image": make_edges(3.0)}
    far = np.sqrt([1, 1 + NEAR, 1 + (NEAR + FAR) / 2, 1 + FAR, 9])  # squared distances from the origin
    text = np.stack([far, np.zeros(5)], axis=1).astype(np.float32)
    nothing, reach = np.zeros_like(text), Reach(edges)
    np.testing.assert_allclose(
        reach.find({"text": text, "image": nothing}, {"text": 1.0, "image": 1.0}), [1, 1, 0.5, 0, 0], atol=1e-5
    )
    both = {"text": text[3:4], "image": np.float32([[1, 0]])}  # at the edge by text, ordinary by the picture
    assert reach.measure(both, {"text": 3.0, "image": 1.0}) == pytest.approx([0.75 * FAR])
    assert reach.find(both, {"text": 1.0, "image": 0.0}) == pytest.approx([0], abs=1e-5)
    assert reach.find({"text": nothing, "image": nothing}, {"text": 1.0, "image": 1.0}).tolist() == [1.0] * 5


def test_of_a_few_products_nobody_can_say_what_is_ordinary():
    anything, rows = np.eye(8, dtype=np.float32), unit_rows(np.random.default_rng(3).standard_normal((40, 8)))
    for vectors, complete in ((rows[:11], 11), (rows * 0, 40), (rows, 11)):
        few = ModalityReach.fit(vectors, np.arange(len(vectors)) < complete)
        assert few.measure(anything).tolist() == [0.0] * 8


def test_for_a_query_all_that_was_learned_counts_though_it_is_like_no_product(fitted):
    asked = make_range(2, 25, without_picture=True)
    by_all = replace(fitted, reach=None).transform(asked).fused
    np.testing.assert_array_equal(fitted.transform(asked, is_query=True).fused, by_all)
    assert not np.allclose(fitted.transform(asked).fused, by_all, atol=0.01)


def test_what_is_ordinary_is_measured_without_the_product_itself():
    rows = unit_rows(np.random.default_rng(4).standard_normal((30, 20)))
    fitted = ModalityReach.fit(rows, np.ones(30, dtype=bool))
    nearness = [np.sort(np.delete(rows, row, axis=0) @ rows[row])[-NEAREST:].mean() for row in range(30)]
    expected = (np.median(nearness), np.quantile(nearness, 1 - ORDINARY))
    assert (fitted.median, fitted.ordinary) == pytest.approx(expected, rel=1e-4)
    new = unit_rows(np.random.default_rng(5).standard_normal((3, 20)))
    nearest = np.sort(new @ rows.T, axis=1)[:, -NEAREST:].mean(axis=1)
    far = (expected[0] - nearest) / (expected[0] - expected[1])
    np.testing.assert_allclose(fitted.measure(new), far, atol=0.01)  # half precision


def test_earlier_recipes_keep_the_reach_that_they_were_made_with():
    earlier = Reach({"text": make_edges(2.0)})
    again = Reach.from_arrays(earlier.to_arrays())
    assert isinstance(again.modalities["text"], SpreadReach)
    rows = np.float32([[1, 0], [1, 1]])
    assert again.measure({"text": rows}, {"text": 1.0}) == pytest.approx([0, 1])


def test_reach_is_stored_with_its_recipe(fitted):
    new = make_range(2, 25)
    again = VectorPipeline.from_bytes(fitted.to_bytes())
    np.testing.assert_array_equal(again.find_reach(again.encode_modalities(new)), 0)
    np.testing.assert_allclose(again.transform(new).fused, fitted.transform(new).fused, atol=1e-6)
