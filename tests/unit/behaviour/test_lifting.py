"""Whether lists of what is alike are lifted by what is looked at together: by shops in which it helps, and does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from behaviour.learners.content import Content
from behaviour.learners.lifting import LOOKED_AT, WEIGHTS, Alike, choose_lift, find_alike
from behaviour.learners.recipe import Settings, choose_settings
from embeddings.unit_rows import unit_rows
from tests.unit.behaviour.test_learners import make_facts


def make_visits(*, taste, count=600):
    """Visits of two products of 30 in five clusters of six, which look alike: those of one taste (odd or even) in one
    cluster are looked at together, or any two of a cluster."""
    random = np.random.default_rng(3)
    baskets = []
    for _ in range(count):
        cluster = 6 * int(random.integers(5))
        fit = np.arange(int(random.integers(2)), 6, 2) if taste else np.arange(6)
        baskets.append(sorted((cluster + random.choice(fit, 2, replace=False)).tolist()))
    return make_facts(baskets, days=[float(day) for day in range(count)], item_count=30)


@pytest.fixture
def clusters():
    """30 products in five clusters of six; within one all are about as near."""
    random = np.random.default_rng(5)
    vectors = unit_rows(np.repeat(np.eye(5, 16), 6, axis=0) + 0.05 * random.normal(size=(30, 16)))
    return replace(Content.empty(30), vectors=vectors)


def test_what_is_looked_at_together_lifts_what_is_alike_only_where_later_visits_prove_it(clusters):
    said = []
    lift = choose_lift(make_visits(taste=True), settings=Settings(), content=clusters, report=said.append)
    assert lift in WEIGHTS
    assert said[0].startswith(f"similar_lift {lift:g}: +")
    assert choose_lift(make_visits(taste=False), settings=Settings(), content=clusters) == 0.0
    assert choose_lift(make_visits(taste=True), settings=Settings(), content=Content.empty(30)) == 0.0
    assert choose_lift(make_visits(taste=True, count=90), settings=Settings(), content=clusters) == 0.0


def test_a_lift_that_is_proven_is_a_setting_like_others(clusters):
    visits = make_visits(taste=True)
    orders = visits.keep(np.zeros(len(visits), dtype=bool))
    chosen = choose_settings(orders, visits, content=clusters)
    assert chosen == replace(Settings(), similar_lift=choose_lift(visits, settings=Settings(), content=clusters))
    assert chosen.similar_lift > 0
    assert Settings.from_json(chosen.to_json()) == chosen


def test_the_lists_that_are_judged_are_of_content_and_of_the_lift(clusters):
    anchors = np.array([0], dtype=np.int32)
    alike = Alike.find(anchors, make_visits(taste=True), settings=Settings(), content=clusters)
    assert alike.list_best(0.0)[0].tolist() == alike.near[0, :10].tolist()
    assert set(alike.list_best(0.8)[0, :2].tolist()) == {2, 4}


def test_own_variants_are_not_what_is_alike(clusters):
    groups = np.full(30, -1, dtype=np.int32)
    groups[:2] = 7
    near, cosines = find_alike(np.array([0, 2], dtype=np.int32), replace(clusters, groups=groups))
    assert 1 not in near[0]
    assert 1 in near[1]
    assert np.isneginf(cosines[near < 0]).all()
    assert near.shape == (2, LOOKED_AT)
