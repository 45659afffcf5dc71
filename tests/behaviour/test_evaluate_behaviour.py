"""The evaluation of the behaviour models, on a small shop whose shoppers keep to one of two tastes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from behaviour.evaluation import contenders
from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from tests.behaviour.event_rows import add_events

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop():
    random = np.random.default_rng(3)
    rows = []
    for order in range(400):
        user = int(random.integers(40))
        items = {5 * (user % 2) + int(item) for item in random.integers(0, 5, 3)}
        rows += [
            {
                "sku": f"SKU-{item}",
                "user_key": UUID(int=user + 1),
                "order_key": UUID(int=order + 1_000),
                "consent": "personalisation",
                "occurred_at": START + timedelta(hours=6 * order),
            }
            for item in items
        ]
    late = {"sku": "LATE", "user_key": UUID(int=1), "order_key": UUID(int=1_399), "consent": "personalisation"}
    rows.append(late | {"occurred_at": START + timedelta(hours=6 * 399)})
    add_events(rows)


def evaluate(**options):
    out = StringIO()
    call_command("evaluate_behaviour", json=True, stdout=out, **{"stderr": StringIO(), **options})
    return json.loads(out.getvalue())


def test_the_figures_have_the_names_that_scripts_rely_on(shop, tmp_path):
    found = evaluate(cut=(START + timedelta(days=80)).date(), out=tmp_path, leave_last=True)
    assert set(found["next"]) == {"all", "new", "again"}
    assert {"recall@20", "ndcg@20"} <= set(found["next"]["all"])
    assert set(found["bundle"]) == {"precision@5", "ndcg@10"}
    assert set(found["cart"]) == {"hit@10"}
    assert "precision@5" in found["cold_bundle"]
    assert {"recall@20", "ndcg@20"} == set(found["cold"])
    assert set(found["baselines"]) == {
        "popularity", "recent popularity", "own frequency", "cosine", "BM25", "content alone", "EASE", "ALS",
    }  # fmt: skip
    assert found["left_out"] == {}
    assert found["cut"] == "2026-03-22T00:00:00"
    assert found["questions"]["cold_products"] == 1
    assert found["next"]["all"]["recall@20"] == pytest.approx(1, abs=0.05)
    assert found["bundle"]["precision@5"] > found["baselines"]["popularity"]["bundle"]["precision@5"]
    assert set(found["last_basket"]["next"]) == {"all", "new", "again"}
    assert (tmp_path / "behaviour.html").read_text().count("<section>") >= 9
    assert json.loads((tmp_path / "behaviour.json").read_text()) == found


def test_a_baseline_that_the_shop_is_too_large_for_is_left_out_and_said_so(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(contenders, "MAX_PAIRS", 0)
    monkeypatch.setattr(contenders, "MAX_DENSE", 5)
    said = StringIO()
    found = evaluate(cut=(START + timedelta(days=80)).date(), out=tmp_path, stderr=said)
    assert set(found["left_out"]) == {"cosine", "BM25", "EASE"}
    assert set(found["left_out"]).isdisjoint(found["baselines"])
    sentence = "EASE is left out: there are 11 products, and the matrix of all their pairs is solved for 5 at most."
    assert sentence in said.getvalue()
    assert "there are 11 products" in (tmp_path / "behaviour.html").read_text()


def test_what_is_alike_is_no_worse_for_being_lifted_than_content_alone(shop, tmp_path):
    add_events(
        {
            "type": "view",
            "sku": f"SKU-{item}",
            "session_key": UUID(int=visit + 1),
            "consent": "analytics",
            "occurred_at": START + timedelta(hours=6 * visit),
        }
        for visit in range(400)
        for item in (visit % 10, (visit + 5) % 10)
    )
    found = evaluate(cut=(START + timedelta(days=80)).date(), out=tmp_path)
    assert found["questions"]["visits"] == 80
    assert found["similar"] == found["baselines"]["content alone"]["similar"]  # no product has a vector
    assert found["leads"]["similar"]["ndcg@10"]["baseline"] == "content alone"
    assert "What is alike" in (tmp_path / "behaviour.html").read_text()


def test_the_lists_can_be_judged_elsewhere(shop, tmp_path):
    found = evaluate(cut=(START + timedelta(days=80)).date(), out=tmp_path)
    lists = pq.read_table(tmp_path / "lists.parquet").to_pylist()
    assert {row["task"] for row in lists} >= {"next", "next_new", "next_again", "bundle", "cart"}
    first = [row for row in lists if row["task"] == "bundle" and row["rank"] == 1]
    assert 0 < len(first) <= found["questions"]["baskets"]
    assert {UUID(row["basket"]).int >= 1_000 for row in first} == {True}
    assert all(row["asked"][0].startswith("SKU-") and row["user"] is None for row in first)
    assert UUID(next(row["user"] for row in lists if row["task"] == "next")).int <= 40


def test_with_the_imported_file_the_lists_have_its_users_and_orders(shop, tmp_path):
    Event.objects.update(user_key=make_key("user", "anna"))
    order = Event.objects.order_by("occurred_at").last().order_key
    Event.objects.filter(order_key=order).update(order_key=make_key("order", "77"))
    (tmp_path / "orders.csv").write_text("number,customer_id,sku,occurred_at\n77,anna,SKU-1,2026-01-01\n")
    cut = (START + timedelta(days=80)).date()
    evaluate(cut=cut, out=tmp_path, ids=tmp_path / "orders.csv", map=["order_id=number"])
    lists = pq.read_table(tmp_path / "lists.parquet").to_pylist()
    assert {row["user"] for row in lists if row["task"] == "next"} == {"anna"}
    baskets = {row["basket"] for row in lists if row["task"] == "bundle"}
    assert "77" in baskets
    assert str(order) not in baskets
    assert len(baskets) > 1  # orders that are not in the file keep their pseudonyms


def test_ids_that_cannot_be_read_are_refused_before_anything_is_learned(shop, tmp_path):
    with pytest.raises(CommandError, match="--out DIR"):
        evaluate(ids=tmp_path / "orders.csv")
    with pytest.raises(CommandError, match="No such file"):
        evaluate(ids=tmp_path / "orders.csv", out=tmp_path)


def test_a_cut_outside_of_the_orders_says_when_they_came(shop):
    with pytest.raises(CommandError, match="between 2026-01-01 and 2026-04-10"):
        evaluate(cut=datetime(2020, 1, 1, tzinfo=UTC).date())


def test_orders_of_one_moment_are_told_to_have_their_times():
    add_events({"sku": sku, "order_key": UUID(int=1), "occurred_at": START} for sku in "AB")
    with pytest.raises(CommandError, match="with their times"):
        evaluate()


def test_a_shop_of_guests_alone_is_judged_by_its_baskets():
    add_events(
        {"sku": sku, "order_key": UUID(int=day), "occurred_at": START + timedelta(days=day)}
        for day in range(10)
        for sku in "ABC"
    )
    found = evaluate(leave_last=True)
    assert found["questions"]["users"] == 0
    assert found["next"]["all"]["recall@20"] is None
    assert found["cart"]["hit@10"] == 1


def test_a_shop_without_orders_is_told_what_to_do():
    with pytest.raises(CommandError, match="import_events"):
        evaluate()
