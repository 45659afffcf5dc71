"""No catalogue ends a fit in LinAlgError: what is factored is right for every rank, and where LAPACK gives up."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from embeddings.fusion.canonical_correlation import fit_shared
from embeddings.fusion.factorisation import factor, find_axes
from embeddings.fusion.learning import fit_attention
from embeddings.fusion.pipeline import RawVectors, VectorPipeline
from embeddings.unit_rows import unit_rows


def make_matrix(kind: str) -> np.ndarray:
    generator = np.random.default_rng(3)
    thin = generator.standard_normal((40, 3))
    return {
        "full": generator.standard_normal((12, 7)),
        "wide": generator.standard_normal((5, 9)),
        "low rank": thin @ generator.standard_normal((3, 30)),
        "copies of one row": np.repeat(generator.standard_normal((1, 8)), 6, axis=0),
        "constant columns": np.column_stack([np.ones((9, 4)), generator.standard_normal((9, 2))]),
        "noise far below": thin @ generator.standard_normal((3, 30)) + 1e-18 * generator.standard_normal((40, 30)),
        "zeros": np.zeros((4, 6)),
        "nothing": np.zeros((0, 6)),
    }[kind]


KINDS = ["full", "wide", "low rank", "copies of one row", "constant columns", "noise far below", "zeros", "nothing"]


def assert_factored(matrix: np.ndarray) -> None:
    left, values, right = factor(matrix)
    kept = min(matrix.shape)
    assert (left.shape, values.shape, right.shape) == ((len(matrix), kept), (kept,), (kept, matrix.shape[1]))
    np.testing.assert_allclose((left * values) @ right, matrix, atol=1e-12)
    np.testing.assert_allclose(left.T @ left, np.eye(kept), atol=1e-12)
    np.testing.assert_allclose(right @ right.T, np.eye(kept), atol=1e-12)
    assert np.all(np.diff(values) <= 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_matrix_of_any_rank_is_factored_into_orthonormal_directions(kind):
    assert_factored(make_matrix(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_quick_way_gives_up_the_slow_one_answers(kind, monkeypatch):
    monkeypatch.setattr("numpy.linalg.svd", give_up)
    assert_factored(make_matrix(kind))


def test_what_reaches_lapack_has_the_rank_of_what_was_given(monkeypatch):
    seen: list[tuple[int, ...]] = []
    quick = np.linalg.svd
    monkeypatch.setattr("numpy.linalg.svd", lambda a, **how: [seen.append(a.shape), quick(a, **how)][1])
    factor(make_matrix("low rank"))
    factor(make_matrix("noise far below"))
    assert seen == [(3, 30), (3, 30)]


@pytest.mark.parametrize("name", ["svd", "eigh", "qr"])
def test_blas_has_one_thread_in_the_work_and_its_own_afterwards(name, monkeypatch):
    def count_threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    seen: list[set[int]] = []
    real = getattr(np.linalg, name)
    monkeypatch.setattr(f"numpy.linalg.{name}", lambda *a, **how: [seen.append(count_threads()), real(*a, **how)][1])
    with threadpool_limits(limits=2, user_api="blas"):
        rows = make_matrix("low rank")
        factor(rows)
        find_axes(rows.T @ rows)
        assert count_threads() == {2}
    assert seen
    assert set.union(*seen) == {1}


def test_axes_by_hand():
    values, directions = find_axes(np.array([[2.0, 0, 0], [0, 0, 0], [0, 0, 1]]))
    np.testing.assert_allclose(values, [0, 1, 2], atol=1e-12)
    np.testing.assert_allclose(np.abs(directions), [[0, 0, 1], [1, 0, 0], [0, 1, 0]], atol=1e-12)


@pytest.mark.parametrize("answer", ["error", "not a number"])
def test_axes_are_found_where_the_quick_way_gives_up(answer, monkeypatch):
    rows = make_matrix("low rank")
    gram = rows.T @ rows
    wanted, _ = np.linalg.eigh(gram)

    def fail(matrix):
        return give_up() if answer == "error" else (np.full(len(matrix), np.nan), matrix)

    monkeypatch.setattr("numpy.linalg.eigh", fail)
    values, directions = find_axes(gram)
    np.testing.assert_allclose(values, wanted, atol=1e-9)
    np.testing.assert_allclose((directions * values) @ directions.T, gram, atol=1e-9)
    np.testing.assert_allclose(directions.T @ directions, np.eye(30), atol=1e-12)


def test_numbers_that_are_none_are_refused_with_what_to_do():
    with pytest.raises(ValueError, match="encode its inputs again"):
        factor(np.array([[1.0, np.nan]]))


def make_catalogue(kind: str, count: int = 60) -> RawVectors:
    """Return 60 products whose texts or pictures say next to nothing: copies, one constant picture, three kinds."""
    generator = np.random.default_rng(5)
    text, image = generator.standard_normal((count, 24)), generator.standard_normal((count, 16))
    if kind == "copies":
        text, image = np.repeat(text[:4], count // 4, axis=0), np.repeat(image[:4], count // 4, axis=0)
    elif kind == "one picture":
        image = np.repeat(image[:1], count, axis=0)
    elif kind == "constant numbers":
        text[:, 4:], image[:, 2:] = 1.0, 0.0
    return {"text": (unit_rows(text), unit_rows(text)), "image": (unit_rows(image),)}


@pytest.mark.parametrize("is_quick", [True, False], ids=["quick", "given up"])
@pytest.mark.parametrize("kind", ["copies", "one picture", "constant numbers"])
def test_a_catalogue_that_says_next_to_nothing_is_fitted(kind, is_quick, monkeypatch):
    if not is_quick:
        monkeypatch.setattr("numpy.linalg.svd", give_up)
        monkeypatch.setattr("numpy.linalg.eigh", give_up)
    raw = make_catalogue(kind)
    for fusion in ("concat", "weighted"):
        pipeline = VectorPipeline.fit(raw, fusion=fusion, dim=16)
        if fusion == "concat":
            pipeline, _, _ = fit_attention(pipeline, raw)
        fused = pipeline.transform(raw).fused
        np.testing.assert_allclose(np.linalg.norm(fused, axis=1), 1, atol=1e-5)


def test_a_shared_space_wider_than_what_is_shared_is_zero_there():
    rows = unit_rows(make_matrix("low rank"))
    text, image = fit_shared({"text": rows, "image": rows}, dim=8, penalty=1.0).values()
    assert (text.shape, image.shape) == ((30, 8), (30, 8))
    np.testing.assert_allclose(text[:, 3:], 0, atol=1e-9)


def give_up(*_: object, **__: object) -> None:
    raise np.linalg.LinAlgError("did not converge")
