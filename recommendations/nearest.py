"""The SQL that finds what is nearest: one by one, through the HNSW index, or within a part of the catalogue.

Which of them runs is decided in the statement itself, by how many products pass: that is known of a sample. Postgres's
own estimates are no use here: they take a category with all below it for as small as one, and attributes for rare.
Measured by benchmarks/retrieval.py, 100,000 x 384 on one core: comparing a product takes 3 us, the index 7 us for each
row that it looks at, the sample half a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.conditions import LISTED_PRODUCTS
from embeddings.spaces.indexes import INDEXED_ROWS, index_name_of
from recommendations.distances import distance_sql, shown_sql
from recommendations.rules import ActiveRule
from recommendations.statements import (
    EF_SEARCH_MAX,
    Retrieval,
    Where,
    bind_weights,
    distance_of,
    embedding_of,
    matched_products,
    own_rows,
)

FEW_PRODUCTS = 2500  # are compared one by one in the time that the index takes to look at some hundred rows
SAMPLED_PRODUCTS = 1000
# Of a big catalogue one or ten thousand match where two of the sample do: five times as many are asked, which takes
# 3 ms where comparing ten thousand products takes 60.
FEW_SAMPLED, SAMPLED_AGAIN, DOUBTED_FROM = 20, 5000, 400_000
COMPARED_PER_LOOK = 2  # products that are compared one by one while the index looks at one row, and at its product
# Where what passes is spread evenly, the index has to look at so many times as many rows as are needed, as few pass.
# It is given more; what it has not found then lies far from the query: it would find some of it, but not the nearest.
PATIENCE = 2
TRIED = 200  # rows, where the index is no use unless what passes is near
# Times as many rows are found at once as are looked at: of the last ones found others are missing that are as near,
# most of all behind a cluster that does not pass. On 100 clusters of 300, a third of which pass, recall was 0.83.
AT_ONCE = 1.5
# Of a bigger catalogue more rows are looked at for the same recall: 100 of 100,000, 200 of a million.
AT_LEAST = "100 * log(greatest(indexed, 10) / 10000)"
MOST_LOOKS = 5000  # rows, where nothing is known of what may not pass
VISITED_PER_ROW = 50  # at most, of vectors that the index compares for a row that it hands out
NARROWED_FROM = 20_000  # without an HNSW index so many products are compared one by one, in 60 ms
NARROWED_TO = 10_000  # of more, so many of the anchors' categories, and as many of all
# From a subquery, so that the planner knows as little of it with values as it does of a prepared statement.
NEAR_CATEGORIES = "p.category_id = ANY(ARRAY(SELECT unnest(%(near_category_ids)s::bigint[])))"
RERANKED = 4  # times as many rows are read where another metric orders what the index found by cosine
SIZES = """sizes AS MATERIALIZED (SELECT indexed, greatest(indexed, listed, 0) AS products FROM (
        SELECT {indexed} AS indexed,
            {listed} AS listed) counted)"""
KNOWN_SIZES = "sizes AS MATERIALIZED (SELECT %(indexed)s::float8 AS indexed, %(products)s::float8 AS products)"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the catalogue that is searched by itself."""

    name: str = "nearest"
    condition: str = ""  # SQL, beside the conditions of the retrieval
    factor: str = ""  # SQL, by which the score of a product is multiplied; empty: the nearest come first
    exact: str = "exact"  # how its rows are marked
    approximate: str = "approximate"


def is_small(retrieval: Retrieval) -> bool:
    """Whether so few products can be found at all that they are compared, whatever passes."""
    if retrieval.indexed is None:
        return False
    return retrieval.indexed <= FEW_PRODUCTS if retrieval.indexed else retrieval.products <= NARROWED_FROM


def nearest_parts(retrieval: Retrieval, where: Where, *, compared: bool = True) -> tuple[list[str], list[str]]:
    """Return the parts that find what is nearest, and the CTEs that they need.

    Everything is compared when asked for; else the statement decides. Without `compared` it finds nothing where
    everything has to be compared, and another statement does: one that is planned for the values of the filters.
    What boosts mean is searched for a second time by itself, and so is what no bury means: else a boost would lift
    only what is among the nearest anyway, and a bury would leave nothing to take the places of what it sinks.
    """
    shares = divide_by_weights(retrieval, where)
    if retrieval.exact:
        return [exact_part(retrieval, where, share=share) for share in shares], []
    parts: list[str] = []
    ctes = [sizes_cte(retrieval, where)]
    for share in shares:
        short = f"(SELECT count(*) FROM {share.name}) < {rows_to_find(retrieval)}"
        ctes += [reach_cte(retrieval, where, share=share), nearby_cte(retrieval, where, share=share)]
        parts.append(
            f"""SELECT product_id, distance, '{share.approximate}' AS via FROM {share.name} WHERE NOT {short}
            ORDER BY 2, 1 LIMIT {int(retrieval.limit)}"""
        )
        if compared or share != shares[0]:
            parts.append(exact_part(retrieval, where, share=share, when=short))
    return parts, ctes


def sizes_cte(retrieval: Retrieval, where: Where) -> str:
    if retrieval.indexed is None:
        name = index_name_of(retrieval.space_id, retrieval.modality)
        return SIZES.format(indexed=INDEXED_ROWS.format(name=f"'{name}'"), listed=LISTED_PRODUCTS)
    where.params.update(indexed=retrieval.indexed, products=retrieval.products)
    return KNOWN_SIZES


def divide_by_weights(retrieval: Retrieval, where: Where) -> list[Share]:
    """Return the whole and, where boosts and buries act, the parts that must not miss the list."""
    shares = [Share()]
    meant = bind_weights(retrieval, where)
    boosted = [condition for rule, condition in meant if rule.kind == "boost"]
    buried = [condition for rule, condition in meant if rule.kind != "boost"]
    if boosted:
        factors = [f"CASE WHEN {condition} THEN {weight_of(rule)!r}::float8 ELSE 1 END" for rule, condition in meant]
        condition, factor = f"({' OR '.join(boosted)})", " * ".join(factors)
        shares.append(Share("boosted", condition, factor, "weighted", "weighted nearby"))
    if buried:
        condition = f"NOT ({' OR '.join(buried)})"
        shares.append(Share("spared", condition, "", "weighted", "weighted nearby"))
    return shares


def weight_of(rule: ActiveRule) -> float:
    return float(rule.factor if rule.kind == "boost" else 1 / rule.factor)


def is_sampled(retrieval: Retrieval, share: Share) -> bool:
    """Whether much of the catalogue may not pass."""
    return retrieval.is_filtered or bool(share.condition)


def rows_to_find(retrieval: Retrieval) -> int:
    """Return how many rows the index has to find."""
    return int(retrieval.limit) * (RERANKED if retrieval.metric == "pearson" else 1)


def inside(share: Share, conditions: str) -> str:
    return f"{conditions} AND {share.condition}" if share.condition else conditions


def order_by_weight(distance: str, factor: str) -> str:
    """The best score first, as `rerank.apply_weights` makes it: below zero a factor divides."""
    return f"CASE WHEN {distance} <= 1 THEN ({distance} - 1) * ({factor}) ELSE ({distance} - 1) / ({factor}) END"


def reach_cte(retrieval: Retrieval, where: Where, *, share: Share) -> str:
    """How many products match, about, and how many rows the index may look at: none where few match.

    It may take as long as comparing what matches would, so that trying it first never doubles the time. Where that is
    no use unless what passes is near, it is the first rows that it finds, `TRIED` many, and none where few match.
    """
    passing, least_found, ef_search = "1.0", str(retrieval.ef_search), "least_found"
    looks = f"CASE WHEN matching > {FEW_PRODUCTS} THEN least(affordable, {MOST_LOOKS}) ELSE 0 END"
    if is_sampled(retrieval, share):
        passing = passing_share(inside(share, where.counted))
        looks = f"""CASE WHEN needed * {PATIENCE} > affordable
            THEN CASE WHEN matching > {FEW_PRODUCTS} THEN {TRIED} ELSE 0 END
            ELSE least(affordable, greatest(needed * {PATIENCE}, least_found / {AT_ONCE})) END"""
        least_found = f"greatest({retrieval.ef_search}, {AT_LEAST})"
        ef_search = f"greatest(least_found, least({EF_SEARCH_MAX}, {AT_ONCE} * looks))"
    rows = rows_to_find(retrieval) + len(retrieval.hidden_ids)
    return f"""{share.name}_reach AS MATERIALIZED (SELECT indexed, matching,
            CASE WHEN indexed > 0 THEN looks::int ELSE 0 END AS looks,
            ({ef_search})::int AS ef_search
        FROM (SELECT *, ({looks}) AS looks FROM (SELECT indexed, matching, matching / {COMPARED_PER_LOOK} AS affordable,
                {rows} / nullif(passing, 0) AS needed, ({least_found}) AS least_found
            FROM (SELECT indexed, CASE WHEN indexed > 0 THEN indexed ELSE products END * passing AS matching, passing
                FROM sizes CROSS JOIN LATERAL (SELECT {passing} AS passing OFFSET 0) passed) counted) costs) planned)"""


def passing_share(conditions: str) -> str:
    """SQL of the share of the catalogue that meets the conditions, 0 to 1, by a sample of whole pages."""
    few = f"products > {DOUBTED_FROM} AND passing > 0 AND passing * {SAMPLED_PRODUCTS} < {FEW_SAMPLED}"
    return f"""(SELECT CASE WHEN {few} THEN {share_of_sample(conditions, SAMPLED_AGAIN)} ELSE passing END
        FROM (SELECT {share_of_sample(conditions, SAMPLED_PRODUCTS)} AS passing OFFSET 0) once)"""


def share_of_sample(conditions: str, rows: int) -> str:
    """Whether a product without a price is cheap is null, which is no reason to leave it out of the mean."""
    return f"""(SELECT coalesce(avg((({conditions}) IS TRUE)::int), 0)::float8 FROM catalog_product p
        TABLESAMPLE SYSTEM (least(100, 100.0 * {rows} / greatest(products, 1))) REPEATABLE (0))"""


def nearby_cte(retrieval: Retrieval, where: Where, *, share: Share) -> str:
    """What the index finds or, before there is one, what is nearest in a part of the catalogue."""
    order = distance_sql("cosine", f"(e.vector::halfvec({int(retrieval.dim)}))")
    limit = rows_to_find(retrieval)
    reach = f"{share.name}_reach"
    settings = (
        "(SELECT set_config('hnsw.ef_search', ef_search::text, true)"
        " || set_config('hnsw.iterative_scan', CASE WHEN looks > ef_search THEN 'relaxed_order' ELSE 'off' END, true)"
        f" || set_config('hnsw.max_scan_tuples', (looks * {VISITED_PER_ROW} + 1)::text, true) FROM {reach}) IS NOT NULL"
    )  # set in passing: a statement of their own would be another query
    # No more rows are asked for than it may look at. Were pgvector to stop by its own limit instead, it would hand out
    # whatever it has come across and put aside: of the nearest ten in a category far away, none.
    looked_at = f"""(SELECT e.product_id, e.vector FROM embeddings_productembedding e
        WHERE (SELECT looks FROM {reach}) > 0 AND {settings} AND {own_rows(retrieval)} ORDER BY {order}
        LIMIT (SELECT looks FROM {reach}))"""
    # Each row of the index asks for its product: else the planner may prefer to sort all vectors.
    found = f"""SELECT e.product_id, {distance_of(retrieval)} AS distance FROM {looked_at} e
        CROSS JOIN LATERAL (SELECT FROM catalog_product p WHERE p.id = e.product_id AND {inside(share, where.searched)}
            OFFSET 0) p LIMIT {limit}"""
    ways = [found] if retrieval.indexed != 0 else []
    if not retrieval.indexed:
        ways.append(narrowed_part(retrieval, where, share=share, limit=limit))
    return f"{share.name} AS MATERIALIZED ({' UNION ALL '.join(f'({way})' for way in ways)})"


def narrowed_part(retrieval: Retrieval, where: Where, *, share: Share, limit: int) -> str:
    """Of a big catalogue without an index what is nearest among products of the anchors' categories, and a sample."""
    reach, matches = f"{share.name}_reach", inside(share, where.searched)
    where.params["near_category_ids"] = list(retrieval.category_ids)
    when = f"(SELECT indexed = 0 AND matching > {NARROWED_FROM} FROM {reach})"
    percent = f"(SELECT least(100, 100.0 * {NARROWED_TO} / greatest(matching, 1)) FROM {reach})"
    embedding = embedding_of("m.id", retrieval, columns=f"{distance_of(retrieval)} AS distance")
    return f"""SELECT m.id AS product_id, e.distance FROM (
            SELECT id FROM (
                (SELECT p.id FROM catalog_product p WHERE {when} AND {NEAR_CATEGORIES} AND {matches}
                    LIMIT {NARROWED_TO})
                UNION
                (SELECT p.id FROM catalog_product p TABLESAMPLE SYSTEM ({percent}) REPEATABLE (0)
                    WHERE {when} AND {matches})) part
            ORDER BY id + 0) m
        CROSS JOIN {embedding} ORDER BY 2, 1 LIMIT {limit}"""


def exact_part(retrieval: Retrieval, where: Where, *, share: Share, when: str = "true") -> str:
    """Compare everything that matches."""
    factor = f", {share.factor} AS factor" if share.factor else ""
    shown = shown_sql("e.distance", retrieval.scale)
    order = order_by_weight(shown, "m.factor") if share.factor else "2"
    embedding = embedding_of("m.id", retrieval, columns=f"{distance_of(retrieval)} AS distance")
    matched = matched_products(f"{when} AND {inside(share, where.searched)}", columns=factor)
    return f"""SELECT m.id AS product_id, e.distance, '{share.exact}' AS via FROM {matched} CROSS JOIN {embedding}
        ORDER BY {order}, 1 LIMIT {int(retrieval.limit)}"""
