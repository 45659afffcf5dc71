"""What launches teach: how fast it fades and how much of it is believed, tried on earlier launches."""

import numpy as np
import pytest

from behaviour.forecast.lessons import BELIEFS, Belief, Lessons, fade


def make_lessons(levels, *, noise=0.0, per_day=4):
    """Launches of each day, of which the kinds 0 and 1 sell `levels` (days,) once and three times."""
    random = np.random.default_rng(3)
    first = np.repeat(np.arange(len(levels), dtype=np.int32), per_day)
    kinds = np.tile([0.0, 1.0], len(first) // 2)
    amounts = np.asarray(levels, dtype=float)[first] * 3**kinds * np.exp(noise * random.normal(size=len(first)))
    return Lessons(kinds[:, None], amounts, first, np.ones(len(first)))


def test_what_is_left_of_a_lesson_is_half_after_each_half_life():
    assert fade(np.array([0, 45, 90]), 45.0) == pytest.approx([1, 0.5, 0.25])
    assert fade(np.array([0, 9_000]), np.inf).tolist() == [1, 1]


def test_a_shop_whose_launches_grow_learns_from_the_newest_and_a_fickle_one_from_all():
    growing, _ = make_lessons(10 * 1.03 ** np.arange(150)).try_out()
    assert growing.half_life == 45
    fickle, _ = make_lessons([10 * (1 + day // 14 % 2) for day in range(154)]).try_out()
    assert fickle.half_life == np.inf


def test_what_is_chosen_is_tried_on_the_newest_launches_by_those_before_them():
    """Each fortnight is expected by what the days before it taught; the older half is there to learn from."""
    lessons = make_lessons(np.linspace(10, 20, 60))
    belief, expected = lessons.try_out()
    assert np.isfinite(expected).tolist() == [day >= 32 for day in lessons.first]
    newest, before = lessons.first >= 46, lessons.first < 46
    again = lessons.teach(belief, origin=46, among=before).expect(lessons.features[newest])
    assert expected[newest].tolist() == again.tolist()
    tried = [
        np.abs(other.expect(lessons.features[newest]) - lessons.amounts[newest]).sum()
        for other in (lessons.teach(other, origin=46, among=before) for other in BELIEFS)
    ]
    assert min(tried) == tried[BELIEFS.index(belief)]


def test_where_nothing_can_be_tried_nothing_fades():
    belief, expected = make_lessons([10.0] * 4).try_out()
    assert belief == BELIEFS[0] == Belief(np.inf, 0.7)
    assert np.isnan(expected).all()


def test_what_is_held_back_is_not_learned_from():
    lessons = make_lessons(np.full(20, 10.0), noise=0.5)
    expected = lessons.expect_held_back(BELIEFS[0], origin=20)
    held = np.arange(80) % 5 == 2
    model = lessons.teach(BELIEFS[0], origin=20, among=~held)
    assert expected[held].tolist() == model.expect(lessons.features[held]).tolist()


def test_the_less_is_believed_the_more_forecasts_are_alike():
    lessons = make_lessons(np.full(20, 10.0))
    ratios = []
    for ridge in (0.35, 1.4):
        few, many = lessons.teach(Belief(np.inf, ridge), origin=20).expect(np.array([[0.0], [1.0]]))
        ratios.append(many / few)
    assert 1 < ratios[1] < ratios[0] < 3
