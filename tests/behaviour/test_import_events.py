"""import_events: orders and clicks of other systems become events, once each, however often the file is imported."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from django.core.management import CommandError, call_command

from behaviour.events.event import Event, EventKey
from behaviour.events.history import loading
from behaviour.events.history.rows import RowReader
from behaviour.events.ingestion import NewEvent, record_events
from behaviour.events.pseudonyms import make_key
from behaviour.reports.daily_counts import DailyCount
from catalog.models import Product

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = """\
order_id,customer_id,product_id,qty,created_at,country
536365,17850,A,6,2010-12-01 08:26:00,UK
536365,17850,B,2,2010-12-01 08:26:00,UK
536365,17850,B,2,2010-12-01 08:26:00,UK
536366,0,A,1,2010-12-01 08:28:00,UK
C536379,17850,A,-1,2010-12-01 09:41:00,UK
C536380,17850,A,1,2010-12-01 09:42:00,UK
536367,17851,,1,2010-12-01 08:34:00,UK
536368,17851,C,0,2010-12-01 08:34:00,UK
536369,17851,C,1,yesterday,UK
"""


def run(path: Path, *options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_events", str(path), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def orders(tmp_path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


def test_orders_are_purchases_and_what_came_back_is_no_sale(orders):
    Product.objects.create(sku="A", title="A")
    out, err = run(orders, "--guests", "0")
    assert out.splitlines() == [
        "Read: order_id, user_id (customer_id), sku (product_id), quantity (qty), occurred_at (created_at). "
        "Passed over: country.",
        "No price: orders and pieces are counted, revenue is not. --map price=COLUMN names one.",
        "Recorded 4, known already 0, returns 2, rejected 3.",
        "Of 2 SKUs, 1 are of no product in the catalogue (yet).",
        "Next: python manage.py train_behaviour, or wait for a worker, which learns each night.",
    ]
    assert [line for line in err.splitlines() if line.startswith("line")] == [
        "line 8: sku is missing",
        "line 9: quantity is 0",
        "line 10: occurred_at 'yesterday' is no moment: write it as 2026-11-30T18:05:00Z",
    ]
    columns = ("type", "order_key", "user_key", "sku", "quantity", "occurred_at", "consent", "price")
    first, user = make_key("order", "536365"), make_key("user", "17850")
    at = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    agreed = ("personalisation", None)
    assert list(Event.objects.order_by("id").values_list(*columns)) == [
        ("purchase", first, user, "A", 6, at, *agreed),
        ("purchase", first, user, "B", 2, at, *agreed),
        ("purchase", first, user, "B", 2, at, *agreed),  # the same line twice is two of them
        ("purchase", make_key("order", "536366"), None, "A", 1, at.replace(minute=28), *agreed),
    ]


def test_the_same_file_again_changes_nothing_and_a_longer_one_adds_what_is_new(orders):
    run(orders)
    before = list(Event.objects.order_by("id").values_list())
    assert "Recorded 0, known already 4, returns 2, rejected 3." in run(orders)[0]
    assert list(Event.objects.order_by("id").values_list()) == before
    orders.write_text(ORDERS + ORDERS.splitlines()[2] + "\n")
    assert "Recorded 1, known already 4, returns 2, rejected 3." in run(orders)[0]
    assert EventKey.objects.count() == 5


def test_an_import_that_was_stopped_goes_on(orders, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 2)
    read, count = RowReader.read, 0

    def stop_at_the_fourth(reader, row):
        nonlocal count
        count += 1
        if count == 4:
            raise KeyboardInterrupt
        return read(reader, row)

    monkeypatch.setattr(RowReader, "read", stop_at_the_fourth)
    with pytest.raises(CommandError, match="Run the same command again to go on") as stopped:
        run(orders)
    assert stopped.value.returncode == 130
    assert Event.objects.count() == 2
    assert "Recorded 2, known already 2, returns 2, rejected 3." in run(orders)[0]
    assert Event.objects.count() == 4


def test_columns_are_what_the_command_says_they_are(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("wer;was;wann;preis;tat;nr\nu;A;30.11.2026 18:05;12,50;addtocart;e1\nu;A;1764525900;;view;e2\n")
    said = ["user_id=wer", "sku=was", "occurred_at=wann", "price=preis", "type=tat", "event_id=nr"]
    moved = datetime(2025, 11, 30, 18, 5, tzinfo=UTC)
    path.write_text(path.read_text().replace("2026", "2025"))
    run(path, "--map", *said, "--currency", "EUR", "--consent", "analytics")
    columns = ("event_key", "type", "price", "currency", "occurred_at", "consent", "user_key")
    who = ("analytics", make_key("user", "u"))
    assert list(Event.objects.order_by("id").values_list(*columns)) == [
        (make_key("event", "e1"), "add_to_cart", Decimal("12.50"), "EUR", moved, *who),
        (make_key("event", "e2"), "view", None, "", moved, *who),
    ]


@pytest.mark.parametrize("kind", ["csv.gz", "jsonl", "jsonl.gz", "parquet"])
def test_each_format_says_the_same(tmp_path, kind):
    path = tmp_path / f"orders.{kind}"
    rows = [
        {"order_id": "1", "user_id": 7.0, "sku": "A", "quantity": 2, "occurred_at": "2026-01-02T03:04:05Z"},
        {"order_id": "2", "user_id": None, "sku": "茶杯", "quantity": 1, "occurred_at": "2026-01-02T03:04:06Z"},
    ]
    if kind == "parquet":
        pa.parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        if kind == "csv.gz":
            lines = "order_id,user_id,sku,quantity,occurred_at\n1,7,A,2,2026-01-02T03:04:05Z\n"
            lines += "2,,茶杯,1,2026-01-02T03:04:06Z\n"
        path.write_bytes(gzip.compress(lines.encode()) if kind.endswith("gz") else lines.encode())
    assert "Recorded 2, known already 0, returns 0, rejected 0." in run(path)[0]
    assert list(Event.objects.order_by("id").values_list("sku", "quantity", "user_key", "occurred_at")) == [
        ("A", 2, make_key("user", "7"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("茶杯", 1, None, datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)),
    ]


def test_rejected_rows_are_written_to_be_mended(orders, tmp_path):
    run(orders, "--rejects", str(tmp_path / "rejects.csv"), "--returns", "reject")
    lines = (tmp_path / "rejects.csv").read_text().splitlines()
    assert lines[0].split(",")[2:] == ["order_id", "customer_id", "product_id", "qty", "created_at", "country"]
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["6", '"a return'], ["7", '"a return'], ["8", "sku is missing"], ["9", "quantity is 0"],
        ["10", "occurred_at 'yesterday' is no moment: write it as 2026-11-30T18:05:00Z"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("sku,qty\nA,1\n", (), r"is occurred_at\? Say it as --map occurred_at=COLUMN. The file has sku, qty."),
        ("sku,SKU,date\nA,B,2010-01-02\n", (), "The file has several columns sku: name each otherwise."),
        ("sku,when\nA,1\n", ("--map", "occurred_at=then"), "There is no column then. The file has sku, when."),
        ("sku,when\nA,1\n", ("--map", "moment=when"), "the fields are event_id, type, order_id"),
        ("sku,when\nA,1\n", ("--map", "sku"), "--map sku: the fields are event_id, type, order_id"),
        ("sku,when\nA,1\n", ("--map", "sku=sku", "sku=when"), "--map says twice which column is sku."),
        ("sku,occurred_at\n", (), "no event could be recorded"),
        ("sku,occurred_at\nA,01/02/2010\n", (), "no event could be recorded"),
        ("sku,occurred_at\nA,2010-01-02\n", ("--currency", "EURO"), "--currency EURO is not a code"),
        ("sku,occurred_at\nA,2010-01-02\n", ("--format", "parquet"), "This is no Parquet file: say its --format."),
    ],
)
def test_a_file_of_which_nothing_can_be_made_says_what_to_do(tmp_path, text, options, said):
    path = tmp_path / "events.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=said) as failed:
        run(path, *options)
    assert failed.value.returncode == 1
    assert Event.objects.count() == 0


def test_columns_are_known_by_their_words_however_these_are_written_apart(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("StockCode,Customer ID,Invoice No,InvoiceDate,Unit-Price\nA,7,1,12/1/10 8:26,2.55\n")
    run(path, "--dates", "mdy", "--currency", "GBP")
    columns = ("sku", "user_key", "order_key", "occurred_at", "price")
    assert Event.objects.values_list(*columns).get() == (
        "A", make_key("user", "7"), make_key("order", "1"), datetime(2010, 12, 1, 8, 26, tzinfo=UTC), Decimal("2.55"),
    )  # fmt: skip


def test_an_object_has_what_it_names_and_what_nobody_asks_for_may_be_anything(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(
        '{broken\n{"sku": "A", "time": 1433221332.117, "context": {"page": 1}}\n'
        '{"sku": "B", "time": 1433221332117, "quantity": 2, "userId": "u"}\n{"sku": ["C"], "time": 1433221332}\n'
    )
    out, err = run(path)
    assert "Passed over: context." in out
    assert [line.split(":")[0] for line in err.splitlines()[-2:]] == ["line 1", "line 4"]
    assert "line 4: sku holds more than one value" in err
    moment = datetime(2015, 6, 2, 5, 2, 12, 117_000, tzinfo=UTC)
    assert list(Event.objects.order_by("id").values_list("sku", "quantity", "user_key", "occurred_at")) == [
        ("A", 1, None, moment), ("B", 2, make_key("user", "u"), moment),
    ]  # fmt: skip


def test_types_of_parquet_are_read_as_what_they_mean(tmp_path):
    path = tmp_path / "orders.parquet"
    moments = pa.array([1767323045123456789, None], pa.timestamp("ns", tz="America/New_York"))
    table = pa.table(
        {
            "sku": pa.array([b"A", b"B"], pa.binary()),
            "occurred_at": moments,
            "unit_price": pa.array([1.1, 2.0], pa.float32()),
            "user_id": pa.array([7, None], pa.int64()).dictionary_encode(),
            "type": pa.array(["view_item", "purchase"]).dictionary_encode(),
            "tags": pa.array([["x"], []]),
        }
    )
    pa.parquet.write_table(table, path)
    out, err = run(path)
    assert "Recorded 1, known already 0, returns 0, rejected 1." in out
    assert "line 2: occurred_at is missing" in err
    columns = ("sku", "type", "price", "user_key", "occurred_at")
    moment = datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)
    assert Event.objects.values_list(*columns).get() == ("A", "view", Decimal("1.10"), make_key("user", "7"), moment)


def test_a_moment_that_no_calendar_has_costs_its_own_row(tmp_path):
    path = tmp_path / "orders.parquet"
    beyond = pa.array([2**63 - 1, 1767323045_000_000], pa.timestamp("us", tz="Asia/Tokyo"))
    pa.parquet.write_table(pa.table({"sku": ["A", "B"], "occurred_at": beyond}), path)
    out, err = run(path)
    assert "Recorded 1, known already 0, returns 0, rejected 1." in out
    assert "line 1: occurred_at" in err
    assert Event.objects.get().occurred_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_packed_file_that_is_cut_off_says_so_and_its_whole_goes_on(tmp_path):
    lines = "sku,occurred_at\n" + "".join(f"A{number},2010-01-02\n" for number in range(9_000))
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(lines.encode())[:-20])
    with pytest.raises(CommandError, match="The packed file is cut off or damaged"):
        run(path)
    before = Event.objects.count()
    path.write_bytes(gzip.compress(lines.encode()))
    assert f"Recorded {9_000 - before}, known already {before}, returns 0, rejected 0." in run(path)[0]


def test_what_is_imported_is_counted(orders):
    run(orders)
    assert list(DailyCount.objects.filter(sku="A").values_list("day", "orders", "units")) == [(date(2010, 12, 1), 2, 7)]


def test_a_line_of_an_order_that_another_has_told_is_known(tmp_path):
    """The shop's server has sent one of two such lines; the export has both, and says when in another way."""
    sent = {"type": "purchase", "sku": "A", "quantity": 2, "order_id": "1", "consent": "personalisation"}
    live = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    record_events([NewEvent(event_id="e1", user_id="ann", occurred_at=live, price=Decimal(5), **sent)])
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,user_id,sku,quantity,occurred_at\n"
        "1,ann,A,2,2026-01-02\n"
        "1,,A,2,2026-01-03\n"  # the second one
        "1,ann,A,3,2026-01-02\n"  # another number
        "1,ann,B,2,2026-01-02\n"  # another product
        "1,ben,A,2,2026-01-02\n"  # somebody else's order of that number
        "1,ann,A,2,2026-03-02\n"  # numbers that began anew
    )
    assert "Recorded 5, known already 1, returns 0, rejected 0." in run(path)[0]
    assert "Recorded 0, known already 6, returns 0, rejected 0." in run(path)[0]
    assert Event.objects.filter(sku="A", quantity=2, occurred_at__month=1).count() == 3


def test_the_same_orders_with_another_column_are_the_same_orders(orders, tmp_path):
    run(orders)
    before = Event.objects.count()
    other = tmp_path / "again.csv"
    other.write_text(ORDERS.replace(",country", ",price").replace(",UK", ",1.50"))
    assert f"Recorded 0, known already {before}, returns 2, rejected 3." in run(other)[0]


def test_a_file_that_names_its_events_says_which_are_the_same(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("event_id,order_id,sku,occurred_at\ne1,1,A,2026-01-02\ne2,1,A,2026-01-02\n")
    assert "Recorded 2" in run(path)[0]
    path.write_text("event_id,order_id,sku,occurred_at\ne2,1,A,2026-01-02\ne3,1,A,2026-01-02\n")
    assert "Recorded 1, known already 1" in run(path)[0]
