"""A file that staff upload is checked and loaded by a worker: good rows are loaded, bad ones come back."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from celery.worker import state as worker_state
from django.db import OperationalError
from django.utils import timezone, translation

from catalog.models import ImportedProduct, Product, Upload
from catalog.uploads import claiming, loading, running
from catalog.uploads.running import run_upload, send_due_uploads
from catalog.uploads.steering import NotPossible, request_check, request_load, stop_work
from catalog.uploads.storage import REJECTED, find_file
from tests.catalog.uploads.upload_desk import counts, pack
from tests.factories import ProductFactory, picture_bytes
from tests.full_disk import no_room_for_more_than

State, Task = Upload.State, Upload.Task
pytestmark = pytest.mark.django_db
MUG = "sku,title,price\nA,Mug,12.50\n"


@pytest.fixture
def writes_often(monkeypatch):
    monkeypatch.setattr(claiming, "WRITTEN_EVERY_S", 0.0)


def test_a_file_is_checked_without_writing_and_then_loaded(desk):
    upload = desk.receive("sku,title,price\nA,Mug,12.50\n,Nothing,1\nB,Cup,dear\n")
    assert (upload.task, upload.state, upload.format) == (Task.CHECK, State.WAITING, "csv")

    checked = desk.work(upload)
    assert (checked.state, counts(checked), Product.objects.count()) == (State.DONE, (1, 0, 0, 2), 0)
    assert [(one["line"], one["sku"]) for one in checked.problems] == [(3, ""), (4, "B")]
    assert checked.problems[0]["reason"] == "sku is missing"

    loaded = desk.load(upload)
    assert (loaded.task, loaded.state, counts(loaded), loaded.rows) == (Task.LOAD, State.DONE, (1, 0, 0, 2), 3)
    assert list(Product.objects.values_list("sku", "title", "source")) == [("A", "Mug", "csv")]


def test_rejected_rows_come_back_with_the_reason_last_and_load_once_they_are_mended(desk):
    upload = desk.import_text("sku,title,price,Colour\n-1,=Mug,dear,red\nB,Cup,2.00,\n")
    rows = list(csv.reader(find_file(upload, REJECTED).read_text().splitlines()))
    assert rows[0] == ["sku", "title", "price", "colour", "rejected_line", "rejected_reason"]
    assert rows[1][:5] == ["'-1", "'=Mug", "dear", "red", "2"]
    assert rows[1][5].startswith("price 'dear' is not a number")

    rows[1][2] = "3.00"
    mended = desk.import_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows))
    assert counts(mended) == (1, 0, 0, 0)
    product = Product.objects.get(sku="-1")
    assert (product.title, product.attributes) == ("=Mug", {"colour": "red"})


def test_columns_mean_what_was_chosen_for_them(desk):
    upload = desk.receive("货号,商品名称,售价,库存,颜色,price\nA,杯子,12.50,3,红,cheap\n")
    assert upload.columns == [
        ["货号", "sku"],
        ["商品名称", "title"],
        ["售价", "+"],
        ["库存", "stock"],
        ["颜色", "+"],
        ["price", "price"],
    ]
    chosen = [
        ["货号", "sku"],
        ["商品名称", "title_zh"],
        ["售价", "price"],
        ["库存", ""],
        ["颜色", "title"],
        ["price", "+"],
    ]
    loaded = desk.load(upload, columns=chosen, currency="CNY")
    product = Product.objects.get()
    assert counts(loaded) == (1, 0, 0, 0)
    assert (product.sku, product.title, product.translations) == ("A", "红", {"zh": {"title": "杯子"}})
    assert (str(product.price), product.currency, product.stock) == ("12.50", "CNY", None)
    assert product.attributes == {"price": "cheap"}


def test_a_table_without_a_title_says_that_none_is_chosen(desk):
    checked = desk.work(desk.receive("sku,colour\nA,red\n"))
    said = "No column is chosen to be the title: choose it under “How the file is read”."
    assert (checked.state, checked.error) == (State.FAILED, said)


def test_a_file_of_which_no_row_can_be_loaded_fails_and_says_so(desk):
    loaded = desk.import_text("sku,title\n,Mug\n")
    assert (loaded.state, loaded.error, counts(loaded)) == (State.FAILED, loading.NOTHING, (0, 0, 0, 1))


@pytest.mark.parametrize(
    ("completeness", "shown", "deactivated"),
    [("", ["A", "B", "C", "D", "E", "F", "mine"], 0), ("whole", ["A", "B", "C", "D", "E", "mine"], 1)],
)
def test_what_a_complete_file_lacks_is_hidden_and_what_people_made_is_not(desk, completeness, shown, deactivated):
    ProductFactory(sku="mine")
    desk.import_text("sku,title\n" + "".join(f"{sku},Mug\n" for sku in "ABCDEF"))
    upload = desk.receive("sku,title\n" + "".join(f"{sku},Mug\n" for sku in "ABCDE"))
    checked = desk.check(upload, completeness=completeness)
    assert (checked.deactivated, Product.objects.shown().count()) == (deactivated, 7)
    loaded = desk.load(upload)
    assert (loaded.deactivated, list(Product.objects.shown().values_list("sku", flat=True))) == (deactivated, shown)


def test_more_than_a_fifth_is_hidden_only_where_somebody_said_so(desk):
    desk.import_text("sku,title\n" + "".join(f"{sku},Mug\n" for sku in "ABCD"))
    upload = desk.receive("sku,title\nA,Mug\n")
    loaded = desk.load(upload, completeness="whole")
    assert (loaded.state, loaded.deactivated, Product.objects.shown().count()) == (State.DONE, 0, 4)
    assert loaded.warnings[-1].startswith("3 of the 4 products of earlier imports (csv) are not in the file")

    loaded = desk.load(desk.receive("sku,title\nA,Mug\n"), completeness="cleared")
    assert (loaded.deactivated, list(Product.objects.shown().values_list("sku", flat=True))) == (3, ["A"])


def test_pictures_come_in_a_zip_beside_the_table_or_with_it(desk):
    red, blue = picture_bytes("red"), picture_bytes("blue")
    upload = desk.receive("sku,title,images\nA,Mug,a.png\n", pictures=pack({"pictures/a.png": red, "a.png": red}))
    desk.load(upload)
    table = b"sku,title,images\nB,Cup,b.png|gone.png\n"
    both = desk.receive(pack({"shop/list.csv": table, "b.png": blue, "../out.png": red}), name="all.zip")
    loaded = desk.load(both)
    assert (both.has_pictures, counts(loaded)) == (True, (1, 0, 0, 0))
    assert loaded.warnings == [
        "Line 2 (B): unknown picture 'gone.png': it is not in the zip of pictures. The row is loaded without it."
    ]
    assert [product.images.count() for product in Product.objects.order_by("sku")] == [1, 1]


def test_a_picture_that_is_not_there_says_that_no_zip_came(desk):
    loaded = desk.import_text("sku,title,images\nA,Mug,a.png\n")
    assert "unknown picture 'a.png': no zip of pictures came with the table" in loaded.warnings[0]


def test_a_worker_that_died_is_taken_over_and_the_counts_are_those_of_the_whole_import(desk, monkeypatch):
    upload = desk.receive("sku,title\n" + "".join(f"{number},Mug\n" for number in range(700)))
    request_load(upload)
    true_upsert = loading.Loader.load

    def die_after_a_batch(loader, rows):
        true_upsert(loader, (row for row, _ in zip(rows, range(300), strict=False)))
        raise KeyboardInterrupt  # nothing is written down any more

    monkeypatch.setattr(loading.Loader, "load", die_after_a_batch)
    with pytest.raises(KeyboardInterrupt):
        run_upload(upload.pk)
    monkeypatch.undo()
    assert (desk.look(upload).state, Product.objects.count()) == (State.WORKING, 300)
    assert desk.work(upload).state == State.WORKING  # its lease holds

    Upload.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    taken_over = desk.work(upload)
    assert (taken_over.state, counts(taken_over), Product.objects.count()) == (State.DONE, (700, 0, 0, 0), 700)
    assert ImportedProduct.objects.count() == 700


def test_a_file_that_kills_its_workers_is_given_up(desk):
    upload = desk.receive(MUG)
    request_load(upload)
    Upload.objects.update(attempts=claiming.MAX_ATTEMPTS)
    given_up = desk.work(upload)
    assert (given_up.state, given_up.error, Product.objects.count()) == (State.FAILED, running.DIED, 0)


def test_a_worker_that_is_told_to_end_gives_the_work_back(desk, monkeypatch, writes_often):
    upload = desk.receive(MUG)
    request_load(upload)
    monkeypatch.setattr(worker_state, "should_stop", 0)
    given_back = desk.work(upload)
    assert (given_back.state, given_back.attempts, given_back.lease) == (State.WAITING, 0, "")
    monkeypatch.undo()
    assert desk.work(upload).state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_waited_for(desk, monkeypatch):
    upload = desk.receive(MUG)
    request_load(upload)

    def fail(*_):
        raise OperationalError

    monkeypatch.setattr(loading.Loader, "load", fail)
    waiting = desk.work(upload)
    assert (waiting.state, waiting.error, waiting.attempts) == (State.WAITING, running.NO_DATABASE, 1)
    monkeypatch.undo()
    done = desk.work(upload)
    assert (done.state, done.error, counts(done)) == (State.DONE, "", (1, 0, 0, 0))


def test_somebody_stops_it(desk, writes_often):
    waiting = desk.receive(MUG)
    stop_work(waiting)
    assert desk.work(waiting).state == State.STOPPED
    request_load(waiting)
    Upload.objects.update(is_stop_wanted=True)
    stopped = desk.work(waiting)
    assert (stopped.state, stopped.is_stop_wanted, Product.objects.count()) == (State.STOPPED, False, 0)
    assert desk.load(waiting).state == State.DONE


def test_a_check_that_is_asked_for_anew_takes_the_old_one_its_hold(desk, monkeypatch):
    upload = desk.receive(MUG)
    seen = []

    def ask_anew(loader, rows):
        seen.append(Upload.objects.get().lease)
        request_check(upload)

    monkeypatch.setattr(loading.Loader, "load", ask_anew)
    run_upload(upload.pk)
    assert (desk.look(upload).state, upload.lease, len(seen[0])) == (State.WAITING, "", 32)
    monkeypatch.undo()
    assert counts(desk.work(upload)) == (1, 0, 0, 0)


def test_what_is_loaded_is_not_loaded_or_checked_again(desk):
    upload = desk.import_text(MUG)
    for ask in (request_load, request_check):
        with pytest.raises(NotPossible):
            ask(upload)
    assert desk.look(upload).state == State.DONE


def test_a_full_disk_says_so_and_what_was_loaded_is_kept(desk):
    upload = desk.receive("sku,title\n" + "".join(f",{'x' * 200}\n" for _ in range(300)))
    request_load(upload)
    with no_room_for_more_than(10_000):
        failed = desk.work(upload)
    assert (failed.state, failed.error) == (State.FAILED, running.DISK)
    assert failed.may_load


def test_what_waits_or_was_left_behind_is_sent_again(desk, monkeypatch):
    sent = []
    monkeypatch.setattr(running.current_app, "send_task", lambda name, args, expires: sent.append((name, *args)))
    waiting, left, alive = desk.receive(MUG), desk.receive(MUG), desk.receive(MUG)
    now = timezone.now()
    Upload.objects.filter(pk=left.pk).update(state="working", leased_until=now - timedelta(seconds=1))
    Upload.objects.filter(pk=alive.pk).update(state="working", leased_until=now + timedelta(minutes=1))
    send_due_uploads()
    assert sent == [("catalog.tasks.run_upload", waiting.pk), ("catalog.tasks.run_upload", left.pk)]


def test_what_is_wrong_with_rows_is_said_in_the_language_of_who_uploaded_them(desk):
    with translation.override("zh-hans"):
        upload = desk.receive("sku,title,stock\nA,Mug,many\n")
    checked = desk.work(upload)
    assert (upload.language, translation.get_language()) == ("zh-hans", "en")
    assert checked.problems[0]["reason"].startswith("stock 'many' 不")
