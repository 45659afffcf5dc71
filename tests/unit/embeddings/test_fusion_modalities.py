"""Fusion of any set of modalities: two give what two always gave, and a third one has to earn its place."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.fusion import RawVectors, VectorPipeline
from embeddings.fusion.admission import MARKS, admit_modalities
from embeddings.fusion.base import present_rows
from embeddings.fusion.canonical_correlation import _agree_in_all, _agree_in_pair, fit_shared
from embeddings.fusion.imputation import Imputation
from embeddings.fusion.learning import fit_attention
from embeddings.fusion.selection import compare_others
from embeddings.fusion.views import APART
from embeddings.unit_rows import unit_rows
from tests.unit.embeddings.first_format import STORED, make_pairs

WEIGHTS = {"text": 0.5, "image": 0.3, "sound": 0.2}
PENALTY = 10.0  # of the shared space, as it was chosen then


def make_triples(count: int = 150, *, sound_noise: float = 1.0, dim: int = 12) -> RawVectors:
    """Return products whose kind is told by text, picture and sound; of the first twelve each lacks one of the three.

    The thirteenth has a sound alone.
    """
    generator = np.random.default_rng(1)
    kind = generator.integers(8, size=count)
    raw = {
        name: unit_rows(generator.standard_normal((8, dim))[kind] + noise * generator.standard_normal((count, dim)))
        for name, noise in (("text", 1.0), ("image", 1.0), ("sound", sound_noise))
    }
    for position, rows in enumerate(raw.values()):
        rows[position:12:3] = 0
    raw["text"][12] = raw["image"][12] = 0
    return {name: (rows,) for name, rows in raw.items()}


@pytest.fixture(scope="module")
def pairs() -> dict[str, VectorPipeline]:
    """Fitted with the settings of then.

    No column was reserved for what comes later, all was within reach, directions were fewer, and pairs played no part.
    """
    recipe = {"part_weights": {"text": (0.3, 0.7)}, "weights": {"text": 0.55, "image": 0.45}, "dim": 16, "seed": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("embeddings.fusion.compression.RESERVED", 1000)
        patch.setattr("embeddings.fusion.reach.MIN_PRODUCTS", 1000)
        patch.setattr("embeddings.fusion.relevant_components.MIN_PAIRS", 1000)
        for name, value in {"PENALTIES": (PENALTY,), "STRENGTHS": (0.5,), "DIM": 16, "MEMORIES": (1.0,)}.items():
            patch.setattr(f"embeddings.fusion.selection.{name}", value)
        for name, value in {"ENOUGH": 1000, "TRIALS": 0}.items():
            patch.setattr(f"embeddings.fusion.exposure.{name}", value)
        fitted = {name: VectorPipeline.fit(make_pairs(), fusion=name, **recipe) for name in ("concat", "weighted")}
        return fitted | {"attention": fit_attention(fitted["concat"], make_pairs(), seed=2)[0]}


def check_stored(pipeline: VectorPipeline, name: str) -> None:
    """Compare what a pipeline gives, before its memory, with what was stored."""
    raw = {modality: tuple(part[::5] for part in parts) for modality, parts in make_pairs().items()}
    alone, vectors = replace(pipeline, memory=None), pipeline.encode_modalities(raw)
    np.testing.assert_allclose(alone.transform(raw).fused, STORED[name], atol=1e-6)
    dialled = alone.transform(raw, dial={"text": np.linspace(0, 1, 48)})
    np.testing.assert_allclose(dialled.fused, STORED[f"{name}_dial"], atol=1e-6)
    turned = {modality: rows[::-1] for modality, rows in vectors.items()}
    np.testing.assert_allclose(pipeline.modality_shares(vectors, turned), STORED[f"{name}_shares"], atol=1e-6)


@pytest.mark.parametrize("name", ["concat", "weighted", "attention"])
def test_text_and_image_alone_are_fused_as_they_were_when_there_was_nothing_else(pairs, name):
    check_stored(pairs[name], name)


@pytest.mark.parametrize("name", ["weighted", "attention"])
def test_a_recipe_of_the_first_format_is_read_and_gives_the_vectors_it_gave(pairs, name):
    old = VectorPipeline.from_bytes(STORED[f"{name}_recipe"].tobytes())
    check_stored(old, name)
    assert old.weights == pytest.approx({"text": 0.55, "image": 0.45})
    again = VectorPipeline.from_bytes(old.to_bytes())  # in the present format
    check_stored(again, name)
    assert (again.memory is None) == (old.memory is None) == (pairs[name].memory is None)
    if old.memory:
        assert again.memory.strength == old.memory.strength == pairs[name].memory.strength > 0
        np.testing.assert_allclose(again.memory.bank, pairs[name].memory.bank, atol=1e-3)  # half precision


@pytest.fixture(scope="module")
def triples() -> dict[str, VectorPipeline]:
    fitted = {
        name: VectorPipeline.fit(make_triples(), fusion=name, weights=WEIGHTS, dim=32)
        for name in ("concat", "weighted")
    }
    return fitted | {"attention": fit_attention(fitted["concat"], make_triples())[0]}


@pytest.mark.parametrize("name", ["concat", "weighted", "attention"])
def test_three_modalities_are_fused_stored_and_explained(triples, name):
    pipeline, raw = triples[name], make_triples()
    vectors = pipeline.transform(raw)
    assert pipeline.dims == {"text": 12, "image": 12, "sound": 12}
    np.testing.assert_allclose(np.linalg.norm(vectors.fused, axis=1), 1, atol=1e-5)
    stored = VectorPipeline.from_bytes(pipeline.to_bytes())
    assert (list(stored.modalities), stored.weights) == (list(WEIGHTS), pipeline.weights)
    assert stored.admission == pipeline.admission
    np.testing.assert_allclose(stored.transform(raw).fused, vectors.fused, atol=1e-6)
    other = {modality: rows[::-1] for modality, rows in vectors.modalities.items()}
    shares = pipeline.modality_shares(vectors.modalities, other)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    lacking = np.stack([~present_rows(rows) for rows in vectors.modalities.values()], axis=1)
    assert not shares[lacking].any()
    np.testing.assert_array_equal(shares[12], [0, 0, 1])


def test_vectors_are_fused_in_the_order_of_the_pipeline_whatever_order_they_come_in(triples):
    vectors = triples["concat"].transform(make_triples())
    backwards = dict(reversed(vectors.modalities.items()))
    np.testing.assert_array_equal(triples["concat"].fuse_encoded(backwards), vectors.fused)


def test_a_third_modality_that_tells_what_the_others_tell_is_admitted(triples):
    pipeline = triples["concat"]
    assert pipeline.weights == WEIGHTS
    assert min(pipeline.admission["sound"].values()) >= 0.2
    assert pipeline.admission["sound"]["together"] > 2


@pytest.mark.parametrize("kind", ["noise", "the text again", "too few"])
def test_a_third_modality_that_does_not_help_counts_nothing_and_the_report_says_so(kind):
    raw = dict(make_triples(sound_noise=100.0))
    if kind == "the text again":  # it tells well what is alike by text, and nothing of the picture
        raw["sound"] = raw["text"]
    elif kind == "too few":
        raw["sound"] = (np.where(np.arange(150)[:, None] < 20, raw["text"][0], 0),)
        raw["image"] = (np.where(np.arange(150)[:, None] > 120, raw["image"][0], 0),)
    pipeline = VectorPipeline.fit(raw, weights=WEIGHTS, dim=32)
    assert pipeline.weights == {"text": 0.5, "image": 0.3, "sound": 0.0}
    judged = pipeline.admission["sound"]
    assert judged["weight"] == 0.2
    assert min(judged["together"], judged["over_chance"]) <= 3
    # What a product has nothing else of still speaks for it.
    alone = {name: tuple(part[[20]] * (name == "sound") for part in parts) for name, parts in raw.items()}
    if alone["sound"][0].any():
        assert pipeline.transform(alone).fused.any()


@pytest.mark.parametrize(
    ("gains", "weight"),
    [
        ((9.0, 0.0, 4.0, 5.0), 0.2),  # words: they tell the whole better, and the nearest as well
        ((9.0, -1.5, 4.0, 5.0), 0.0),  # the nearest clearly worse
        ((2.5, 1.0, 1.9, 5.0), 0.0),  # not clear of both together
        ((9.0, 1.0, 4.0, 2.9), 0.0),  # nor of what noise gains
    ],
)
def test_a_further_modality_is_admitted_by_both_marks_together_and_none_may_fall(monkeypatch, gains, weight):
    measured = dict(zip(MARKS, gains, strict=True))
    monkeypatch.setattr("embeddings.fusion.admission._measure", lambda *args, **options: measured)
    weights, _, report = admit_modalities(dict.fromkeys(WEIGHTS, np.zeros((3, 2), np.float32)), WEIGHTS, {})
    assert weights["sound"] == weight
    assert report["sound"] == {"weight": 0.2, **measured}


def test_what_reads_the_same_source_is_not_asked_what_that_source_finds_alike(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "embeddings.fusion.admission._measure",
        lambda *args, **options: asked.append(set(options["asked"])) or dict.fromkeys(MARKS, 9.0),
    )
    vectors = dict.fromkeys((*WEIGHTS, "words"), np.zeros((3, 2), np.float32))
    admit_modalities(vectors, WEIGHTS | {"words": 0.2}, {"words": "text"})
    assert asked == [{"text"}, {"image"}, {"image"}, {"sound"}]  # of the sound, then of the words


@pytest.mark.parametrize(
    ("helps_in", "sources", "weight", "read"),
    [
        ({"sound", APART}, {}, 0.2, {}),  # a view as far as it may be
        ({APART}, {}, 0.2, {"sound": APART}),
        ({APART}, {"sound": "text"}, 0.0, {"sound": "text"}),  # with what it repeats, or not at all
        (set(), {}, 0.0, {}),
    ],
)
def test_what_spoils_a_shared_space_and_helps_beside_it_stays_apart(monkeypatch, helps_in, sources, weight, read):
    def measure(vectors, weights, sources, *, asked, seed):
        return dict.fromkeys(MARKS, 9.0 if sources.get("sound", "sound") in helps_in else -9.0)

    monkeypatch.setattr("embeddings.fusion.admission._measure", measure)
    vectors = dict.fromkeys(WEIGHTS, np.zeros((3, 2), np.float32))
    weights, found, report = admit_modalities(vectors, WEIGHTS, sources)
    assert (weights["sound"], found) == (weight, read)
    assert report["sound"]["together"] == (9.0 if weight else -9.0)


def test_nothing_is_learned_from_what_stays_apart_and_it_counts_all_the_same(triples):
    """As it is stored and read again."""
    raw, plain = make_triples(), replace(triples["concat"], sources={"sound": APART})
    assert [*plain.views] == ["text", "image"]
    apart = VectorPipeline.from_bytes(fit_attention(plain, raw)[0].to_bytes())
    projections = apart.joiner.projections
    assert projections["text"].any()
    assert not projections["sound"].any()
    assert [*apart.views] == ["text", "image"]
    vectors = apart.encode_modalities(raw)
    without = apart.fuse_encoded({**vectors, "sound": vectors["sound"][::-1]})
    assert np.abs(apart.fuse_encoded(vectors) - without).max() > 0.05


def test_a_missing_modality_is_predicted_from_all_that_are_there():
    generator = np.random.default_rng(2)
    text, image = (unit_rows(generator.standard_normal((400, 6))) for _ in range(2))
    sound = unit_rows(text @ generator.standard_normal((6, 6)) + image @ generator.standard_normal((6, 6)))
    vectors = {"text": text, "image": image, "sound": sound}
    imputation = Imputation.fit({name: rows[:300] for name, rows in vectors.items()}, weights=WEIGHTS)
    held = {name: rows[300:] for name, rows in vectors.items()}
    nothing = np.zeros_like(sound[300:])

    def measure(**lost: np.ndarray) -> float:
        return float(
            np.sum(imputation.fill({**held, "sound": nothing, **lost})["sound"] * held["sound"], axis=1).mean()
        )

    assert measure() > 0.9
    assert measure() - 0.1 > measure(text=nothing) > 0.3


def test_two_modalities_share_the_same_directions_by_both_ways():
    generator = np.random.default_rng(3)
    text = generator.standard_normal((200, 5)).astype(np.float32)
    image = (text[:, :4] + generator.standard_normal((200, 4))).astype(np.float32)
    roots = [np.eye(5) / 3, np.eye(4) / 3]
    for one, other in zip(_agree_in_pair([text, image], roots, 3), _agree_in_all([text, image], roots, 3), strict=True):
        np.testing.assert_allclose(one @ one.T, other @ other.T, atol=1e-4)


def test_three_modalities_share_what_all_of_them_say():
    generator = np.random.default_rng(4)
    told = generator.standard_normal(800)
    vectors = {
        name: np.stack([told, 3 * generator.standard_normal(800)], axis=1).astype(np.float32) for name in WEIGHTS
    }
    vectors["sound"][:400] = 0
    for projection in fit_shared(vectors, dim=1, penalty=1e-6).values():
        assert abs(projection[0, 0]) > 20 * abs(projection[1, 0])


def test_others_are_compared_by_what_two_products_both_have():
    image, sound = np.float32([[1, 0], [1, 0], [0, 0]]), np.float32([[1, 0], [0, 1], [0, 1]])
    np.testing.assert_allclose(compare_others([image, sound]), [[1, 0.5, 0], [0.5, 1, 1], [0, 1, 1]])


def test_the_dial_of_one_modality_leaves_the_rest_to_the_others(triples):
    raw, pipeline = make_triples(), replace(triples["concat"], reach=None)  # which goes by the fitted weights
    by_hand = replace(pipeline, weights={"text": 0.0, "image": 0.6, "sound": 0.4}).transform(raw)
    np.testing.assert_allclose(pipeline.transform(raw, dial={"text": 0.0}).fused, by_hand.fused, atol=1e-6)
    whole = replace(pipeline, weights={"text": 1.0, "image": 0.0, "sound": 0.0})
    by_hand = replace(pipeline, weights={"text": 0.2, "image": 0.4, "sound": 0.4}).transform(raw)
    dial = np.full(150, np.nan)
    dial[::2] = 0.2
    np.testing.assert_allclose(whole.transform(raw, dial={"text": dial}).fused[::2], by_hand.fused[::2], atol=1e-6)
