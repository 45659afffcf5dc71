"""A checked search as it asks the database: what is near, what has the words, within what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from django.utils import timezone

from api.postgres.rows import fetch_rows
from catalog.conditions import IN_STOCK, Condition
from embeddings.fusion.similarity_scale import AS_IT_IS, SimilarityScale
from recommendations.anchors import format_vector
from recommendations.nearest import nearest_parts
from recommendations.planning import build_reranking, choose_out_of_stock
from recommendations.recommendation_list import PLACED, Candidate, Reason, RecommendationList, number_results
from recommendations.requests import MAX_SHOWN, Filters, Options
from recommendations.rerank import Reranked, rerank, sink_out_of_stock
from recommendations.retrieval import ROUNDS, how_retrieved, look_past, read_rows
from recommendations.rules import RuleSet
from recommendations.search.conditions import ReadingRule
from recommendations.search.full_text import words_parts
from recommendations.search.fusing import PICTURE, fuse_ranks, kind_of
from recommendations.search.priors import prior_column, raise_by_priors
from recommendations.search.queries import AnsweredQuery
from recommendations.statements import Retrieval, card_statement, listed_part, placed_part, where_clause
from recommendations.tokens import Token, make_token

HYBRID, FULL_TEXT, SEMANTIC, PHOTO, PHOTO_AND_TEXT = "hybrid", "full_text", "semantic", "photo", "photo_and_text"
SOUND, SOUND_AND_TEXT = "sound", "sound_and_text"
TEXT_MODES = (HYBRID, FULL_TEXT, SEMANTIC)
RELEVANCE = "relevance"
SORTS = {RELEVANCE: "", "price": "price", "-price": "-price", "newest": "recent", "title": "title"}  # of `ORDERS`
POOL = 100  # candidates of each kind before they are fused
PICTURED = "fused"  # the modality in which a text reaches pictures
FAR = 0.85  # times the cosine of the floor: what is nearly as near stays


class RankedSearch(NamedTuple):
    """What is to be shown, how it was found, and all that was found."""

    ranked: Reranked
    how: str
    pool: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """A checked search. `query` is None where only words are searched; `words` are empty where none are left over.

    `lifted` is what unsure readings lift; `met` is why all of the results are there.
    """

    text: str
    mode: str
    query: AnsweredQuery | None
    modality: str
    limit: int
    words: Sequence[Sequence[str]] = ()  # each with what stands for it
    conditions: tuple[Condition, ...] = ()
    lifted: tuple[ReadingRule, ...] = ()
    met: tuple[Reason, ...] = ()
    rules: RuleSet = RuleSet()  # of staff
    order: str = ""  # what a visitor said of the price
    sort: str = RELEVANCE
    floor: float | None = None  # the similarity below which the meaning speaks for nothing
    picture_weight: float = 0.0  # of the ranking by what the text should look like

    def rank(self, filters: Filters, options: Options) -> RankedSearch:
        """Search, fuse the ranks, rerank. One query, and up to three more where variants leave the list short."""
        retrieval, collapse = self.build_retrieval(filters, options), options.variants == "collapse"
        rows: list[dict[str, Any]] = []
        for _ in range(ROUNDS):
            found = self.fetch(retrieval, conditions_of_placed=stocked(options))
            rows += [*found, *self.fetch_pictured(retrieval)]
            ranked = self.sort_found(rows)
            shown = self.order_ranked(ranked, filters, options)
            kinds = Counter(kind_of(row) for row in found if row["via"] != PLACED)
            if len(shown.shown) >= self.limit or not collapse or max(kinds.values(), default=0) < retrieval.limit:
                break
            retrieval = look_past(retrieval, read_rows(found), collapse=True)
        return RankedSearch(shown, how_retrieved(rows), tuple(candidate.product_id for candidate in ranked))

    def sort_found(self, rows: Sequence[dict[str, Any]]) -> list[Candidate]:
        """Return the candidates as they are to be ordered: by relevance, or as the visitor chose."""
        placed = [row for row in rows if row["via"] == PLACED]
        found = self.sort_neighbours([row for row in rows if row["via"] != PLACED])
        return [*{one.product_id: one for one in read_rows(placed)}.values(), *found]

    def sort_neighbours(self, rows: Sequence[dict[str, Any]]) -> list[Candidate]:
        if self.lists_all:
            return read_rows(rows)
        found = self.drop_far(fuse_ranks(in_order(rows), weights={PICTURE: self.picture_weight}))
        if self.sort == RELEVANCE:
            return raise_by_priors(found)
        ordered = sort_candidates(found, self.sort)
        return [replace(one, score=1 - place / len(ordered)) for place, one in enumerate(ordered)]

    @cached_property
    def rule_set(self) -> RuleSet:
        """What orders the list: in an order that the visitor chose, staff leave out and do no more."""
        if self.sort != RELEVANCE:
            return RuleSet(excludes=self.rules.excludes)
        return replace(self.rules, weights=(*self.rules.weights, *self.lifted))

    def drop_far(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Leave out what neither has one of the words nor comes near in meaning, unless that is all there is.

        Only where words and meaning are asked: either by itself has nothing else to go by.
        """
        if self.floor is None or not self.words or self.mode != HYBRID:
            return list(found)
        scale = self.scale_of("cosine")
        least = float(scale.show(FAR * scale.find_cosine(self.floor)))
        near = [one for one in found if (one.similarity or 0.0) >= least or has_words(one)]
        return near or list(found)

    def fetch_pictured(self, retrieval: Retrieval) -> list[dict[str, Any]]:
        """Return what looks as the text should, where that counts. One query."""
        vector = self.query.vectors.get(PICTURED) if self.query else None
        if vector is None or not self.picture_weight or self.mode not in (HYBRID, SEMANTIC) or self.lists_all:
            return []
        looked = replace(
            retrieval, modality=PICTURED, vector=format_vector(np.asarray(vector)), dim=vector.shape[0], placed_ids=()
        )
        where = where_clause(looked)
        parts, ctes = nearest_parts(looked, where)
        rows = fetch_rows(card_statement(looked, where, parts, ctes=ctes), where.params)
        return [row | {"via": PICTURE, "distance": None} for row in rows]

    def scale_of(self, metric: str) -> SimilarityScale:
        """Return what similarities to the query are shown as."""
        return self.query.space.scale_of(self.modality, metric=metric) if self.query else AS_IT_IS

    @property
    def lists_all(self) -> bool:
        """Whether all that passes is what was asked for, so that Postgres sorts it."""
        return self.sort != RELEVANCE and not self.words and self.mode in TEXT_MODES

    def fetch(self, retrieval: Retrieval, *, conditions_of_placed: tuple[Condition, ...]) -> list[dict[str, Any]]:
        """Return what is near, then what has the words, each best first. One query."""
        where = where_clause(retrieval)
        if self.lists_all:
            parts = [listed_part(retrieval, where, order=SORTS[self.sort])]
            return fetch_rows(card_statement(retrieval, where, parts), where.params)
        parts, ctes = nearest_parts(retrieval, where) if retrieval.vector else ([], [])
        if self.words and self.mode in (HYBRID, FULL_TEXT):
            found, needed = words_parts(retrieval, where, text=self.text, units=self.words)
            parts += found
            ctes += needed
        if not parts:
            parts = [listed_part(retrieval, where, order="recent")]
        if retrieval.placed_ids:  # what was read holds for what is found, not for what staff say is meant
            parts.append(placed_part(retrieval, where_clause(replace(retrieval, conditions=conditions_of_placed))))
        return fetch_rows(card_statement(retrieval, where, parts, ctes=ctes, extra=prior_column()), where.params)

    def order_ranked(self, ranked: Sequence[Candidate], filters: Filters, options: Options) -> Reranked:
        """Rerank. What is sold out sinks within its page: who names a thing has to find it, sold out or not."""
        reranking = build_reranking(self.limit, filters, options, scale=self.scale_of(options.metric))
        reranking = replace(reranking, rules=self.rule_set)
        if self.order and self.sort == RELEVANCE:
            ranked = by_price(ranked, self.order)
        if reranking.out_of_stock != "last":
            return self.name_reasons(rerank(ranked, how=reranking))
        shown = rerank(ranked, how=replace(reranking, out_of_stock="mixed"))
        return self.name_reasons(shown._replace(shown=sink_out_of_stock(shown.shown)))

    def name_reasons(self, ranked: Reranked) -> Reranked:
        """Say of each result what of the search it meets; what is pinned need not meet it."""
        shown = [
            one if one.source == PLACED else replace(one, reasons=(*self.met, *map(name_reading, one.reasons)))
            for one in ranked.shown
        ]
        return ranked._replace(shown=shown)

    def build_retrieval(self, filters: Filters, options: Options) -> Retrieval:
        space = self.query.space if self.query else None
        vector = self.query.vectors.get(self.modality) if self.query else None
        return Retrieval(
            limit=max(POOL, 3 * self.limit),
            filters=filters,
            space_id=space.pk if space else 0,
            dim=0 if vector is None else vector.shape[0],
            modality=self.modality,
            metric=options.metric,
            scale=self.scale_of(options.metric),
            vector="" if vector is None else format_vector(np.asarray(vector)),
            conditions=(*stocked(options), *self.conditions),
            weights=self.rule_set.weights,
            excludes=self.rule_set.excludes,
            placed_ids=tuple(one for one in self.rule_set.placed_ids if one not in options.page.shown_ids),
            hidden_ids=options.page.shown_ids,
            shown_ids=options.page.shown_ids if options.variants == "collapse" else (),
            exact=options.exact,
            with_vectors=bool(options.diversity) and vector is not None,
        )

    def answer(self, ranked: Reranked, *, search: str, options: Options) -> RecommendationList:
        space = self.query.space.name if self.query else None
        ids = [candidate.product_id for candidate in ranked.shown]
        offset = len(options.page.shown_ids)
        token = Token(strategy="search", placement=options.placement, space=space or "", at=timezone.now())
        return RecommendationList(
            recommendation_id=options.page.recommendation_id
            or make_token(token, cached=options.cacheable, of=(self.mode, self.text, ids)),
            strategy="search",
            anchors=(),
            space=space,
            search=search,
            results=number_results(ranked.shown, offset=offset),
            more=ranked.more and bool(ranked.shown) and offset + len(ranked.shown) < MAX_SHOWN,
        )


def stocked(options: Options) -> tuple[Condition, ...]:
    return (Condition("stock", IN_STOCK),) if choose_out_of_stock(options) == "hidden" else ()


def has_words(candidate: Candidate) -> bool:
    return any(reason.code in ("words", "sku") for reason in candidate.reasons)


def in_order(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Candidate]]:
    """Yield candidates with why they were found, each kind best first: what is near by its distance."""
    found = list(zip(map(kind_of, rows), read_rows(rows), strict=True))
    yield from (pair for pair in found if pair[0] != "meaning")
    near = [pair for pair in found if pair[0] == "meaning"]
    yield from sorted(near, key=lambda pair: (pair[1].distance is None, pair[1].distance, pair[1].product_id))


def by_price(ranked: Sequence[Candidate], order: str) -> list[Candidate]:
    """Return candidates scored by relevance and by price in equal parts: cheap, and still what was asked for."""
    dear = order.startswith("-")
    priced = sorted(
        (one for one in ranked if one.price is not None), key=lambda one: (one.price, one.product_id), reverse=dear
    )
    place = {one.product_id: number / max(len(priced), 1) for number, one in enumerate(priced)}
    return [replace(one, score=(one.score + 1 - place.get(one.product_id, 1.0)) / 2) for one in ranked]


def name_reading(reason: Reason) -> Reason:
    """A boost of ours is no rule of the staff: it is what the result meets of the search."""
    is_ours = reason.rule_id is not None and reason.rule_id < 0
    return Reason("reading", reason.text) if is_ours else reason


def sort_candidates(found: Sequence[Candidate], sort: str) -> list[Candidate]:
    """Return candidates in an order of SORTS; those without a price last."""
    by_relevance = sorted(found, key=lambda one: (-one.score, one.product_id))
    match sort:
        case "price" | "-price":
            sign = -1 if sort == "-price" else 1
            return sorted(by_relevance, key=lambda one: (one.price is None, sign * (one.price or 0)))
        case "newest":
            return sorted(
                by_relevance, key=lambda one: one.created_at.timestamp() if one.created_at else 0, reverse=True
            )
        case _:
            return sorted(by_relevance, key=lambda one: one.title)
