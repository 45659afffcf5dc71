"""The SQL of a retrieval. Values are bound as parameters; only numbers and our own names are written into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.conditions import DEMAND, IN_STOCK, Condition, Params
from catalog.filters import Filters
from embeddings.fusion.similarity_scale import AS_IT_IS, SimilarityScale
from embeddings.modalities.registry import list_searched
from recommendations.distances import QUERY_CTE, distance_sql, query_params, shown_sql
from recommendations.rules import ActiveRule
from recommendations.strategies import Brought

EF_SEARCH_MIN = 100  # rows that the index looks at; recall@10 of 0.997 at 100,000 x 384
EF_SEARCH_MAX = 1000  # pgvector's own limit; beyond it the scan goes on by itself
MAX_ROWS = 900  # of one retrieval

# Newer first among equals. An index has each order, so that as many rows are read as are shown.
OUT_OF_STOCK = f"NOT ({IN_STOCK.format('p.stock')})"
RECENT_ORDER = "p.created_at DESC, p.id DESC"
ORDERS = {
    "recent": RECENT_ORDER,
    "popular": f"{DEMAND.format('p.stock')} DESC, {RECENT_ORDER}",
    "price": "p.price, p.id",  # what has none last
    "-price": "p.price DESC NULLS LAST, p.id DESC",
    "title": "p.title, p.id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Everything that a statement depends on."""

    limit: int  # rows wanted
    cards: int | None = None  # of these, the best of each variant group, so many; None: all of them
    filters: Filters = Filters()
    space_id: int = 0
    dim: int = 0
    modality: str = "fused"
    indexed: int | None = None  # vectors in the HNSW index, 0: there is none; None: the statement has to look
    products: int = 0  # in the catalogue, about, where `indexed` is known
    metric: str = "cosine"
    scale: SimilarityScale = AS_IT_IS  # what distances by this metric are shown as
    vector: str = ""  # the query, as Postgres writes vectors
    category_ids: tuple[int, ...] = ()  # of the anchors: looked at first where there is no HNSW index yet
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
    brought: Brought | None = None  # what a strategy brings
    lift: Brought | None = None  # what it lifts of what is compared
    sold_out_last: bool = False  # of what is brought

    @property
    def ef_search(self) -> int:
        """How far the index looks at least: past what is hidden, and twice as far as asked, for long lists to be true.

        Where a filter drops some of what it finds, farther, as the statement decides.
        """
        return min(max(EF_SEARCH_MIN, 2 * (self.limit + len(self.hidden_ids))), EF_SEARCH_MAX)

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters.restrict_products or self.conditions or self.only_groups is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """More of a card than all lists need, as SQL: columns, the joins that they are from, and a subquery of one row that
    stands beside every card, and alone where there is none; empty: columns of the card's own."""

    columns: str
    joins: str
    beside: str


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions on `p` (catalog_product) with their values. `allowed` holds for what rules place as well.

    `counted` leaves out what hides next to nothing: it is asked of every product of a sample.
    """

    allowed: str
    searched: str
    counted: str
    params: Params


def where_clause(retrieval: Retrieval) -> Where:
    params: Params = {"hidden_ids": list(retrieval.hidden_ids), **query_params(retrieval.metric, retrieval.vector)}
    passing = ["p.is_active", *bind_all(retrieval.filters.conditions(), params, key="f")]
    # What rules exclude is kept out here, so that excluded products never cost rows.
    passing += [f"NOT {bound}" for bound in bind_all([rule.target for rule in retrieval.excludes], params, key="x")]
    passing += bind_all(retrieval.conditions, params, key="s")
    # As subqueries, which are hashed: an array of unknown length is expensive to the planner, and it would plan a
    # prepared statement anew each time.
    allowed = [*passing, "p.id NOT IN (SELECT unnest(%(hidden_ids)s::bigint[]))"]
    wanted, hidden = wanted_conditions(retrieval, params), hiding_conditions(retrieval, params)
    searched = [*allowed, *wanted, *hidden]
    return Where(" AND ".join(allowed), " AND ".join(searched), " AND ".join([*passing, *wanted]), params)


def bind_all(conditions: Sequence[Condition], params: Params, *, key: str) -> list[str]:
    return [condition.bind(params, key=f"{key}{number}") for number, condition in enumerate(conditions)]


def wanted_conditions(retrieval: Retrieval, params: Params) -> list[str]:
    """What holds for neighbours, and not for what rules place."""
    conditions = []
    if retrieval.only_groups is not None:
        params["only_groups"] = [group for group in retrieval.only_groups if group]
        conditions.append("p.variant_group = ANY(%(only_groups)s)")
    if retrieval.in_stock is not None:
        conditions.append(IN_STOCK.format("p.stock") if retrieval.in_stock else OUT_OF_STOCK)
    return conditions


def hiding_conditions(retrieval: Retrieval, params: Params) -> list[str]:
    """What keeps out a few: of groups that are shown already, and what rules place."""
    # Also where there are none: one statement for all anchors is prepared once.
    params["hidden_groups"] = [group for group in retrieval.hidden_groups if group]
    conditions = ["p.variant_group NOT IN (SELECT unnest(%(hidden_groups)s::text[]))"]
    if retrieval.shown_ids:
        params["shown_ids"] = list(retrieval.shown_ids)
        conditions.append(
            "p.variant_group NOT IN (SELECT s.variant_group FROM catalog_product s"
            " WHERE s.id = ANY(%(shown_ids)s) AND s.variant_group <> '')"
        )
    if retrieval.placed_ids:
        params["placed_ids"] = list(retrieval.placed_ids)
        conditions.append("p.id <> ALL(%(placed_ids)s)")
    return conditions


def embedding_of(product: str, retrieval: Retrieval, *, columns: str) -> str:
    """A lateral subquery with the product's embedding. LIMIT keeps it a probe of the unique index for each product."""
    return (
        f"LATERAL (SELECT {columns} FROM embeddings_productembedding e WHERE {own_rows(retrieval, product)} LIMIT 1) e"
    )


def own_rows(retrieval: Retrieval, product: str = "") -> str:
    """Conditions on `e` for the rows of this space and modality; literals, so that the partial index fits."""
    if retrieval.modality not in list_searched():
        raise ValueError(f"Unknown modality {retrieval.modality!r}. Known: {', '.join(list_searched())}.")
    rows = f"e.space_id = {int(retrieval.space_id)} AND e.modality = '{retrieval.modality}'"
    return f"{rows} AND e.product_id = {product}" if product else rows


def distance_of(retrieval: Retrieval) -> str:
    """The distance of `e` to the query, as the index has it; null where nothing is compared."""
    if not retrieval.vector:
        return "NULL::float8"
    return distance_sql(retrieval.metric, f"(e.vector::halfvec({int(retrieval.dim)}))")


def collapsed_part(retrieval: Retrieval, where: Where) -> str:
    """Compare everything that matches, and of each variant group take one, before the limit: its nearest."""
    matched = matched_products(where.searched, columns=", p.variant_group")
    return f"""SELECT product_id, distance, 'exact' AS via FROM (
            SELECT DISTINCT ON (m.variant_group, CASE WHEN m.variant_group = '' THEN m.id END)
                m.id AS product_id, e.distance
            FROM {matched} CROSS JOIN {embedding_of("m.id", retrieval, columns=f"{distance_of(retrieval)} AS distance")}
            ORDER BY m.variant_group, CASE WHEN m.variant_group = '' THEN m.id END, 2, 1
        ) one_of_each ORDER BY 2, 1 LIMIT {int(retrieval.limit)}"""


def placed_part(retrieval: Retrieval, where: Where) -> str:
    """Products that rules bring in. Filters hold for them; rank and variant group do not matter."""
    embedding = embedding_of("p.id", retrieval, columns=f"{distance_of(retrieval)} AS distance")
    return f"""SELECT p.id AS product_id, e.distance, 'placed' AS via
        FROM catalog_product p LEFT JOIN {embedding} ON true
        WHERE p.id = ANY(%(placed_ids)s) AND {where.allowed}"""


def fallback_part(retrieval: Retrieval, where: Where, *, limit: int) -> str:
    """Products that cannot be compared, having no vector: popular ones of the anchors' categories, then recent ones."""
    inside = "p.category_id = ANY(%(category_ids)s)"
    # Asked of one product after the other, which OFFSET makes sure of: a join would read all vectors.
    bare = f"NOT EXISTS (SELECT FROM embeddings_productembedding e WHERE {own_rows(retrieval, 'p.id')} OFFSET 0)"
    parts = [
        f"""(SELECT p.id AS product_id, NULL::float8 AS distance, '{order}' AS via FROM catalog_product p
            WHERE {where.searched} AND ({condition}) AND {bare} ORDER BY {ORDERS[order]} LIMIT {int(limit)})"""
        for order, condition in (("popular", inside), ("recent", f"({inside}) IS NOT TRUE"))
    ]
    return f"{' UNION ALL '.join(parts)} LIMIT {int(limit)}"


def listed_part(retrieval: Retrieval, where: Where, *, order: str) -> str:
    """Products in an order that needs no vectors."""
    return f"""SELECT p.id AS product_id, NULL::float8 AS distance, 'listed' AS via
        FROM catalog_product p WHERE {where.searched} ORDER BY {ORDERS[order]} LIMIT {int(retrieval.limit)}"""


def bind_weights(retrieval: Retrieval, where: Where) -> list[tuple[ActiveRule, str]]:
    """Return the boosts and buries, each with the condition of the product `p` that it means."""
    bound = bind_all([rule.target for rule in retrieval.weights], where.params, key="w")
    return list(zip(retrieval.weights, bound, strict=True))


def rules_that_mean(retrieval: Retrieval, where: Where) -> str:
    """The ids of the boosts and buries that mean the product `p`, as an array."""
    meant = bind_weights(retrieval, where)
    ids = [f"CASE WHEN {condition} THEN {int(rule.rule_id)} END" for rule, condition in meant]
    return f"array_remove(ARRAY[{', '.join(ids)}], NULL)" if ids else "NULL"


def matched_products(condition: str, *, columns: str = "") -> str:
    """A subquery `m` of what matches, with its id. In the order of their rows vectors are read twice as fast.

    Adding 0 keeps the planner from walking through all products in that order.
    """
    return f"(SELECT p.id{columns} FROM catalog_product p WHERE {condition} ORDER BY p.id + 0) m"


def best_of_groups(cards: int) -> str:
    """Of the CTE `neighbours` the best of each variant group, so many; the rest is not shown and needs no card."""
    return f"""(SELECT n.* FROM (
            SELECT n.*, row_number() OVER (PARTITION BY p.variant_group, CASE WHEN p.variant_group = '' THEN p.id END
                ORDER BY n.distance, n.rank) AS place
            FROM neighbours n JOIN catalog_product p ON p.id = n.product_id) n
        WHERE n.place = 1 ORDER BY n.distance, n.rank LIMIT {int(cards)})"""


# What staff have told apart from the product `p`, by the two indexes of its pairs.
DISTINCT_FROM = """ARRAY(SELECT d.second_id FROM catalog_distinctpair d WHERE d.first_id = p.id
            UNION ALL SELECT d.first_id FROM catalog_distinctpair d WHERE d.second_id = p.id)"""


def card_statement(
    retrieval: Retrieval,
    where: Where,
    parts: Sequence[str],
    *,
    ctes: Sequence[str] = (),
    extra: Extra | None = None,
) -> str:
    """Everything that rerank and a card need of each row of `parts`; rows keep the order of their part.

    `reached` is how many rows the parts have, of which not all need to be returned. Up to here distances are those of
    the vectors; from here on they are as they are shown, by the space's scale.
    """
    union = " UNION ALL ".join(f"(SELECT *, row_number() OVER () AS rank FROM ({part}) part)" for part in parts)
    vector, distinct, join = "NULL", "NULL", ""
    if retrieval.with_vectors:
        vector, distinct = "halfvec_send(e.vector)", DISTINCT_FROM
        join = f"LEFT JOIN {embedding_of('p.id', retrieval, columns='e.vector')} ON true"
    query = [QUERY_CTE] if retrieval.vector else []
    distance = shown_sql("n.distance", retrieval.scale)
    shown = best_of_groups(retrieval.cards) if retrieval.cards else "neighbours"
    cards = f"{shown} n JOIN catalog_product p ON p.id = n.product_id"
    if extra and extra.beside:
        cards = f"{extra.beside} LEFT JOIN ({cards}) ON true {extra.joins}"
    return f"""WITH {", ".join([*query, *ctes, f"neighbours AS MATERIALIZED ({union})"])}
        SELECT n.product_id, {distance} AS distance, n.via, p.sku, p.title, p.brand, p.category_id, p.price,
            p.list_price, p.currency, p.stock, p.variant_group, p.collection, p.url, p.created_at,
            p.translations::text AS translations,
            {rules_that_mean(retrieval, where)} AS weighted_by, i.id AS image_id, i.file AS image,
            i.sha256 AS image_sha256, i.source_url AS image_source_url, i.width AS image_width,
            i.height AS image_height, {vector} AS vector, {distinct} AS distinct_from,
            (SELECT count(*) FROM neighbours) AS reached{extra.columns if extra else ""}
        FROM {cards}
        LEFT JOIN LATERAL (SELECT i.id, i.file, i.sha256, i.source_url, i.width, i.height FROM catalog_productimage i
            WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1) i ON true {join}
        ORDER BY n.distance, n.via = 'placed', n.rank"""
