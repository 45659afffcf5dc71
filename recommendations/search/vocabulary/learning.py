"""Learn what the words of this catalogue mean, and keep it as terms: in the worker, from a bounded sample."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.search.floors import PICTURE, is_outgrown, learn_floors
from recommendations.search.picture_ranks import learn_picture_weight
from recommendations.search.rule import keep_synonyms
from recommendations.search.term import SearchLearning, SearchTerm
from recommendations.search.vocabulary.associating import associate, list_words
from recommendations.search.vocabulary.dictionary import translate
from recommendations.search.vocabulary.draft import Draft, Kind, Meaning, Source
from recommendations.search.vocabulary.naming import name_brands, name_categories, name_colours, name_values
from recommendations.search.vocabulary.sample import SampledProduct, read_categories, read_names, read_sample
from recommendations.search.vocabulary.synonyms import SURE_ENOUGH, add_synonyms, as_meaning, built_in_groups

LEARNED = (Source.CATALOGUE, Source.LEARNED, Source.BUILT_IN)
VERSION = 7  # of what is learned: another one is learned anew
REST = 20
KEPT_AT_ONCE = 2_000  # rows of a statement
FIELDS = ("label", "language", "weight", "products")


def learn_if_due(*, wait: bool = False) -> bool:
    """Learn where the catalogue is not what it was; return whether something was learned.

    One at a time; unless `wait`, no sooner than REST times as long as it took last: it never takes more of a worker.
    """
    with transaction.atomic():
        SearchLearning.objects.get_or_create(pk=1)
        last = SearchLearning.objects.select_for_update(skip_locked=not wait).filter(pk=1).first()
        if last is None:  # somebody is at it
            return False
        mark, started = mark_catalogue(), time.monotonic()
        rested = last.learned_at is None or (timezone.now() - last.learned_at).total_seconds() > REST * last.took_s
        if last.mark == mark or not (rested or wait):
            return False
        learn_vocabulary()
        live = EmbeddingSpace.objects.live()
        known = last.floors.get(str(live.pk)) if live else None
        if live and (PICTURE not in (known or {}) or is_outgrown(known, live)):
            last.floors = {str(live.pk): {**learn_floors(live), PICTURE: learn_picture_weight(live)}}
        last.mark, last.learned_at, last.took_s = mark, timezone.now(), time.monotonic() - started
        last.save()
        return True


def mark_catalogue() -> str:
    """Return what changes with the catalogue, at a cost that no size raises."""
    newest = Product.objects.order_by("-updated_at", "-pk").values_list("updated_at", "pk").first()
    latest = Product.objects.order_by("-pk").values_list("pk", flat=True).first()
    live = EmbeddingSpace.objects.live()
    return f"{VERSION} {live and live.pk} {newest and newest[0].isoformat()} {newest and newest[1]} {latest}"


def learn_vocabulary() -> int:
    """Read the catalogue and bring the terms up to date; return how many. Those of staff and visitors stay."""
    draft = draft_terms(read_sample(), read_categories(), read_names("brand"), read_names("collection"))
    keep(draft.all())
    keep_synonyms()  # what staff's words mean may be something else now
    return len(draft.terms)


def draft_terms(
    sample: Sequence[SampledProduct], categories: dict[str, int], brands: Sequence[str], collections: Sequence[str]
) -> Draft:
    draft = Draft()
    name_categories(draft, categories)
    name_brands(draft, brands, collections)
    name_values(draft, sample)
    name_colours(draft)
    associate(draft, sample)
    known = Counter(word for product in sample for word in set(list_words(product.titles.values())))
    add_synonyms(draft, built_in_groups(), known=known)
    add_translations(draft, known)
    return draft


def add_translations(draft: Draft, known: dict[str, int]) -> None:
    """Give Chinese words the meaning of English ones, where the catalogue's own titles have not taught them."""
    meant = {key: list(draft.meanings(key, at_least=SURE_ENOUGH)) for key in {*draft.by_key, *known}}
    for chinese, key, sureness in list(translate(meant.keys())):
        if known.get(chinese) or any(draft.meanings(chinese, at_least=SURE_ENOUGH)):
            continue
        for term in meant[key]:
            if term.kind in (Kind.CATEGORY, Kind.ATTRIBUTE):
                draft.add(chinese, as_meaning(term), source=Source.BUILT_IN, weight=sureness * term.weight)
        if known.get(key):
            draft.add(chinese, Meaning(Kind.WORD, key, key), source=Source.BUILT_IN, weight=sureness)


def keep(terms: Sequence[SearchTerm]) -> None:
    """Store the terms, and forget what was learned and no longer holds."""
    with transaction.atomic():
        stored = {identify(term): term for term in SearchTerm.objects.filter(source__in=LEARNED)}
        fresh = {identify(term): term for term in terms}
        gone = [term.pk for key, term in stored.items() if key not in fresh]
        changed = [
            adopt(term, stored[key].pk) for key, term in fresh.items() if key in stored and differs(term, stored[key])
        ]
        SearchTerm.objects.filter(pk__in=gone).delete()
        SearchTerm.objects.bulk_update(changed, FIELDS, batch_size=KEPT_AT_ONCE)
        new = [term for key, term in fresh.items() if key not in stored]
        SearchTerm.objects.bulk_create(new, batch_size=KEPT_AT_ONCE, ignore_conflicts=True)


def identify(term: SearchTerm) -> tuple[str, ...]:
    return (term.text, term.kind, term.name, term.value, term.source)


def differs(term: SearchTerm, stored: SearchTerm) -> bool:
    return any(getattr(term, field) != getattr(stored, field) for field in FIELDS)


def adopt(term: SearchTerm, pk: int) -> SearchTerm:
    term.pk = pk
    return term
