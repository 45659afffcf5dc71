"""What a list starts from, in one statement: the live space, the anchors with their vectors, and the rules in force."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.utils.translation import gettext

from api.postgres.rows import fetch_rows
from catalog.attributes import localize_title
from catalog.conditions import BELOW, LISTED_PRODUCTS
from embeddings.fusion.similarity_scale import AS_IT_IS, SimilarityScale
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from embeddings.spaces.indexes import INDEX_NAME, INDEXED_ROWS
from embeddings.unit_rows import unit_rows
from recommendations.in_force import HOLDS
from recommendations.rules import ActiveRule, ListKind, RuleSet, Scope, group_rules
from recommendations.visitors import History

RULE_FIELDS = """'rule_id', r.id, 'kind', r.kind, 'label', r.note, 'product_id', r.target_id, 'brand', r.target_brand,
        'category', coalesce(t.path, ''), 'attribute', r.target_attribute, 'value', r.target_value,
        'position', r.position, 'factor', r.factor"""
START = f"""
SELECT s.id AS space_id, s.name AS space, s.dim, s.text_dim, s.image_dim, s.modalities::text AS further,
       p.id AS product_id, p.sku, p.title, p.translations::text AS translations, p.price, p.currency, p.variant_group,
       p.category_id, coalesce(c.path, '') AS category, e.vector::text AS vector, rules.active AS rules,
       s.similarity_scales ->> %(modality)s AS scale,
       {INDEXED_ROWS.format(name=INDEX_NAME.format(space_id="s.id", modality="%(modality)s"))} AS indexed,
       {LISTED_PRODUCTS} AS products{{facts}}
FROM (SELECT 1) AS one
LEFT JOIN embeddings_embeddingspace s ON {{space}}
LEFT JOIN catalog_product p ON {{of}} AND (p.is_active OR %(inactive)s)
LEFT JOIN catalog_category c ON c.id = p.category_id
LEFT JOIN embeddings_productembedding e ON e.product_id = p.id AND e.space_id = s.id AND e.modality = %(modality)s
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
        {RULE_FIELDS},
        'scope', CASE WHEN r.anchor_id IS NOT NULL THEN 2 WHEN a.id IS NOT NULL THEN 1 ELSE 0 END)) AS active
    FROM recommendations_rule r
    LEFT JOIN catalog_category a ON a.id = r.anchor_category_id
    LEFT JOIN catalog_category t ON t.id = r.target_category_id
    WHERE {HOLDS}
      AND (r.strategies @> ARRAY[%(strategy)s]::varchar[] OR r.placements @> ARRAY[%(placement)s]::varchar[])
      AND (r.anchor_id IS NULL OR r.anchor_id = p.id)
      AND (a.id IS NULL OR {BELOW.format("c.path", "a.path")})
) rules ON true
ORDER BY array_position(%(skus)s::text[], p.sku::text)
"""
LIVE, NAMED = "s.status = 'live'", "s.name = %(space)s AND s.status IN ('live', 'ready')"
KEPT = "s.name = %(space)s AND s.status IN ('live', 'ready', 'retired')"
# Of an array the planner does not know that it has one element, and it would plan a prepared statement anew each time.
NONE, ONE, SEVERAL = "false", "p.sku = (%(skus)s::text[])[1]", "p.sku = ANY(%(skus)s::text[])"
FACTS: dict[str, str] = {}


def register_fact(name: str, sql: str) -> None:
    """Let every list know a value of jsonb, of a table with next to no rows: it is read in the statement that runs
    anyway, and is in `Start.facts` under its name."""
    FACTS[name] = sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A product that a list is for. `vector` is as Postgres writes it, None while it waits to be embedded."""

    product_id: int
    sku: str
    title: str
    translations: str  # JSON
    price: Decimal | None
    currency: str
    category_id: int | None
    category: str  # path
    variant_group: str
    vector: str | None

    @property
    def localized_title(self) -> str:
        return localize_title(self.title, self.translations)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSpace:
    """The space that answers, with the dim of the vectors of each modality.

    `indexed` is how many vectors its HNSW index has for the modality that is searched, 0 before there is one;
    `products` is how many the catalogue has. Postgres counts both now and then.
    """

    space_id: int
    name: str
    dims: Mapping[str, int]
    indexed: int
    products: int
    scale: SimilarityScale = AS_IT_IS  # what cosines of that modality are shown as


@dataclass(frozen=True, slots=True)
class Start:
    """Everything that is known before the search. `space` is None in a shop that has no live space yet."""

    space: LiveSpace | None
    anchors: tuple[Anchor, ...]
    rules: RuleSet
    facts: Mapping[str, Any] = field(default_factory=dict)  # what other apps have registered, by name
    history: History = field(default_factory=History)  # of the visitor, where the list goes by it


def read_start(
    skus: Sequence[str], *, modality: str, at: datetime, inactive: bool = False, kind: ListKind | None = None
) -> Start:
    """Read it for the anchors in `skus`, in one query. Unknown ones are left out, without `inactive` hidden ones."""
    kind = kind or ListKind()
    asked: dict[str, Any] = {"skus": list(skus), "modality": modality, "at": at, "inactive": inactive}
    rows = fetch_rows(
        write_start(kind, of=(NONE, ONE)[len(skus)] if len(skus) < 2 else SEVERAL), asked | asdict(kind), one_plan=True
    )
    rules: dict[int, ActiveRule] = {}
    for row in () if kind.without_rules else rows:
        for entry in read_json(row["rules"]) or ():
            rule = read_rule(entry)
            rules.setdefault(rule.rule_id, rule)
    anchors = tuple(read_anchor(row) for row in rows if row["product_id"] is not None)
    facts = {name: read_json(rows[0][f"fact_{name}"]) for name in FACTS}
    return Start(read_space(rows[0]), anchors, group_rules(rules.values()), facts)


def write_start(kind: ListKind, *, of: str) -> str:
    facts = "".join(f", ({sql}) AS fact_{name}" for name, sql in FACTS.items())
    named = KEPT if kind.retired else NAMED
    return START.format(of=of, space=named if kind.space else LIVE, facts=facts)


def read_json(value: Any) -> Any:
    """Django leaves jsonb as text in raw cursors."""
    return json.loads(value) if isinstance(value, str) else value


def read_rule(entry: dict[str, Any]) -> ActiveRule:
    label = entry["label"] or gettext("Rule %d") % entry["rule_id"]
    return ActiveRule(**{**entry, "label": label, "scope": Scope(entry["scope"])})


def read_space(row: dict[str, Any]) -> LiveSpace | None:
    if row["space_id"] is None:
        return None
    dims = {FUSED: row["dim"], TEXT: row["text_dim"], IMAGE: row["image_dim"]}
    dims |= {name: chosen.get("dim", 0) for name, chosen in json.loads(row["further"]).items()}
    indexed = int(row["indexed"])
    products = max(indexed, int(row["products"]), 0)  # -1: never counted
    scale = SimilarityScale.from_numbers(read_json(row["scale"]))
    return LiveSpace(
        space_id=row["space_id"], name=row["space"], dims=dims, indexed=indexed, products=products, scale=scale
    )


def read_anchor(row: dict[str, Any]) -> Anchor:
    return Anchor(**{name: row[name] for name in Anchor.__slots__})


def fuse_anchors(anchors: Sequence[Anchor], *, weights: Mapping[str, float]) -> str:
    """Return the query vector of several anchors: the weighted mean of their unit vectors, unit length again.

    A single anchor's own vector is returned as it is, so that its distances are those of the stored vectors.
    Anchors without a vector are left out. Raises ValueError when none has one, or when they cancel each other out.
    """
    present = [anchor for anchor in anchors if anchor.vector is not None]
    if len(present) == 1 and weights.get(present[0].sku, 1.0) > 0:
        return str(present[0].vector)
    if present:
        rows = unit_rows([parse_vector(str(anchor.vector)) for anchor in present])  # (n, dim)
        (fused,) = unit_rows([np.array([weights.get(anchor.sku, 1.0) for anchor in present]) @ rows])
        if fused.any():
            return format_vector(fused)
    raise ValueError(gettext("These anchors and weights cancel each other out; change the weights or leave one out."))


def parse_vector(text: str) -> np.ndarray:
    return np.array(text.strip("[]").split(","), dtype=np.float64)


def format_vector(vector: np.ndarray) -> str:
    return "[" + ",".join(f"{number:.7g}" for number in vector.tolist()) + "]"
