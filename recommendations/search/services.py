"""Search by words, by photo, or by both: understood first, then searched for, and nothing where nothing is meant."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext, gettext_lazy, override

from api.declarations import describe_choices
from api.problems import RequestError
from catalog.conditions import Condition
from catalog.facets import Facets, count_facets
from embeddings.models import EmbeddingSpace
from embeddings.unit_rows import unit_rows
from recommendations.metrics import measure_searches
from recommendations.recommendation_list import PLACED, Reason, Recommendation, RecommendationList
from recommendations.requests import Filters, Options
from recommendations.rerank import Reranked
from recommendations.rules import RuleSet
from recommendations.search.fusing import REASONS
from recommendations.search.learned import read_learned
from recommendations.search.naming import find_named
from recommendations.search.plan import (
    FULL_TEXT,
    HYBRID,
    PHOTO,
    PHOTO_AND_TEXT,
    RELEVANCE,
    SORTS,
    TEXT_MODES,
    RankedSearch,
    SearchPlan,
)  # fmt: skip
from recommendations.search.queries import MAX_TEXT_LENGTH, AnsweredQuery, ask_for_vectors
from recommendations.search.relaxing import Asked, as_wishes, make_plan, relaxed
from recommendations.search.relevance import is_relevant
from recommendations.search.rules import SearchRules, find_search_rules
from recommendations.search.understanding import Reading, Understanding
from recommendations.search.vocabulary.reading import read_query, suggest_spelling
from recommendations.worker import WorkerUnavailable

MAX_PHOTOS = 5  # of one search
NEAR = 6  # products that are shown beside nothing found

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SearchAnswer:
    """The list, how it was found, and whether the encoder was missing although it was wanted.

    `understood` is None for a photo alone. `relaxed` has the keys of readings that too little would have met. `near` is
    shown where nothing was found: it is no result.
    """

    shown: RecommendationList
    mode: str
    degraded: bool = False
    understood: Understanding | None = None
    corrected: str = ""  # what was searched for instead
    did_you_mean: str = ""  # where nothing was found
    relaxed: frozenset[str] = frozenset()
    near: tuple[Recommendation, ...] = ()
    facets: Facets | None = None
    redirect: str = ""  # where the shop wants who searches for this to go

    def how_applied(self, reading: Reading) -> str:
        """Return what became of a reading: filter, boost or relaxed."""
        if reading.key in self.relaxed:
            return "relaxed"
        return "filter" if reading.is_sure or reading.is_negated else "boost"


@dataclass(frozen=True, kw_only=True)
class TextSearch:
    """A search by words, checked. Raises RequestError for an empty or overlong text, or what cannot be done."""

    text: str
    limit: int = 10
    filters: Filters = Filters()
    options: Options = field(default_factory=lambda: Options(variants="show"))
    mode: str = HYBRID
    without: tuple[str, ...] = ()  # keys of readings that the visitor has taken away
    sort: str = RELEVANCE
    with_facets: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", " ".join(self.text.split()))
        if not self.text or "\0" in self.text or len(self.text) > MAX_TEXT_LENGTH:
            raise RequestError("q", gettext("Give 1 to %d characters to search for.") % MAX_TEXT_LENGTH)
        for name, known in (("mode", TEXT_MODES), ("sort", tuple(SORTS))):
            if getattr(self, name) not in known:
                raise RequestError(name, describe_choices(getattr(self, name), known=known))


@measure_searches
def search_text(text: str, **wanted: Any) -> SearchAnswer:
    """Return products for a search text. Without a worker it falls back to words alone and says so (`degraded`).

    `wanted` are the other fields of `TextSearch`. Raises RequestError.
    """
    search = TextSearch(text=text, **{name: value for name, value in wanted.items() if value is not None})
    rules = find_search_rules(search.text, placement=search.options.placement)
    if named := answer_named(search, rules):
        return named
    read = read_query(search.text, without=search.without)
    if read.corrected and not (rules.redirect or rules.in_lists.placed_ids):  # staff mean what was typed
        rules = find_search_rules(read.corrected, placement=search.options.placement)
    is_meant = search.mode != FULL_TEXT
    query = ask_quietly(read.understood.wanted or search.text) if is_meant else None
    return answer_asked(
        Asked(
            text=read.understood.text, understood=read.understood, query=query, limit=search.limit,
            mode=search.mode if query else FULL_TEXT, filters=search.filters, options=search.options, sort=search.sort,
            rules=rules, corrected=read.corrected,
            degraded=is_meant and query is None, with_facets=search.with_facets,
            learned=read_learned(query, read.understood.wanted or search.text),
        )
    )  # fmt: skip


def answer_named(search: TextSearch, rules: SearchRules) -> SearchAnswer | None:
    """Return the product whose SKU is the text, and nothing beside it; None where there is none."""
    named = find_named(search.text)
    if named is None:
        return None
    plan = SearchPlan(
        text=search.text, mode=FULL_TEXT, query=None, modality="text", limit=search.limit, conditions=(named,),
        met=(Reason("sku", str(REASONS["sku"])),), rules=rules.in_lists,
    )  # fmt: skip
    found = plan.rank(search.filters, search.options)
    if not found.ranked.shown:
        return None
    shown = plan.answer(found.ranked, search=found.how, options=search.options)
    facets = count_pool(found) if search.with_facets else None
    return SearchAnswer(shown=shown, mode=search.mode, facets=facets, redirect=rules.redirect)


def answer_asked(asked: Asked) -> SearchAnswer:
    """Search for what was understood; relax where nothing meets it; say so where nothing is like it.

    What staff pin is shown even then: they say what is meant.
    """
    plan, found, given_up = relaxed(asked)
    ranked, options = found.ranked, asked.options
    like_it = [one for one in ranked.shown if one.source != PLACED]
    is_certain = bool(options.page.shown_ids or asked.is_by_words)
    is_found = is_certain or is_relevant(asked.understood, like_it, floor=asked.learned.floor)
    nothing = Reranked([one for one in ranked.shown if one.source == PLACED], more=False)
    near = () if (is_found and like_it) or options.page.shown_ids else list_near(asked)
    return SearchAnswer(
        shown=plan.answer(ranked if is_found else nothing, search=found.how, options=options),
        mode=asked.mode,
        degraded=asked.degraded,
        understood=asked.understood,
        corrected=asked.corrected,
        relaxed=given_up,
        redirect=asked.rules.redirect,
        near=near,
        did_you_mean="" if is_found and like_it else suggest_spelling(asked.understood),
        facets=count_asked(asked, plan, found) if asked.with_facets and is_found else None,
    )


def list_near(asked: Asked) -> tuple[Recommendation, ...]:
    """Return what comes nearest, however far it is. One more query, where nothing was found."""
    plan = replace(make_plan(asked, as_wishes(asked.understood.readings)), floor=None, rules=RuleSet())
    found = plan.rank(asked.filters, asked.options)
    few = found.ranked._replace(shown=found.ranked.shown[:NEAR])
    return tuple(plan.answer(few, search=found.how, options=asked.options).results)


def count_asked(asked: Asked, plan: SearchPlan, found: RankedSearch) -> Facets:
    """Count what was found: all that meets what was read, and where words are left over, what has them or is near."""
    conditions = (*asked.filters.conditions(), *plan.conditions)
    if plan.words or not conditions:
        return count_pool(found)
    return count_facets(conditions, below=asked.filters.category)


def count_pool(found: RankedSearch) -> Facets:
    return count_facets([Condition("id", "{0} = ANY({1})", (list(found.pool),))])


def ask_quietly(text: str) -> AnsweredQuery | None:
    """Return the vectors of a text, None where they could not be had: then words alone are searched."""
    space = EmbeddingSpace.objects.live()
    try:
        return ask_for_vectors(space, text=text) if space else None
    except WorkerUnavailable as error:
        with override("en"):  # as the rest of the log
            logger.warning("Searching by words alone: %s", error)
        return None


@measure_searches
def search_photos(
    photos: Sequence[bytes],
    *,
    text: str = "",
    limit: int = 10,
    filters: Filters | None = None,
    options: Options | None = None,
) -> SearchAnswer:
    """Return products like photos made by `prepare_photo`, several being one wish, and like the text if there is one.

    Raises WorkerUnavailable: without an encoder a photo says nothing. Raises RequestError.
    """
    text = read_text_beside(text)
    if not 1 <= len(photos) <= MAX_PHOTOS:
        raise RequestError("image", gettext("Send 1 to %d photos.") % MAX_PHOTOS)
    space = find_live_space()
    query = join_queries([ask_for_vectors(space, text=text, photo=photo) for photo in photos])
    mode, modality = (PHOTO_AND_TEXT, "fused") if text else (PHOTO, "image")
    options = options or Options(variants="show")
    rules = find_search_rules(text, placement=options.placement).in_lists
    plan = SearchPlan(text=text, mode=mode, query=query, modality=modality, limit=limit, rules=rules)
    return answer_like_file(plan, filters or Filters(), options)


def read_text_beside(text: str) -> str:
    """Return the words that come with a photo or a sound. Raises RequestError."""
    text = " ".join(text.split())
    if "\0" in text or len(text) > MAX_TEXT_LENGTH:
        raise RequestError("q", gettext("Give at most %d characters to search for.") % MAX_TEXT_LENGTH)
    return text


def find_live_space() -> EmbeddingSpace:
    """Return the live space, without which a photo or a sound says nothing. Raises WorkerUnavailable."""
    space = EmbeddingSpace.objects.live()
    if space is None:
        raise WorkerUnavailable(gettext_lazy("There is no live space yet: run `manage.py embed_products`."))
    return space


def answer_like_file(plan: SearchPlan, filters: Filters, options: Options) -> SearchAnswer:
    """Return what is like a photo or a sound, nearest first: nothing was read, so there is nothing to give up."""
    found = plan.rank(filters, options)
    return SearchAnswer(shown=plan.answer(found.ranked, search=found.how, options=options), mode=plan.mode)


def join_queries(queries: Sequence[AnsweredQuery]) -> AnsweredQuery:
    """Return several queries as one: of each modality the mean of the unit vectors, unit length again."""
    if len(queries) == 1:
        return queries[0]
    names = {name for query in queries for name in query.vectors}
    vectors = {}
    for name in names:
        rows = [query.vectors[name] for query in queries if name in query.vectors]
        (vectors[name],) = unit_rows([np.mean(rows, axis=0)]).astype(np.float32)
    return AnsweredQuery(space=queries[0].space, vectors=vectors)
