"""The index judged after every event of its life. Outside of a transaction, for VACUUM."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection

from embeddings.models import ProductEmbedding
from embeddings.spaces.indexes import index_name
from recommendations.services import similar_products
from tests.recall.clusters import clustered_vectors, load_products, load_vectors
from tests.recall.judge import LIMIT, QUERIES, explain, fill, recall, search_for, was_used
from tests.recommendations.shelf import make_space

DIM, YOUNG = 32, 5_000  # few, since vacuuming a graph takes long


def check_index(vectors: np.ndarray, *, allowed: np.ndarray) -> None:
    share, searches, lengths = recall(vectors, allowed=allowed)
    assert (searches, lengths) == ({"approximate"}, {LIMIT})
    assert share >= 0.99


@pytest.mark.django_db(transaction=True)
def test_the_index_finds_what_exact_search_finds_after_every_event_of_its_life():
    space = make_space(name="young", dim=DIM)
    vectors = clustered_vectors(YOUNG, DIM)
    fill(space, vectors)
    assert was_used(explain(search_for(space, vectors[100])), index_name(space, "fused"))
    check_index(vectors, allowed=np.ones(YOUNG, dtype=bool))

    more = clustered_vectors(YOUNG // 10, DIM, seed=1)  # inserted into the built index
    load_products(YOUNG + 1, YOUNG + len(more))
    load_vectors(space, more, first=YOUNG + 1)
    grown = np.concatenate([vectors, more])
    check_index(grown, allowed=np.ones(len(grown), dtype=bool))

    left = np.arange(len(grown)) % 3 != 2  # a third is deleted, but no anchor
    left[list(QUERIES)] = True
    ProductEmbedding.objects.filter(product_id__in=(np.flatnonzero(~left) + 1).tolist()).delete()
    check_index(grown, allowed=left)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE embeddings_productembedding")
    check_index(grown, allowed=left)
    assert was_used(explain(search_for(space, vectors[100])), index_name(space, "fused"))

    # What a search sets for itself ends with it.
    similar_products("S101", limit=LIMIT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan')")
        assert cursor.fetchone() == ("40", "off")
