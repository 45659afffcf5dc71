"""Each statement of a list that goes by behaviour is served by its index: asked of Postgres, as it runs them."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from behaviour.events.pseudonyms import make_key
from behaviour.serving import history
from recommendations import retrieval
from recommendations.requests import Options
from recommendations.services import recommend
from recommendations.visitors import Visitor
from tests.behaviour.learned_rows import make_version
from tests.plans import LARGE, avoid, fill_shop
from tests.recommendations.shelf import make_space

pytestmark = pytest.mark.django_db
VISITOR = Visitor(user_id="anna", session_id="visit")


@pytest.fixture
def plans(monkeypatch) -> list[str]:
    """What the statements of a list do, in a shop where each product has neighbours, places and an event."""
    make_space()
    fill_shop()
    version = make_version().pk
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO behaviour_neighbours SELECT %s, kind, id, ARRAY[id + 1, id + 2], '{1,0.5}', '{1,1}'"
            " FROM catalog_product, unnest(ARRAY['bundle', 'viewed', 'personal']) kind",
            [version],
        )
        cursor.execute(
            "INSERT INTO behaviour_ranking (version_id, kind, product_id, score, support, place)"
            " SELECT %s, kind, id, 1, 1, row_number() OVER (PARTITION BY kind ORDER BY id)"
            " FROM catalog_product, unnest(ARRAY['popular', 'trending']) kind",
            [version],
        )
        cursor.execute("SELECT behaviour_make_month(now() - n * interval '1 month') FROM generate_series(0, 2) n")
        cursor.execute(
            "INSERT INTO behaviour_event (event_key, type, sku, user_key, session_key, consent, occurred_at,"
            " received_at) SELECT gen_random_uuid(), 'view', 'S' || n, CASE WHEN n < 40 THEN %s ELSE"
            " gen_random_uuid() END, CASE WHEN n < 20 THEN %s ELSE gen_random_uuid() END, 'personalisation',"
            " now() - n * interval '20 minutes', now() FROM generate_series(1, %s) n",
            [make_key("user", "anna"), make_key("session", "visit"), LARGE],
        )
        cursor.execute("ANALYZE behaviour_neighbours, behaviour_ranking, behaviour_event")
    seen: list[str] = []

    def look(statement: str, params: dict[str, object], *, one_plan: bool) -> list[dict[str, object]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}", params)
            seen.append("\n".join(line for (line,) in cursor.fetchall() if "never executed" not in line))
        return fetch(statement, params, one_plan=one_plan)

    fetch = retrieval.fetch_rows
    monkeypatch.setattr(retrieval, "fetch_rows", look)
    monkeypatch.setattr(history, "fetch_rows", look)
    return seen


def read_whole(plan: str) -> list[str]:
    """The tables that are read from end to end, but for that of versions, which has a row for each."""
    return [table for table in re.findall(r"Seq Scan on (\w+)", plan) if table != "behaviour_version"]


def test_a_history_is_read_by_the_indexes_of_user_and_session(plans):
    avoid("sort", "bitmapscan")  # of some thousand events all are read as quickly as some
    recommend("personal", options=Options(visitor=VISITOR))
    read = plans[0]
    assert re.search(r"Index Scan.* using \w+_user_key_occurred_at_idx on behaviour_event_\d+", read)
    assert re.search(r"Index Scan.* using \w+_session_key_occurred_at_idx on behaviour_event_\d+", read)
    assert read_whole(read) == []


@pytest.mark.parametrize("strategy", ["bundle", "also_viewed"])
def test_neighbours_are_read_by_their_key_and_products_by_theirs(plans, strategy):
    recommend(strategy, anchors=["S7"], limit=1)
    assert "Index Scan using behaviour_neighbours_pkey on behaviour_neighbours r" in plans[0]
    assert read_whole(plans[0]) in ([], ["catalog_productimage"])  # there are no pictures


@pytest.mark.parametrize("strategy", ["popular", "trending"])
def test_a_ranking_is_read_in_the_order_of_its_places(plans, strategy):
    assert len(recommend(strategy)) == 10
    assert "Index Scan using ranking_by_place on behaviour_ranking r" in plans[0]
    assert "behaviour_ranking" not in read_whole(plans[0])
    assert "catalog_product" not in read_whole(plans[0])
