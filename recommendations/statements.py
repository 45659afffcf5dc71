"""The SQL of a retrieval. Values are bound as parameters; only numbers and our own names are written into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.conditions import IN_STOCK, Condition, Params
from catalog.filters import Filters
from embeddings.models import Modality
from recommendations.distances import distance_sql, query_params
from recommendations.rules import ActiveRule

# A filter that keeps at most so many products is searched exactly. Measured by benchmarks/retrieval.py, 100,000 x 384:
# where it keeps more, scanning the index on until enough rows have passed it is faster.
EXACT_PRODUCTS_FILTERED = 10_000
EXACT_PRODUCTS_UNFILTERED = 2000
EF_SEARCH_MIN = 100  # rows that the index looks at; recall@10 of 0.997 at 100,000 x 384
EF_SEARCH_FILTERED = 200  # the first rows that it finds may not pass; 100 cost 3 points of recall@10 at 10 %
EF_SEARCH_MAX = 1000  # pgvector's own limit; beyond it the scan goes on by itself

# There are no sales to count yet. A shop stocks deepest what it sells most, so deep stock stands in for demand; stock
# that is not counted follows, sold out comes last, newer first among equals.
OUT_OF_STOCK = f"NOT ({IN_STOCK.format('p.stock')})"
POPULAR_ORDER = f"{OUT_OF_STOCK}, p.stock DESC NULLS LAST, p.created_at DESC, p.id DESC"
RECENT_ORDER = "p.created_at DESC, p.id DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
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
    conditions: tuple[Condition, ...] = ()  # what a strategy adds
    excludes: tuple[ActiveRule, ...] = ()
    placed_ids: tuple[int, ...] = ()  # products that rules bring in, wherever they rank
    in_stock: bool | None = None  # True: only what can be bought, False: only what cannot; of placed products neither
    exact: bool = False
    with_vectors: bool = False
    weights: tuple[ActiveRule, ...] = ()  # boosts and buries: which of them mean a product is part of its row

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
    """Conditions on `p` (catalog_product) with their values. `allowed` holds for what rules place as well."""

    allowed: str
    searched: str
    params: Params


def where_clause(retrieval: Retrieval) -> Where:
    params: Params = {"hidden_ids": list(retrieval.hidden_ids), **query_params(retrieval.metric, retrieval.vector)}
    allowed = ["p.is_active", "p.id <> ALL(%(hidden_ids)s)", *bind_all(retrieval.filters.conditions(), params, key="f")]
    # What rules exclude is kept out here, so that excluded products never cost rows.
    allowed += [f"NOT {bound}" for bound in bind_all([rule.target for rule in retrieval.excludes], params, key="x")]
    allowed += bind_all(retrieval.conditions, params, key="s")
    searched = [*allowed, *group_conditions(retrieval, params)]
    if retrieval.in_stock is not None:
        searched.append(IN_STOCK.format("p.stock") if retrieval.in_stock else OUT_OF_STOCK)
    if retrieval.placed_ids:
        params["placed_ids"] = list(retrieval.placed_ids)
        searched.append("p.id <> ALL(%(placed_ids)s)")
    return Where(" AND ".join(allowed), " AND ".join(searched), params)


def bind_all(conditions: Sequence[Condition], params: Params, *, key: str) -> list[str]:
    return [condition.bind(params, key=f"{key}{number}") for number, condition in enumerate(conditions)]


def group_conditions(retrieval: Retrieval, params: Params) -> list[str]:
    conditions = []
    if retrieval.only_groups is not None:
        params["only_groups"] = [group for group in retrieval.only_groups if group]
        conditions.append("p.variant_group = ANY(%(only_groups)s)")
    if hidden := [group for group in retrieval.hidden_groups if group]:
        params["hidden_groups"] = hidden
        conditions.append("p.variant_group <> ALL(%(hidden_groups)s)")
    if retrieval.shown_ids:
        params["shown_ids"] = list(retrieval.shown_ids)
        conditions.append(
            "p.variant_group NOT IN (SELECT s.variant_group FROM catalog_product s"
            " WHERE s.id = ANY(%(shown_ids)s) AND s.variant_group <> '')"
        )
    return conditions


def embedding_of(product: str, retrieval: Retrieval, *, columns: str) -> str:
    """A lateral subquery with the product's embedding. LIMIT keeps it a probe of the unique index for each product."""
    return (
        f"LATERAL (SELECT {columns} FROM embeddings_productembedding e WHERE {own_rows(retrieval, product)} LIMIT 1) e"
    )


def own_rows(retrieval: Retrieval, product: str = "") -> str:
    """Conditions on `e` for the rows of this space and modality; literals, so that the partial index fits."""
    if retrieval.modality not in Modality.values:
        raise ValueError(f"Unknown modality {retrieval.modality!r}. Known: {', '.join(Modality.values)}.")
    rows = f"e.space_id = {int(retrieval.space_id)} AND e.modality = '{retrieval.modality}'"
    return f"{rows} AND e.product_id = {product}" if product else rows


def distance_of(retrieval: Retrieval) -> str:
    """The distance of `e` to the query, as the index has it; null where nothing is compared."""
    if not retrieval.vector:
        return "NULL::float8"
    return distance_sql(retrieval.metric, f"(e.vector::halfvec({int(retrieval.dim)}))")


def nearest_parts(retrieval: Retrieval, where: Where) -> tuple[list[str], list[str]]:
    """Return the parts that find what is nearest, and the CTEs that they need.

    Everything is compared when asked for and for metrics that the index does not serve; else the statement decides.
    What boosts mean is searched for a second time by itself, and so is what no bury means: else a boost would lift
    only what is among the nearest anyway, and a bury would leave nothing to take the places of what it sinks.
    """
    parts: list[str] = []
    ctes: list[str] = []
    for share in divide_by_weights(retrieval, where):
        if retrieval.exact or retrieval.metric != "cosine":
            parts.append(exact_part(retrieval, where, share=share))
        else:
            parts += either_parts(retrieval, where, share=share)
            ctes.append(matched_cte(retrieval, where, share=share))
    return parts, ctes


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the catalogue that is searched by itself."""

    name: str = "matched"
    condition: str = ""  # SQL, beside the conditions of the retrieval
    factor: str = ""  # SQL, by which the score of a product is multiplied; empty: the nearest come first
    few: int = 0  # how many products are few enough to be compared one by one
    exact: str = "exact"  # how its rows are marked
    approximate: str = "approximate"


def bind_weights(retrieval: Retrieval, where: Where) -> list[tuple[ActiveRule, str]]:
    """Return the boosts and buries, each with the condition of the product `p` that it means."""
    bound = bind_all([rule.target for rule in retrieval.weights], where.params, key="w")
    return list(zip(retrieval.weights, bound, strict=True))


def divide_by_weights(retrieval: Retrieval, where: Where) -> list[Share]:
    """Return the whole and, where boosts and buries act, the parts that must not miss the list."""
    shares = [Share(few=retrieval.exact_products)]
    meant = bind_weights(retrieval, where)
    boosted = [condition for rule, condition in meant if rule.kind == "boost"]
    buried = [condition for rule, condition in meant if rule.kind != "boost"]
    if boosted:
        weights = [rule.factor if rule.kind == "boost" else 1 / rule.factor for rule, _ in meant]
        factors = [
            f"CASE WHEN {condition} THEN {float(weight)!r}::float8 ELSE 1 END"
            for weight, (_, condition) in zip(weights, meant, strict=True)
        ]
        condition, factor = f"({' OR '.join(boosted)})", " * ".join(factors)
        shares.append(Share("boosted", condition, factor, EXACT_PRODUCTS_FILTERED, "weighted", "weighted nearby"))
    if buried:
        condition = f"NOT ({' OR '.join(buried)})"
        shares.append(Share("spared", condition, "", EXACT_PRODUCTS_FILTERED, "weighted", "weighted nearby"))
    return shares


def either_parts(retrieval: Retrieval, where: Where, *, share: Share) -> list[str]:
    """The bounded count with its two branches. The one whose one-time filter is false is never started."""
    few = f"(SELECT count(*) FROM {share.name}) <= {share.few}"
    distance = distance_of(retrieval)
    settings = (
        f"(SELECT set_config('hnsw.ef_search', '{retrieval.ef_search}', true)"
        " || set_config('hnsw.iterative_scan', 'relaxed_order', true)) IS NOT NULL"
    )  # set in passing: a statement of their own would be another query
    order = order_by_weight("e.distance", "m.factor") if share.factor else "2"
    exact = f"""SELECT m.id AS product_id, e.distance + 0 AS distance, '{share.exact}' AS via
        FROM {share.name} m CROSS JOIN {embedding_of("m.id", retrieval, columns=f"{distance} AS distance")}
        WHERE {few} ORDER BY {order}, 1 LIMIT {int(retrieval.limit)}"""
    approximate = f"""SELECT e.product_id, {distance} AS distance, '{share.approximate}' AS via
        FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
        WHERE NOT {few} AND {settings} AND {own_rows(retrieval)} AND {searched_in(where, share)}
        ORDER BY {distance} LIMIT {int(retrieval.limit)}"""
    return [exact, approximate]


def searched_in(where: Where, share: Share) -> str:
    return f"{where.searched} AND {share.condition}" if share.condition else where.searched


def order_by_weight(distance: str, factor: str) -> str:
    """The best score first, as `rerank.apply_weights` makes it: below zero a factor divides."""
    return f"CASE WHEN {distance} <= 1 THEN ({distance} - 1) * ({factor}) ELSE ({distance} - 1) / ({factor}) END"


def matched_cte(retrieval: Retrieval, where: Where, *, share: Share) -> str:
    factor = f", {share.factor} AS factor" if share.factor else ""
    return (
        f"{share.name} AS MATERIALIZED (SELECT p.id{factor} FROM catalog_product p WHERE {searched_in(where, share)}"
        f" LIMIT {share.few + 1})"
    )


def exact_part(retrieval: Retrieval, where: Where, *, share: Share) -> str:
    """Compare everything that matches. Adding 0 keeps the index out."""
    distance = f"({distance_of(retrieval)}) + 0"
    order = order_by_weight(f"({distance})", share.factor) if share.factor else "2"
    return f"""SELECT e.product_id, {distance} AS distance, '{share.exact}' AS via
        FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
        WHERE {own_rows(retrieval)} AND {searched_in(where, share)} ORDER BY {order}, 1 LIMIT {int(retrieval.limit)}"""


def collapsed_part(retrieval: Retrieval, where: Where) -> str:
    """The same, but each variant group once, before the limit: its nearest."""
    return f"""SELECT product_id, distance, 'exact' AS via FROM (
            SELECT DISTINCT ON (p.variant_group, CASE WHEN p.variant_group = '' THEN p.id END)
                e.product_id, {distance_of(retrieval)} AS distance
            FROM embeddings_productembedding e JOIN catalog_product p ON p.id = e.product_id
            WHERE {own_rows(retrieval)} AND {where.searched}
            ORDER BY p.variant_group, CASE WHEN p.variant_group = '' THEN p.id END, 2, 1
        ) one_of_each ORDER BY 2, 1 LIMIT {int(retrieval.limit)}"""


def placed_part(retrieval: Retrieval, where: Where) -> str:
    """Products that rules bring in. Filters hold for them; rank and variant group do not matter."""
    embedding = embedding_of("p.id", retrieval, columns=f"{distance_of(retrieval)} AS distance")
    return f"""SELECT p.id AS product_id, e.distance, 'placed' AS via
        FROM catalog_product p LEFT JOIN {embedding} ON true
        WHERE p.id = ANY(%(placed_ids)s) AND {where.allowed}"""


def fallback_part(retrieval: Retrieval, where: Where, *, limit: int) -> str:
    """Products that cannot be compared, having no vector: popular ones of the anchors' categories, then recent ones."""
    return f"""SELECT p.id AS product_id, NULL::float8 AS distance,
            CASE WHEN p.category_id = ANY(%(category_ids)s) THEN 'popular' ELSE 'recent' END AS via
        FROM catalog_product p
        WHERE {where.searched}
          AND NOT EXISTS (SELECT FROM embeddings_productembedding e WHERE {own_rows(retrieval, "p.id")})
        ORDER BY (p.category_id = ANY(%(category_ids)s)) IS NOT TRUE,
            CASE WHEN p.category_id = ANY(%(category_ids)s) THEN {OUT_OF_STOCK} END,
            CASE WHEN p.category_id = ANY(%(category_ids)s) THEN p.stock END DESC NULLS LAST,
            {RECENT_ORDER}
        LIMIT {int(limit)}"""


def listed_part(retrieval: Retrieval, where: Where, *, order: str) -> str:
    """Products in an order that needs no vectors."""
    by = {"recent": RECENT_ORDER, "popular": POPULAR_ORDER}[order]
    return f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'listed' AS via
        FROM catalog_product p WHERE {where.searched} ORDER BY {by} LIMIT {int(retrieval.limit)}"""


def rules_that_mean(retrieval: Retrieval, where: Where) -> str:
    """The ids of the boosts and buries that mean the product `p`, as an array."""
    meant = bind_weights(retrieval, where)
    ids = [f"CASE WHEN {condition} THEN {int(rule.rule_id)} END" for rule, condition in meant]
    return f"array_remove(ARRAY[{', '.join(ids)}], NULL)" if ids else "NULL"


def card_statement(retrieval: Retrieval, where: Where, parts: Sequence[str], *, ctes: Sequence[str] = ()) -> str:
    """Everything that rerank and a card need of each row of `parts`; rows keep the order of their part."""
    union = " UNION ALL ".join(f"(SELECT *, row_number() OVER () AS rank FROM ({part}) part)" for part in parts)
    vector, join = "NULL", ""
    if retrieval.with_vectors:
        vector = "halfvec_send(e.vector)"
        join = f"LEFT JOIN {embedding_of('p.id', retrieval, columns='e.vector')} ON true"
    return f"""WITH {", ".join([*ctes, f"neighbours AS ({union})"])}
        SELECT n.product_id, n.distance, n.via, p.sku, p.title, p.brand, p.category_id, p.price, p.list_price,
            p.currency, p.stock, p.variant_group, p.collection, p.url, p.created_at,
            p.translations::text AS translations,
            {rules_that_mean(retrieval, where)} AS weighted_by, i.id AS image_id, i.file AS image,
            i.sha256 AS image_sha256, i.width AS image_width, i.height AS image_height, {vector} AS vector
        FROM neighbours n JOIN catalog_product p ON p.id = n.product_id
        LEFT JOIN LATERAL (SELECT i.id, i.file, i.sha256, i.width, i.height FROM catalog_productimage i
            WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1) i ON true {join}
        ORDER BY n.distance, n.via = 'placed', n.rank"""
