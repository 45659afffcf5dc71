"""The decisions of staff that a search concerns: those about its words, and the rules of lists that reach searches.

All are read in one statement, by index: of the rules about words those alone whose phrases are in the search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from api.postgres.rows import fetch_rows
from catalog.conditions import IN_CATEGORIES, Condition
from recommendations.anchors import RULE_FIELDS, read_json, read_rule
from recommendations.in_force import HOLDS
from recommendations.rules import IN_SEARCHES, SEARCH, ActiveRule, RuleSet, Scope, group_rules
from recommendations.search.folding import make_key
from recommendations.search.understanding import list_phrases
from recommendations.strategies import name_strategies

MAX_RULES = 100  # of the rules that one search concerns; the exact and the newer ones count

# Arrays that a prepared statement would be planned anew for are bound as they are: this is not prepared.
FIND = f"""
SELECT
    (SELECT jsonb_agg(s) FROM (
        SELECT r.id, r.kind, r.note, r.query, r.url, r.target_id, r.target_brand, r.position,
            coalesce(t.path, '') AS category, r.phrases @> ARRAY[%(key)s]::varchar[] AS is_exact
        FROM recommendations_searchrule r LEFT JOIN catalog_category t ON t.id = r.target_category_id
        WHERE r.phrases && %(phrases)s::varchar[] AND r.kind <> 'synonym' AND {HOLDS}
            AND (r.match = 'contains' OR r.phrases @> ARRAY[%(key)s]::varchar[])
        ORDER BY is_exact DESC, r.id DESC LIMIT {MAX_RULES}) s) AS of_words,
    (SELECT jsonb_agg(jsonb_build_object({RULE_FIELDS},
            'scope', CASE WHEN a.id IS NULL THEN 0 ELSE 1 END, 'within', coalesce(a.path, '')))
        FROM recommendations_rule r
        LEFT JOIN catalog_category a ON a.id = r.anchor_category_id
        LEFT JOIN catalog_category t ON t.id = r.target_category_id
        WHERE {HOLDS} AND r.anchor_id IS NULL AND r.kind = ANY(%(kinds)s)
            AND (r.strategies @> ARRAY['{SEARCH}']::varchar[] OR r.placements @> ARRAY[%(placement)s]::varchar[])
    ) AS of_lists
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWithin(ActiveRule):
    """A rule for the products of a category and below: in a search no product is there to stand for it."""

    within: str  # path

    @property
    def target(self) -> Condition:
        meant = super(RuleWithin, self).target
        number = len(meant.values) + 1
        inside = IN_CATEGORIES.replace("{0}", "{table}.category_id").replace("{1}", f"{{{number}}}")
        return Condition(meant.column, f"({meant.sql}) AND ({inside}) IS TRUE", (*meant.values, [self.within]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRules:
    """What staff decided about one search.

    `in_lists` is what a list needs: pins, exclusions and weights, to be handed to retrieval and reranking as they are.
    """

    redirect: str = ""  # an address; empty: none
    pins: tuple[tuple[int, int, str], ...] = ()  # position from 1, product id, label
    excluded: tuple[Condition, ...] = ()
    labels: tuple[str, ...] = field(default=())  # of all that concern the search, those about its words first
    in_lists: RuleSet = RuleSet()


def find_search_rules(text: str, *, placement: str = "") -> SearchRules:
    """Return the decisions that are in force for a search text. One query."""
    key = make_key(text)
    params = {
        "key": key, "phrases": [*list_phrases(text), key], "at": timezone.now(), "placement": placement,
        "kinds": list(IN_SEARCHES),
    }  # fmt: skip
    (row,) = fetch_rows(FIND, params)
    of_words = read_json(row["of_words"]) or []
    about_words = [read_search_rule(entry) for entry in of_words if entry["kind"] != "redirect"]
    of_lists = [read_list_rule(entry) for entry in read_json(row["of_lists"]) or []]
    redirects = [entry for entry in of_words if entry["kind"] == "redirect"]
    grouped = group_rules([*about_words, *of_lists])
    return SearchRules(
        redirect=redirects[0]["url"] if redirects else "",
        pins=tuple((rule.position or 1, rule.product_id or 0, rule.label) for rule in grouped.pins),
        excluded=tuple(rule.target for rule in grouped.excludes),
        labels=tuple(dict.fromkeys([*map(label_of, redirects[:1]), *(rule.label for rule in grouped.active)])),
        in_lists=grouped,
    )


def read_search_rule(entry: dict[str, Any]) -> ActiveRule:
    """A rule about words, as lists apply it. One for exactly this search goes before one for a part of it."""
    return ActiveRule(
        rule_id=entry["id"],
        kind=entry["kind"],
        label=label_of(entry),
        scope=Scope.ANCHOR if entry["is_exact"] else Scope.CATEGORY,
        product_id=entry["target_id"],
        brand=entry["target_brand"],
        category=entry["category"],
        position=entry["position"],
    )


def label_of(entry: dict[str, Any]) -> str:
    return str(entry["note"] or gettext("Rule for the search %s") % entry["query"])


def read_list_rule(entry: dict[str, Any]) -> ActiveRule:
    within = entry.pop("within")
    rule = read_rule(entry)
    if not within:
        return rule
    return RuleWithin(within=within, **{name: getattr(rule, name) for name in ActiveRule.__slots__})


def list_rule_strategies() -> list[tuple[str, str]]:
    """Return what a rule of lists may name, as choices: the strategies, and searches, which are none."""
    return [*name_strategies(), (SEARCH, f"{gettext('Search')} ({SEARCH})")]
