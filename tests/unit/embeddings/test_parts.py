"""What a part of a modality counts: less where it hardly tells products apart, nothing where it misleads."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.fusion.calibration import calibrate, fit_mean
from embeddings.fusion.fitted_modality import FittedModality
from embeddings.fusion.parts import BLOCKS, CLEAR, is_clear, judge_parts, measure_breadth, weigh_further, weigh_parts
from embeddings.unit_rows import unit_rows


def draw(count: int = 120, dim: int = 48, *, values: int | None = None, seed: int = 0) -> np.ndarray:
    """Return what an encoder would say: rows in a cone, all different, or of so many values."""
    draws = np.random.default_rng(seed)
    rows = unit_rows(2 + draws.standard_normal((values or count, dim)))
    return rows[draws.integers(values, size=count)] if values else rows


def calibrated(rows: np.ndarray) -> np.ndarray:
    return calibrate(rows, fit_mean(rows))


def test_breadth_is_the_logarithm_of_the_directions_in_effect():
    axes = np.eye(8, dtype=np.float32)[np.random.default_rng(0).integers(8, size=200)]
    assert measure_breadth(axes) == pytest.approx(np.log(8), abs=0.15)
    pairs = [(a @ b) ** 2 for i, a in enumerate(axes) for j, b in enumerate(axes) if i != j]
    assert measure_breadth(axes) == pytest.approx(-np.log(np.mean(pairs)))
    assert measure_breadth(calibrated(draw(values=1))) == pytest.approx(0, abs=1e-6)
    assert measure_breadth(draw(count=29)) is None


@pytest.mark.parametrize("values", [1, 2])
def test_a_part_that_calls_all_products_alike_counts_next_to_nothing(values):
    constant, telling = draw(values=values), draw(seed=1)
    modality = FittedModality.fit([constant, telling], weights=(0.5, 0.5), dim=48)
    assert modality.weights[0] < 0.05
    assert sum(modality.weights) == pytest.approx(1)
    alone = FittedModality.fit([telling], weights=(1.0,), dim=48).transform([telling])
    both = modality.transform([constant, telling])
    assert np.mean(np.einsum("nd,nd->n", both, both)) == pytest.approx(1, abs=1e-5)
    assert np.corrcoef((both @ both.T).ravel(), (alone @ alone.T).ravel())[0, 1] > 0.97
    # What has nothing else still has a vector.
    assert np.any(modality.transform([constant[:1], np.zeros((1, 48), np.float32)]))


def test_parts_that_say_about_as_much_count_exactly_as_declared():
    declared = (0.3, 0.7)
    assert FittedModality.fit([draw(), draw(seed=1)], weights=declared, dim=48).weights == declared


def test_a_part_too_rare_to_be_judged_counts_as_declared():
    rare = draw(values=1)
    rare[20:] = 0
    assert weigh_parts([calibrated(rare), calibrated(draw())], (0.4, 0.6)) == (0.4, 0.6)
    assert weigh_parts([calibrated(draw(values=1))] * 2, (0.4, 0.6)) == (0.4, 0.6)


KIND, BRAND, COLOUR = ("what it is", "who makes it", "how it looks")


@pytest.fixture(scope="module")
def shop() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return what keys say of 160 products, one-hot, and their texts, which name the brand, and pictures."""
    draws = np.random.default_rng(3)
    values = {name: draws.integers(count, size=160) for name, count in ((KIND, 12), (BRAND, 9), (COLOUR, 8))}
    keys = {name: np.eye(12, dtype=np.float32)[drawn] for name, drawn in values.items()}
    seen = {name: draws.standard_normal((12, 40))[drawn] for name, drawn in values.items()}
    noise = draws.standard_normal((2, 160, 40))
    said = {"text": seen[KIND] + seen[BRAND] + noise[0], "image": seen[KIND] + seen[COLOUR] + noise[1]}
    return keys, {name: calibrated(unit_rows(rows)) for name, rows in said.items()}


def test_a_key_has_to_foretell_either_witness_beyond_the_other(shop):
    keys, witnesses = shop
    judged = judge_parts({**keys, "id": np.eye(160, dtype=np.float32)}, witnesses)
    assert [name for name, marks in judged.items() if is_clear(marks)] == [KIND]
    assert min(judged[BRAND]["text"], judged[COLOUR]["image"]) > CLEAR
    assert judge_parts(keys, {"text": witnesses["text"]}) == {}
    assert judge_parts(keys, {name: rows[:29] for name, rows in witnesses.items()}) == {}


def test_what_a_key_foretells_is_what_a_regression_over_pairs_says_with_blocks_of_products_left_out(shop):
    keys, witnesses = shop
    alike = [rows @ rows.T for rows in (keys[KIND] - keys[KIND].mean(axis=0), *witnesses.values())]
    blocks = np.array_split(np.random.default_rng(0).permutation(160), BLOCKS)

    def regress(kept: np.ndarray) -> float:
        key, text, image = (
            (told := one[np.ix_(kept, kept)][np.triu_indices(len(kept), 1)]) - told.mean() for one in alike
        )
        known = np.stack([key / key.std(), image / image.std()], axis=1)
        return float(np.linalg.lstsq(known, text / text.std())[0][0])

    left = np.array([regress(np.setdiff1d(np.arange(160), block)) for block in blocks])
    error = np.sqrt((BLOCKS - 1) / BLOCKS * np.sum((left - left.mean()) ** 2))
    found = judge_parts({KIND: keys[KIND]}, witnesses)[KIND]["text"]
    assert found == pytest.approx(regress(np.arange(160)) / error, rel=1e-3)


def test_a_modality_of_few_values_counts_less_and_no_other_does(shop):
    keys, witnesses = shop
    given = {"text": 0.6, "image": 0.4, "attributes": 0.2, "words": 0.2}
    two = calibrated(keys[COLOUR] * (np.arange(12) < 2) + keys[COLOUR] * (np.arange(12) >= 2) @ np.ones((12, 12)) / 12)
    weights = weigh_further({**witnesses, "attributes": two, "words": calibrated(draw(count=160))}, given)
    assert weights["attributes"] < 0.15
    assert {**weights, "attributes": 0.2} == given
