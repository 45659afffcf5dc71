"""Search by words, by photo, or by both: what the encoder finds and what the words find, fused by rank."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, override

from api.declarations import describe_choices
from api.postgres.rows import fetch_rows
from api.problems import RequestError
from catalog.conditions import IN_STOCK, Condition
from embeddings.models import EmbeddingSpace
from recommendations.anchors import format_vector
from recommendations.nearest import nearest_parts
from recommendations.planning import build_reranking, choose_out_of_stock
from recommendations.recommendation_list import (
    Candidate,
    Reason,
    RecommendationList,
    number_results,
)
from recommendations.requests import MAX_SHOWN, Filters, Options
from recommendations.rerank import Reranked, rerank, sink_out_of_stock
from recommendations.retrieval import ROUNDS, how_retrieved, look_past, read_rows
from recommendations.search.full_text import words_parts
from recommendations.search.queries import MAX_TEXT_LENGTH, AnsweredQuery, ask_for_vectors
from recommendations.statements import Retrieval, card_statement, where_clause
from recommendations.tokens import Token, make_token
from recommendations.worker import WorkerUnavailable

HYBRID, FULL_TEXT, SEMANTIC, PHOTO, PHOTO_AND_TEXT = "hybrid", "full_text", "semantic", "photo", "photo_and_text"
TEXT_MODES = (HYBRID, FULL_TEXT, SEMANTIC)
# Cormack, Clarke and Buettcher, "Reciprocal rank fusion", SIGIR 2009, use 60 on lists of a thousand. In a shop the
# first few count: of 10, 20 and 60, 10 was best on the 48 searches of the demo (MRR .79, .77, .77).
RANK_CONSTANT = 10
POOL = 100  # candidates of each kind before they are fused
REASONS = {
    "sku": gettext_lazy("Has this SKU"),
    "words": gettext_lazy("Contains the words"),
    "meaning": gettext_lazy("Close in meaning or looks"),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SearchAnswer:
    """The list, how it was found, and whether the encoder was missing although it was wanted."""

    shown: RecommendationList
    mode: str
    degraded: bool = False


def search_text(
    text: str, *, limit: int = 10, filters: Filters | None = None, options: Options | None = None, mode: str = HYBRID
) -> SearchAnswer:
    """Return products for a search text. Without a worker it falls back to words alone and says so (`degraded`).

    Raises RequestError for an empty or overlong text, or an option that cannot be used.
    """
    text = " ".join(text.split())
    if not text or "\0" in text or len(text) > MAX_TEXT_LENGTH:
        raise RequestError("q", gettext("Give 1 to %d characters to search for.") % MAX_TEXT_LENGTH)
    if mode not in TEXT_MODES:
        raise RequestError("mode", describe_choices(mode, known=TEXT_MODES))
    space, query, degraded = EmbeddingSpace.objects.live(), None, False
    if mode != FULL_TEXT:
        try:
            query = ask_for_vectors(space, text=text) if space else None
        except WorkerUnavailable as error:
            with override("en"):  # as the rest of the log
                logger.warning("Searching by words alone: %s", error)
        degraded = query is None
        mode = mode if query else FULL_TEXT
    plan = SearchPlan(text=text, mode=mode, query=query, modality="text", limit=limit)
    return SearchAnswer(shown=plan.run(filters, options), mode=mode, degraded=degraded)


def search_photo(
    photo: bytes, *, text: str = "", limit: int = 10, filters: Filters | None = None, options: Options | None = None
) -> SearchAnswer:
    """Return products like a photo made by `prepare_photo`, and like the text if there is one.

    Raises WorkerUnavailable: without an encoder a photo says nothing. Raises RequestError.
    """
    text = " ".join(text.split())
    if "\0" in text or len(text) > MAX_TEXT_LENGTH:
        raise RequestError("q", gettext("Give at most %d characters to search for.") % MAX_TEXT_LENGTH)
    space = EmbeddingSpace.objects.live()
    if space is None:
        raise WorkerUnavailable(gettext_lazy("There is no live space yet: run `manage.py embed_products`."))
    query = ask_for_vectors(space, text=text, photo=photo)
    mode, modality = (PHOTO_AND_TEXT, "fused") if text else (PHOTO, "image")
    plan = SearchPlan(text=text, mode=mode, query=query, modality=modality, limit=limit)
    return SearchAnswer(shown=plan.run(filters, options), mode=mode)


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """A checked search. `query` is None where only words are searched."""

    text: str
    mode: str
    query: AnsweredQuery | None
    modality: str
    limit: int

    def run(self, filters: Filters | None, options: Options | None) -> RecommendationList:
        """Search, fuse the ranks, rerank. One query, and up to three more where variants leave the list short."""
        filters, options = filters or Filters(), options or Options(variants="show")
        retrieval, collapse = self.build_retrieval(filters, options), options.variants == "collapse"
        rows: list[dict[str, Any]] = []
        for _ in range(ROUNDS):
            found = self.fetch(retrieval)
            rows += found
            ranked = fuse_ranks(zip(map(kind_of, rows), read_rows(rows), strict=True))
            shown = self.order(ranked, filters, options)
            kinds = Counter(map(kind_of, found))
            if len(shown.shown) >= self.limit or not collapse or max(kinds.values(), default=0) < retrieval.limit:
                break
            retrieval = look_past(retrieval, read_rows(found), collapse=True)
        return self.answer(shown.shown, search=how_retrieved(rows), options=options, more=shown.more)

    def fetch(self, retrieval: Retrieval) -> list[dict[str, Any]]:
        """Return what is near, then what has the words, each best first. One query."""
        where = where_clause(retrieval)
        parts, ctes = nearest_parts(retrieval, where) if self.query else ([], [])
        if self.mode in (HYBRID, FULL_TEXT):
            found, needed = words_parts(retrieval, where, text=self.text)
            parts += found
            ctes += needed
        return fetch_rows(card_statement(retrieval, where, parts, ctes=ctes), where.params)

    def order(self, ranked: Sequence[Candidate], filters: Filters, options: Options) -> Reranked:
        """Rerank. What is sold out sinks within its page: who names a thing has to find it, sold out or not."""
        reranking = build_reranking(self.limit, filters, options)
        if reranking.out_of_stock != "last":
            return rerank(ranked, how=reranking)
        shown = rerank(ranked, how=replace(reranking, out_of_stock="mixed"))
        return shown._replace(shown=sink_out_of_stock(shown.shown))

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
            vector="" if vector is None else format_vector(np.asarray(vector)),
            conditions=(Condition("stock", IN_STOCK),) if choose_out_of_stock(options) == "hidden" else (),
            hidden_ids=options.page.shown_ids,
            shown_ids=options.page.shown_ids if options.variants == "collapse" else (),
            exact=options.exact,
            with_vectors=bool(options.diversity) and vector is not None,
        )

    def answer(self, shown: Sequence[Candidate], *, search: str, options: Options, more: bool) -> RecommendationList:
        space = self.query.space.name if self.query else None
        ids = [candidate.product_id for candidate in shown]
        offset = len(options.page.shown_ids)
        token = Token(strategy="search", placement=options.placement, space=space or "", at=timezone.now())
        return RecommendationList(
            recommendation_id=options.page.recommendation_id
            or make_token(token, cached=options.cacheable, of=(self.mode, self.text, ids)),
            strategy="search",
            anchors=(),
            space=space,
            search=search,
            results=number_results(shown, offset=offset),
            more=more and bool(shown) and offset + len(shown) < MAX_SHOWN,
        )


def kind_of(row: Mapping[str, Any]) -> str:
    """Return for which reason a row was found."""
    return row["via"] if row["via"] in REASONS else "meaning"


def fuse_ranks(found: Iterable[tuple[str, Candidate]]) -> list[Candidate]:
    """Return each product once, scored by the sum of 1 / (10 + rank) over the lists that found it, the best being 1.

    `found` has the reason for which a candidate was found, one of `REASONS`, each reason's candidates in order.
    """
    places: Counter[str] = Counter()
    merged: dict[int, Candidate] = {}
    for kind, candidate in found:
        places[kind] += 1
        known = merged.get(candidate.product_id, replace(candidate, score=0.0, reasons=()))
        merged[candidate.product_id] = replace(
            known if known.distance is not None else candidate,
            score=known.score + 1.0 / (RANK_CONSTANT + places[kind]),
            reasons=(*known.reasons, Reason(kind, str(REASONS[kind]))),
        )
    top = max((candidate.score for candidate in merged.values()), default=1.0)
    return [replace(candidate, score=candidate.score / top) for candidate in merged.values()]
