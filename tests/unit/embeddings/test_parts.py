"""What a part of a modality counts: less where it hardly tells products apart."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.fusion.calibration import calibrate, fit_mean
from embeddings.fusion.fitted_modality import FittedModality
from embeddings.fusion.parts import measure_breadth, weigh_parts
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
