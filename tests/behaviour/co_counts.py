"""A learner of which every number can be counted by hand, in the place of the real one."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np

from behaviour.learners.facts import Facts
from behaviour.learners.recipe import Learned, Settings


class CoCounts(Learned):
    """Score of a pair: in how many baskets both are, of orders (`bundle`, `cart`), views (`viewed`), or both."""

    def __init__(self, orders: Facts, views: Facts) -> None:
        self.orders, self.views = orders, views
        self.asked: list[tuple[str, int, int]] = []

    def rows(self, kind, start, stop):
        self.asked.append((kind, start, stop))
        counts = Counter()
        for facts in {
            "bundle": [self.orders],
            "cart": [self.orders],
            "viewed": [self.views],
            "personal": [self.orders, self.views],
        }[kind]:
            for basket in range(facts.basket_count):
                counts.update(permutations(sorted(set(facts.items[facts.baskets == basket].tolist())), 2))
        found = []
        for item in range(start, stop):
            near = sorted((-count, other) for (one, other), count in counts.items() if one == item)
            if near:
                ids = np.array([other for _, other in near], dtype=np.int32)
                scores = np.array([-count for count, _ in near], dtype=np.float32)
                found.append((item, ids, scores, np.ones(len(near), dtype=np.float32)))
        return found

    def rankings(self):
        support = np.bincount(self.orders.items, minlength=self.orders.item_count)
        items = np.argsort(-support, kind="stable")[: np.count_nonzero(support)].astype(np.int32)
        ranked = (items, support[items].astype(np.float32), support[items].astype(np.int32))
        return {"popular": ranked, "trending": ranked}

    def profiles(self, users):
        for user in users:
            own = set(self.orders.items[self.orders.users == user].tolist())
            new = np.array([item for item in range(self.orders.item_count) if item not in own], dtype=np.int32)
            if own and len(new):
                yield user, new, np.linspace(1, 0.5, len(new), dtype=np.float32), np.ones(len(new), dtype=np.float32)


def choose_settings(facts, views, *, content) -> Settings:
    return Settings(length=len(facts))
