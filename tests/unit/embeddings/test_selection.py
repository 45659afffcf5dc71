"""Which settings the marks of held-back products choose: by hand."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.fusion.canonical_correlation import find_all_axes, fit_shared
from embeddings.fusion.selection import DIM, MEMORIES, Scores, Settings, _lean_on_neighbours, _pick, choose_settings
from embeddings.unit_rows import unit_rows

PLAIN = Settings()
NOISE = np.array([0.01, -0.01, 0.02, -0.02, 0.0, 0.0])


def mark(*, agreement: float, neighbours: float, noise: float = 1.0) -> Scores:
    return Scores(list(agreement + noise * NOISE), list(neighbours - noise * NOISE[::-1]))


def pick(marks: dict[float, Scores]) -> float:
    """Return the strength that is chosen from marks by strength; of concatenation they are .5 and .5."""
    scores = {PLAIN: mark(agreement=0.5, neighbours=0.5, noise=0.0)}
    scores |= {Settings(strength=strength): given for strength, given in marks.items()}
    return _pick(scores, PLAIN, errors=2.5, least=0.01).strength


def test_of_shared_spaces_that_gain_most_of_what_can_be_gained_the_one_that_forgets_least_is_taken():
    marks = {
        Settings(): mark(agreement=0.5, neighbours=0.5, noise=0.0),
        Settings(penalty=1.0, strength=0.7): mark(agreement=0.565, neighbours=0.565),  # too little
        Settings(penalty=2.0, strength=0.7): mark(agreement=0.59, neighbours=0.59),
        Settings(penalty=2.0, strength=0.5): mark(agreement=0.58, neighbours=0.58),
        Settings(penalty=4.0, strength=0.15): mark(agreement=0.58, neighbours=0.58),
        Settings(penalty=8.0, strength=0.7): mark(agreement=0.6, neighbours=0.6),
    }
    assert _pick(marks, PLAIN, errors=2.5, least=0.01) == Settings(penalty=2.0, strength=0.5)


def test_a_shared_space_that_does_worse_in_one_mark_is_not_taken_however_much_it_gains_in_the_other():
    assert pick({0.5: mark(agreement=0.9, neighbours=0.49, noise=0.0)}) == 0
    assert pick({0.5: mark(agreement=0.9, neighbours=0.51, noise=0.0)}) == 0.5


@pytest.mark.parametrize(
    ("marks", "memory"),
    [((0.5, 0.5, 0.5), 1.0), ((0.4, 0.5, 0.5), 0.5), ((0.4, 0.5, 0.6), 0.0), ((0.5, 0.4, 0.6), 0.0)],
)
def test_memory_is_leant_on_as_much_as_does_not_clearly_worse(marks, memory):
    chosen = Settings(strength=0.3)
    scores = {
        replace(chosen, memory=strength): mark(agreement=given, neighbours=given)
        for strength, given in zip(MEMORIES, marks, strict=True)
    }
    assert _lean_on_neighbours(scores, chosen).memory == memory


def test_the_axes_of_the_modalities_are_the_same_for_every_penalty():
    generator = np.random.default_rng(0)
    vectors = {name: unit_rows(generator.standard_normal((60, 9))) for name in ("text", "image")}
    vectors["image"][:5] = 0
    known = find_all_axes(vectors)
    for penalty in (1.0, 30.0):
        anew, again = (
            fit_shared(vectors, dim=4, penalty=penalty),
            fit_shared(vectors, dim=4, penalty=penalty, axes=known),
        )
        for name, projection in anew.items():
            np.testing.assert_array_equal(again[name], projection)


def test_what_tells_two_designs_of_a_kind_apart_is_kept():
    """Six kinds of ten designs, in directions that the modalities share less than those of the kinds."""
    generator = np.random.default_rng(1)
    design = np.repeat(np.arange(60), 4)

    def say(dim: int = 80) -> np.ndarray:
        kinds, designs = generator.standard_normal((6, dim)), generator.standard_normal((60, dim))
        return unit_rows(1.5 * kinds[design // 10] + designs[design] + generator.standard_normal((240, dim)))

    vectors = {"text": say(), "image": say()}
    settings, _ = choose_settings(vectors)
    assert settings.strength > 0

    def share_found(dim: int) -> float:
        projection = fit_shared(vectors, dim=dim, penalty=settings.penalty)["text"]
        shared = unit_rows(vectors["text"] @ projection)
        similarity = shared @ shared.T - 2 * np.eye(240)
        return float((design[np.argsort(-similarity, axis=1)[:, :3]] == design[:, None]).mean())

    assert settings.dim == DIM
    assert share_found(settings.dim) > share_found(16) + 0.1
