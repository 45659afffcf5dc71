"""A shop as the evaluation sees it: orders, visits and what products are, under one numbering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviour.facts import VISITS, read_facts
from behaviour.learners.content import Content
from behaviour.learners.facts import Facts
from behaviour.versions.catalogue import read_catalogue, read_content
from embeddings.models import EmbeddingSpace


@dataclass(frozen=True)
class Shop:
    """Everything that is learned from; items are the catalogue's products, then what was sold and is gone."""

    facts: Facts
    views: Facts
    content: Content


def read_shop() -> Shop:
    """Read all orders and visits, and the vectors of the live space where there is one."""
    catalogue, facts, views = read_catalogue(), read_facts(with_baskets=True), read_facts(types=VISITS)
    known = set(catalogue.skus)
    gone = tuple(sorted((set(facts.skus) | set(views.skus)) - known))
    live = EmbeddingSpace.objects.live()
    content = read_content(catalogue, space_id=live.pk if live else None)
    skus = (*catalogue.skus, *gone)
    return Shop(facts.number_by(skus), views.number_by(skus), add_unknown(content, len(gone)))


def add_unknown(content: Content, count: int) -> Content:
    """Return the content with `count` more items, of which nothing is known."""
    return Content(
        np.vstack([content.vectors, np.zeros((count, content.vectors.shape[1]), dtype=np.float32)]),
        np.append(content.groups, np.full(count, -1, dtype=np.int32)),
        np.append(content.prices, np.full(count, np.nan, dtype=np.float32)),
    )
