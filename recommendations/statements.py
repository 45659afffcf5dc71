"""The SQL of a search. Values are bound as parameters; only numbers and names of our own are written into the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.anchors import MODALITIES, parse_vector
from recommendations.filters import Filters, Params, filter_conditions
from recommendations.rules import ActiveRule, exclude_conditions

METRICS = ("cosine", "euclidean", "inner_product", "pearson")


def distance_sql(metric: str, column: str) -> str:
    """Return the distance of `column`, a halfvec expression, to the query of `query_params`.

    - cosine: 1 - a.b / (|a| |b|)
    - euclidean: |a - b|
    - inner_product: 1 - a.b
    - pearson: 1 - r, where r is the cosine of the mean-centred vectors. With s the sum of a's n numbers, m the mean of
      b's and c the length of b - m: r = (a.b - s m) / (c sqrt(|a|^2 - s^2 / n)). 1 where either vector is constant.
    """
    query = "%(query)s::halfvec"
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


# A filter that keeps at most so many products is searched exactly. Measured by benchmarks/retrieval.py, 100,000 x 384:
# where it keeps more, scanning the index on until enough rows have passed it is faster.
EXACT_PRODUCTS_FILTERED = 10_000
EXACT_PRODUCTS_UNFILTERED = 2000
EF_SEARCH_MIN = 100  # rows that the index looks at; recall@10 of 0.997 at 100,000 x 384
EF_SEARCH_FILTERED = 200  # the first rows that it finds may not pass; 100 cost 3 points of recall@10 at 10 %
EF_SEARCH_MAX = 1000  # pgvector's own limit; beyond it the scan goes on by itself

# There are no sales to count yet. A shop stocks deepest what it sells most, so deep stock stands in for demand; stock
# that is not counted follows, sold out comes last, newer first among equals.
POPULAR_ORDER = "(p.stock = 0) IS TRUE, p.stock DESC NULLS LAST, p.created_at DESC, p.id DESC"
RECENT_ORDER = "p.created_at DESC, p.id DESC"
IN_STOCK = "p.stock IS DISTINCT FROM 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Everything that a statement depends on."""

    limit: int  # rows wanted
    filters: Filters = Filters()
    space_id: int = 0
    dim: int = 0
    modality: str = "fused"
    metric: str = "cosine"
    vector: str = ""  # the query, as Postgres writes vectors
    hidden_ids: tuple[int, ...] = ()  # the anchors, and what earlier pages have shown
    hidden_groups: tuple[str, ...] = ()  # variant groups that are not shown, such as the anchors' own
    shown_ids: tuple[int, ...] = ()  # no other variant of these is shown either
    only_groups: tuple[str, ...] | None = None
    conditions: tuple[tuple[str, Params], ...] = ()  # what a strategy adds
    excludes: tuple[ActiveRule, ...] = ()
    placed_ids: tuple[int, ...] = ()  # products that rules bring in, wherever they rank
    exact: bool = False
    with_vectors: bool = False
    with_attributes: bool = False

    @property
    def ef_search(self) -> int:
        """How far the index looks: past what is hidden, and twice as far as asked, which keeps long lists true."""
        least = EF_SEARCH_FILTERED if self.is_filtered else EF_SEARCH_MIN
        return min(max(least, 2 * (self.limit + len(self.hidden_ids))), EF_SEARCH_MAX)

    @property
    def exact_products(self) -> int:
        """How many products are few enough to be compared one by one."""
        return EXACT_PRODUCTS_FILTERED if self.is_filtered else EXACT_PRODUCTS_UNFILTERED

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters.restrict_products or self.conditions or self.only_groups is not None)


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions on `p` (catalog_product) with their values. `allowed` holds for placed products too."""

    allowed: str
    searched: str
    params: Params


def where_clause(search: Search) -> Where:
    params: Params = {"hidden_ids": list(search.hidden_ids), **query_params(search.metric, search.vector)}
    allowed = ["p.is_active", "p.id <> ALL(%(hidden_ids)s)", *filter_conditions(search.filters, params)]
    allowed += exclude_conditions(search.excludes, params)
    searched = [*allowed, *group_conditions(search, params)]
    for condition, values in search.conditions:
        searched.append(condition)
        params.update(values)
    if search.placed_ids:
        params["placed_ids"] = list(search.placed_ids)
        searched.append("p.id <> ALL(%(placed_ids)s)")
    return Where(" AND ".join(allowed), " AND ".join(searched), params)


def group_conditions(search: Search, params: Params) -> list[str]:
    conditions = []
    if search.only_groups is not None:
        params["only_groups"] = [group for group in search.only_groups if group]
        conditions.append("p.variant_group = ANY(%(only_groups)s)")
    if hidden := [group for group in search.hidden_groups if group]:
        params["hidden_groups"] = hidden
        conditions.append("p.variant_group <> ALL(%(hidden_groups)s)")
    if search.shown_ids:
        params["shown_ids"] = list(search.shown_ids)
        conditions.append(
            "p.variant_group NOT IN (SELECT s.variant_group FROM catalog_product s"
            " WHERE s.id = ANY(%(shown_ids)s) AND s.variant_group <> '')"
        )
    return conditions


def embedding_of(product: str, search: Search, *, columns: str) -> str:
    """A lateral subquery with the product's embedding. LIMIT keeps it a probe of the unique index for each product."""
    return f"LATERAL (SELECT {columns} FROM embeddings_productembedding e WHERE {own_rows(search, product)} LIMIT 1) e"


def own_rows(search: Search, product: str = "") -> str:
    """Conditions on `e` for the rows of this space and modality; literals, so that the partial index fits."""
    if search.modality not in MODALITIES:
        raise ValueError(f"Unknown modality {search.modality!r}. Known: {', '.join(MODALITIES)}.")
    rows = f"e.space_id = {int(search.space_id)} AND e.modality = '{search.modality}'"
    return f"{rows} AND e.product_id = {product}" if product else rows


def distance_of(search: Search) -> str:
    """The distance of `e` to the query, as the index has it; null where nothing is compared."""
    if not search.vector:
        return "NULL::float8"
    return distance_sql(search.metric, f"(e.vector::halfvec({int(search.dim)}))")


def either_parts(search: Search, where: Where) -> list[str]:
    """The bounded count with its two branches. The one whose one-time filter is false is never started."""
    few = f"(SELECT count(*) FROM matched) <= {search.exact_products}"
    distance = distance_of(search)
    settings = (
        f"(SELECT set_config('hnsw.ef_search', '{search.ef_search}', true)"
        " || set_config('hnsw.iterative_scan', 'relaxed_order', true)) IS NOT NULL"
    )  # set in passing: a statement of their own would be another query
    exact = f"""SELECT m.id AS product_id, e.distance + 0 AS distance, 'exact' AS via
        FROM matched m CROSS JOIN {embedding_of("m.id", search, columns=f"{distance} AS distance")}
        WHERE {few} ORDER BY 2, 1 LIMIT {int(search.limit)}"""
    approximate = f"""SELECT e.product_id, {distance} AS distance, 'approximate' AS via
        FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
        WHERE NOT {few} AND {settings} AND {own_rows(search)} AND {where.searched}
        ORDER BY {distance} LIMIT {int(search.limit)}"""
    return [exact, approximate]


def matched_cte(search: Search, where: Where) -> str:
    return (
        f"matched AS MATERIALIZED (SELECT p.id FROM catalog_product p WHERE {where.searched}"
        f" LIMIT {search.exact_products + 1})"
    )


def exact_part(search: Search, where: Where) -> str:
    """Compare everything that matches. Adding 0 keeps the index out."""
    return f"""SELECT e.product_id, ({distance_of(search)}) + 0 AS distance, 'exact' AS via
        FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
        WHERE {own_rows(search)} AND {where.searched} ORDER BY 2, 1 LIMIT {int(search.limit)}"""


def collapsed_part(search: Search, where: Where, *, in_stock_first: bool) -> str:
    """The same, but each variant group once, before the limit: its nearest, or its nearest that can be bought."""
    stock = "(p.stock = 0) IS TRUE, " if in_stock_first else ""
    return f"""SELECT product_id, distance, 'exact' AS via FROM (
            SELECT DISTINCT ON (p.variant_group, CASE WHEN p.variant_group = '' THEN p.id END)
                e.product_id, {distance_of(search)} AS distance
            FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
            WHERE {own_rows(search)} AND {where.searched}
            ORDER BY p.variant_group, CASE WHEN p.variant_group = '' THEN p.id END, {stock}2, 1
        ) one_of_each ORDER BY 2, 1 LIMIT {int(search.limit)}"""


def placed_part(search: Search, where: Where) -> str:
    """Products that rules bring in. Filters hold for them; rank and variant group do not matter."""
    embedding = embedding_of("p.id", search, columns=f"{distance_of(search)} AS distance")
    return f"""SELECT p.id AS product_id, e.distance, 'placed' AS via
        FROM catalog_product p LEFT JOIN {embedding} ON true
        WHERE p.id = ANY(%(placed_ids)s) AND {where.allowed}"""


def fallback_part(search: Search, where: Where, *, limit: int) -> str:
    """Products that cannot be compared, having no vector: popular ones of the anchors' categories, then recent ones."""
    return f"""SELECT p.id AS product_id, NULL::float8 AS distance,
            CASE WHEN p.category_id = ANY(%(category_ids)s) THEN 'popular' ELSE 'recent' END AS via
        FROM catalog_product p
        WHERE {where.searched}
          AND NOT EXISTS (SELECT FROM embeddings_productembedding e WHERE {own_rows(search, "p.id")})
        ORDER BY (p.category_id = ANY(%(category_ids)s)) IS NOT TRUE,
            CASE WHEN p.category_id = ANY(%(category_ids)s) THEN (p.stock = 0) IS TRUE END,
            CASE WHEN p.category_id = ANY(%(category_ids)s) THEN p.stock END DESC NULLS LAST,
            {RECENT_ORDER}
        LIMIT {int(limit)}"""


def listed_part(search: Search, where: Where, *, order: str) -> str:
    """Products in an order that needs no vectors."""
    by = {"recent": RECENT_ORDER, "popular": POPULAR_ORDER}[order]
    return f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'listed' AS via
        FROM catalog_product p WHERE {where.searched} ORDER BY {by} LIMIT {int(search.limit)}"""


def card_statement(search: Search, parts: Sequence[str], *, ctes: Sequence[str] = ()) -> str:
    """Everything that rerank and a card need of each row of `parts`; rows keep the order of their part."""
    union = " UNION ALL ".join(f"(SELECT *, row_number() OVER () AS rank FROM ({part}) part)" for part in parts)
    attributes = "p.attributes" if search.with_attributes else "NULL"
    vector, join = "NULL", ""
    if search.with_vectors:
        vector = "halfvec_send(e.vector)"
        join = f"LEFT JOIN {embedding_of('p.id', search, columns='e.vector')} ON true"
    return f"""WITH {", ".join([*ctes, f"neighbours AS ({union})"])}
        SELECT n.product_id, n.distance, n.via, p.sku, p.title, p.brand, coalesce(c.path, '') AS category,
            p.category_id, p.price, p.currency, p.stock, p.variant_group, p.collection, p.created_at,
            p.translations::text AS translations, {attributes} AS attributes, i.id AS image_id, i.file AS image,
            i.sha256 AS image_sha256, i.width AS image_width, i.height AS image_height, {vector} AS vector
        FROM neighbours n JOIN catalog_product p ON p.id = n.product_id
        LEFT JOIN catalog_category c ON c.id = p.category_id
        LEFT JOIN LATERAL (SELECT i.id, i.file, i.sha256, i.width, i.height FROM catalog_productimage i
            WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1) i ON true {join}
        ORDER BY n.distance, n.via = 'placed', n.rank"""
