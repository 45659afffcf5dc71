"""The distances of vectors as SQL."""

from __future__ import annotations

import numpy as np

from catalog.conditions import Params
from embeddings.fusion.similarity_scale import SimilarityScale
from recommendations.anchors import parse_vector

# The query's vector is 5 kB of text: it is sent and read once, however often a statement refers to it.
QUERY_CTE = "query AS MATERIALIZED (SELECT %(query)s::halfvec AS vector)"
METRICS = ("cosine", "euclidean", "inner_product", "pearson")


def distance_sql(metric: str, column: str) -> str:
    """Return the distance of `column`, a halfvec expression, to the query of `QUERY_CTE` and `query_params`.

    - cosine: 1 - a.b / (|a| |b|)
    - euclidean: |a - b|
    - inner_product: 1 - a.b
    - pearson: 1 - r, where r is the cosine of the mean-centred vectors. With s the sum of a's n numbers, m the mean of
      b's and c the length of b - m: r = (a.b - s m) / (c sqrt(|a|^2 - s^2 / n)). 1 where either vector is constant.
    """
    query = "(SELECT vector FROM query)"
    if metric == "cosine":
        return f"{column} <=> {query}"
    if metric == "euclidean":
        return f"{column} <-> {query}"
    if metric == "inner_product":
        return f"1 + ({column} <#> {query})"  # <#> is the negative inner product
    if metric == "pearson":
        total = f"(-({column} <#> %(ones)s::halfvec))"
        spread = f"sqrt(greatest(l2_norm({column}) ^ 2 - {total} ^ 2 / %(query_dim)s, 0))"
        covariance = f"(-({column} <#> {query})) - {total} * %(query_mean)s"
        return f"1 - coalesce(({covariance}) / nullif(%(query_spread)s * {spread}, 0), 0)"
    raise ValueError(f"Unknown metric {metric!r}. Known: {', '.join(METRICS)}.")


def shown_sql(distance: str, scale: SimilarityScale) -> str:
    """Return as what a distance is shown on a scale of similarity, so that 1 less it is the similarity that is shown.

    A sum of slopes from 0 on, which is exactly 0 for 0, and null or NaN where the distance is.
    """
    if not scale.is_fitted:
        return distance
    away, shown = (1 - np.array(numbers[::-1]) for numbers in (scale.cosines, scale.shown))  # rising, from 0 to 2
    slopes = np.diff(shown) / np.diff(away)
    bends = zip(np.diff(slopes), away[1:-1], strict=True)
    sums = [f"{slopes[0]:.9g} * {distance}", *(f"{by:.9g} * greatest({distance} - {at:.6f}, 0)" for by, at in bends)]
    return f"({' + '.join(sums)})"


def query_params(metric: str, vector: str) -> Params:
    """Return the values that `distance_sql` refers to. `vector` is the query as Postgres writes it."""
    params: Params = {"query": vector}
    if metric == "pearson" and vector:  # popular and recent products are listed without a query
        # As Postgres will see it: in half precision.
        numbers = parse_vector(vector).astype(np.float16).astype(np.float64)
        params["ones"] = "[" + ",".join("1" for _ in numbers) + "]"
        params["query_dim"] = float(numbers.size)
        params["query_mean"] = float(numbers.mean())
        params["query_spread"] = float(np.linalg.norm(numbers - numbers.mean()))
    return params
