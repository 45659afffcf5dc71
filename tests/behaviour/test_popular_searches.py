"""What many search for becomes a term: what few search for, what names somebody and what finds nothing never does."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from behaviour.privacy.tombstone import Tombstone
from behaviour.reports import popular_searches
from behaviour.reports.popular_searches import is_personal, note_popular_searches
from recommendations.models import SearchTerm
from tests.behaviour.event_rows import add_events
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    ProductFactory(title="Blue mug with a handle")
    ProductFactory(title="Call 5550199 now", description="")
    ProductFactory(title="anna@shop.example", description="")


def person(number: int) -> UUID:
    return UUID(int=number)


def search(query: str, people: int, *, first: int = 1, **fields) -> None:
    of_people = [{"user_key": person(first + number), "consent": "personalisation"} for number in range(people)]
    add_events([{"type": "search", "query": query, **one, **fields} for one in of_people])


def noted() -> dict[str, int]:
    note_popular_searches()
    terms = SearchTerm.objects.filter(kind="query")
    assert {(term.source, term.name, term.value == term.label) for term in terms} <= {("visitors", "", True)}
    return {term.label: term.products for term in terms}


def test_what_five_visitors_search_for_is_noted_with_how_many_they_were():
    search("blue mug", 5)
    search("mug", 4)
    assert noted() == {"blue mug": 5}
    search("mug", 1, first=9)
    assert noted() == {"blue mug": 5, "mug": 5}
    assert SearchTerm.objects.get(label="mug").text == "mug"


def test_one_visitor_counts_once_however_often_and_however_spelt():
    search("Mug", 4)
    search("  mug ", 4)
    search("MUG", 1, first=4)
    assert noted() == {}
    search("mug", 1, first=5)
    assert list(noted().values()) == [5]


def test_plurals_are_one_search():
    search("blue mugs", 7)
    search("Blue mug", 5)
    assert noted() == {"blue mugs": 7}


def test_visitors_without_an_account_are_told_apart_by_session_and_nobody_is_counted_without_consent():
    add_events([{"type": "search", "query": "mug", "consent": "none"} for _ in range(9)])
    add_events([{"type": "search", "query": "mug", "session_key": uuid4(), "consent": "analytics"} for _ in range(4)])
    assert noted() == {}
    search("mug", 1)
    assert noted() == {"mug": 5}


def test_who_is_to_be_forgotten_is_not_counted():
    search("mug", 5)
    Tombstone.objects.create(key=person(1), erased_at=timezone.now())
    assert noted() == {}


def test_only_the_last_28_days_and_only_searches_count():
    search("mug", 5, occurred_at=timezone.now() - timedelta(days=29))
    search("blue mug", 5, occurred_at=timezone.now() - timedelta(days=27))
    search("handle", 5, type="view")
    assert noted() == {"blue mug": 5}


def test_what_is_popular_no_more_is_forgotten_and_other_terms_stay(monkeypatch):
    search("mug", 5)
    assert noted() == {"mug": 5}
    SearchTerm.objects.create(text="mug", kind="category", value="Mugs", label="Mugs", source="catalogue")
    later = timezone.now() + timedelta(days=29)
    monkeypatch.setattr(popular_searches.timezone, "now", lambda: later)
    assert noted() == {}
    assert SearchTerm.objects.count() == 1


def test_what_finds_nothing_is_not_noted():
    search("washing machine xyzzy", 6)
    search("mug", 6)
    assert noted() == {"mug": 6}


def test_the_latest_searches_count_where_there_are_too_many(monkeypatch):
    search("mug", 5)
    search("blue mug", 5, occurred_at=timezone.now() - timedelta(hours=1))
    monkeypatch.setattr(popular_searches, "MAX_EVENTS", 9)
    assert noted() == {"mug": 5}


@pytest.mark.parametrize(
    "query",
    ["anna@shop.example", "call 5550199", "+49 170 1234567", "555-01-99", "order 123456", "http://x.example",
     "１２３４５６", "www.x.example", "anna.shop.com"],
)  # fmt: skip
def test_what_looks_like_somebodys_is_never_noted(query):
    assert is_personal(query)
    search(query, 9)
    assert noted() == {}


@pytest.mark.parametrize("query", ["blue mug", "MUG-101", "rug 120x180", "60 cm", "马克杯", "no. 5"])
def test_what_is_sold_is_nobodys(query):
    assert not is_personal(query)
