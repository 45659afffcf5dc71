"""A source is read as its feed says: what changed is written, and one reader at a time."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery.worker import state
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.importers import reading
from catalog.importers.report import ImportFileError
from catalog.models import Product, Source, SourceRun
from catalog.sources import fetching, leasing, progress, running
from catalog.sources.leasing import take_lease
from catalog.sources.progress import RunProgress
from catalog.sources.source_run import KEPT_RUNS
from catalog.sources.steering import SourceError, disable_source, enable_source, request_run, stop_run
from tests.catalog.sources.small_feed import DRY, PERSON, counts, fail, read_in_terminal, shown
from tests.counted import Counted

State = SourceRun.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def writes_often(monkeypatch):
    monkeypatch.setattr(progress, "WRITTEN_EVERY_S", 0.0)
    monkeypatch.setattr(progress, "RENEWED_EVERY_S", 0.0)


def test_what_a_feed_says_is_in_the_catalogue_and_the_same_feed_writes_nothing_again(
    feed, django_capture_on_commit_callbacks
):
    source = feed.add()
    feed.write("A,Mug", "B,Cup", ",Nothing")

    run = feed.read(source)

    assert (run.state, counts(run), run.rows, run.size) == (State.DONE, (2, 0, 0, 1), 3, feed.path.stat().st_size)
    assert list(Product.objects.values_list("sku", "title", "source")) == [("A", "Mug", "shop"), ("B", "Cup", "shop")]
    assert run.reasons == [{"reason": "sku is missing", "count": 1, "examples": [{"line": 4, "sku": ""}]}]
    assert run.rejected_rows.splitlines() == ["rejected_line,rejected_reason,sku,title", "4,sku is missing,,Nothing"]
    assert (source.failures, source.read_as, source.lease, source.leased_until) == (0, source.reading, "", None)
    counted = Counted()
    with django_capture_on_commit_callbacks(execute=True):
        again = feed.read(source)
    assert (again.state, counts(again)) == (State.UNCHANGED, (0, 0, 0, 0))
    assert counted["kindred_source_runs_total", 'outcome="unchanged"'] == 1


@pytest.mark.parametrize(
    ("given", "found", "url"),
    [
        ("https://www.shop.example", "https://s.example", "https://www.shop.example/mug"),
        ("", "https://s.example", "https://s.example/mug"),
        ("", "", ""),
    ],
)
def test_pages_that_a_feed_names_without_their_shop_are_below_the_address_of_the_shop(feed, given, found, url):
    source = feed.add(shop_url=given)
    feed.path.write_text("sku,title,url\nA,Mug,/mug\n")

    def fetch(request, *, into, on_progress):
        return replace(fetching.fetch_feed(request, into=into, on_progress=on_progress), shop_url=found)

    source.runs.create(start=SourceRun.Start.PERSON)
    running.run_source(source.pk, fetch=fetch)
    assert list(Product.objects.values_list("url", flat=True)) == ([url] if url else [])


def test_a_picture_that_a_fetched_feed_names_like_a_file_is_told_how_it_is_named_there(feed):
    feed.path.write_text("sku,title,images\nA,Mug,m/u/mug.jpg\n")
    source = feed.add(address="https://s.example/feed.csv")

    def fetch(request, *, into, on_progress):
        return fetching.fetch_feed(replace(request, address=str(feed.path)), into=into, on_progress=on_progress)

    run = source.runs.create(start=SourceRun.Start.PERSON)
    running.run_source(source.pk, fetch=fetch)
    run.refresh_from_db()
    assert run.warnings == [
        "Line 2 (A): unknown picture 'm/u/mug.jpg': a feed from an address has no files beside it: pictures are "
        "addresses, or of Magento, below its --shop-url. The row is loaded without it."
    ]


def test_content_that_is_the_same_is_not_read_again_although_the_server_does_not_know(feed):
    source = feed.add()
    feed.write("A,Mug")
    feed.read(source)
    feed.path.touch()

    with CaptureQueriesContext(connection) as queries:
        assert feed.read(source).state == State.UNCHANGED
    assert [query["sql"] for query in queries if "catalog_product" in query["sql"]] == []


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "EUR"},
        {"pictures": "none"},
        {"vanished": "keep"},
        {"decimal": "comma"},
        {"shop_url": "https://s.example"},
    ],
)
def test_an_option_that_the_outcome_depends_on_has_the_same_feed_read_again(feed, change):
    source = feed.add()
    feed.write("A,Mug")
    feed.read(source)
    Source.objects.update(**change)

    assert feed.read(source).state == State.DONE
    assert feed.read(source).state == State.UNCHANGED


def test_an_unchanged_feed_is_read_again_after_a_day_for_sales_begin_and_end(feed):
    source = feed.add()
    feed.write("A,Mug")
    feed.read(source)
    Source.objects.update(read_at=timezone.now() - timedelta(hours=24, seconds=1))

    assert feed.read(source).state == State.DONE


def test_a_dry_run_says_what_would_happen_writes_nothing_and_lets_the_first_run_begin(feed):
    source = feed.add(tried_as="")
    Source.objects.update(tried_as="")
    feed.write("A,Mug,https://cdn.example/a.jpg", "B,,", columns="sku,title,images")
    with pytest.raises(SourceError, match=r"manage\.py sources run shop --dry-run"):
        feed.read(source)
    with pytest.raises(SourceError, match="--dry-run"):
        enable_source(source)

    run = feed.read(source, start=DRY)

    assert (run.state, counts(run), run.pictures) == (State.DONE, (1, 0, 0, 1), 1)
    assert (Product.objects.count(), source.read_at, source.next_run_at) == (0, None, None)
    assert feed.read(source).state == State.DONE
    assert shown() == ["A"]


def test_options_that_changed_since_the_dry_run_want_another_one_before_the_first_run(feed):
    source = feed.add()
    feed.write("A,Mug")
    feed.read(source, start=DRY)
    Source.objects.update(currency="EUR")
    with pytest.raises(SourceError, match="--dry-run"):
        feed.read(source)


def test_a_source_that_is_being_read_is_not_read_by_another_one(feed):
    source = feed.add()
    feed.write("A,Mug")
    lease = take_lease(source.pk)
    assert (take_lease(source.pk), Product.objects.count()) == (None, 0)

    run = feed.read(source)
    with pytest.raises(SourceError, match="is being read by another process"):
        read_in_terminal(source)

    assert (run.state, Product.objects.count()) == (State.WAITING, 0)
    lease.release()
    running.run_source(source.pk)
    run.refresh_from_db()
    assert (run.state, shown()) == (State.DONE, ["A"])


def test_another_worker_that_gets_the_same_message_in_the_middle_of_a_run_does_nothing(feed):
    source = feed.add()
    feed.write("A,Mug")
    fetched = []

    def fetch(request, **options):
        fetched.append(request)
        running.run_source(source.pk, fetch=fetch)
        return fetching.fetch_feed(request, **options)

    assert feed.read(source, fetch=fetch).state == State.DONE
    assert (len(fetched), source.runs.count()) == (1, 1)


def test_two_that_take_a_lease_at_once_are_told_apart_by_the_row(feed):
    """Both have seen that it is free; the second one's UPDATE finds that it is not."""
    source = feed.add()
    first = take_lease(source.pk)
    assert first is not None
    assert take_lease(source.pk) is None
    Source.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    second = take_lease(source.pk)
    assert second is not None
    with pytest.raises(leasing.LeaseLost):
        first.renew()
    first.release()
    assert Source.objects.get().lease == second.token


def test_the_run_of_a_worker_that_was_killed_is_taken_over_and_marked_as_broken_off(feed):
    source = feed.add()
    feed.write("A,Mug")
    enable_source(source)
    killed = source.runs.create(start=SourceRun.Start.SCHEDULE, state=State.READING)
    Source.objects.update(lease="dead", leased_until=timezone.now() - timedelta(seconds=1))

    running.run_source(source.pk)

    killed.refresh_from_db()
    source.refresh_from_db()
    assert (killed.state, killed.error.startswith("Whoever read it has fallen silent")) == (State.BROKEN_OFF, True)
    assert (source.failures, source.lease) == (1, "")
    assert timedelta(seconds=50) < source.next_run_at - timezone.now() < timedelta(seconds=91)
    Source.objects.update(next_run_at=timezone.now())
    running.run_source(source.pk)
    assert (shown(), source.runs.first().state) == (["A"], State.DONE)


def test_a_worker_that_lost_its_lease_writes_nothing_more_of_the_run(feed, writes_often):
    source = feed.add()
    feed.write("A,Mug")

    def fetch_slowly(request, *, into, on_progress):
        Source.objects.update(lease="other")
        SourceRun.objects.update(state=State.BROKEN_OFF, error="taken over")
        on_progress(1, 2)
        raise AssertionError("nobody stopped it")

    run = feed.read(source, fetch=fetch_slowly)

    assert (run.state, run.error, source.lease) == (State.BROKEN_OFF, "taken over", "other")
    assert Product.objects.count() == 0


def test_a_run_that_lost_its_lease_between_two_looks_is_not_finished_either(feed):
    source = feed.add()
    feed.write("A,Mug")

    def fetch(request, **options):
        Source.objects.update(lease="other")
        return fetching.fetch_feed(request, **options)

    run = feed.read(source, fetch=fetch)
    assert (run.state, source.read_at, source.lease) == (State.READING, None, "other")


def test_a_person_stops_a_run(feed, writes_often):
    source = feed.add()
    feed.write("A,Mug", "B,Cup")
    waiting = request_run(source, PERSON)
    stop_run(waiting)
    running.run_source(source.pk)
    waiting.refresh_from_db()
    assert (waiting.state, Product.objects.count()) == (State.STOPPED, 0)

    def fetch(request, **options):
        stop_run(source.runs.get(state=State.FETCHING))
        return fetching.fetch_feed(request, **options)

    run = feed.read(source, fetch=fetch)

    assert (run.state, run.error, Product.objects.count()) == (
        State.STOPPED, "A person stopped it. What had been loaded by then is kept.", 0,
    )  # fmt: skip
    assert source.failures == 0


def test_a_worker_that_is_told_to_end_leaves_the_run_to_another_one(feed, writes_often, monkeypatch):
    source = feed.add()
    feed.write("A,Mug")

    def fetch(request, **options):
        monkeypatch.setattr(state, "should_stop", os.EX_OK)  # as `up` and Celery say it
        return fetching.fetch_feed(request, **options)

    asked = feed.read(source, fetch=fetch)

    assert (asked.state, asked.started_at, source.lease, source.failures) == (State.WAITING, None, "", 0)
    running.run_source(source.pk)
    assert shown() == []
    monkeypatch.setattr(state, "should_stop", None)
    running.run_source(source.pk)
    assert shown() == ["A"]


def test_a_source_that_is_deleted_while_it_is_read_ends_the_run(feed, writes_often):
    source = feed.add()
    feed.write("A,Mug")

    def fetch(request, *, into, on_progress):
        Source.objects.all().delete()
        on_progress(1, 2)
        raise AssertionError("nobody stopped it")

    asked = request_run(source, PERSON)
    running.run_source(source.pk, fetch=fetch)
    assert SourceRun.objects.filter(pk=asked.pk).exists() is False


def test_ctrl_c_ends_the_run_in_good_order(feed):
    source = feed.add()

    def fetch(request, **options):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_in_terminal(source, fetch=fetch)
    source.refresh_from_db()
    assert (source.runs.get().state, source.lease, source.failures) == (State.STOPPED, "", 0)


def test_progress_is_written_once_a_second_and_not_for_each_row(feed, monkeypatch):
    source = feed.add()
    run = source.runs.create(start=PERSON, state=State.READING)
    clock = iter([0.0, 0.2, 0.4, 1.1, 1.3, 2.2])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=clock.__next__))
    seen = []
    watched = RunProgress(run, lease=take_lease(source.pk), show=lambda run: seen.append(run.rows))

    for count in range(1, 6):
        watched.note(done=count, total=10, rows=count)

    assert seen == [3, 5]
    run.refresh_from_db()
    assert (run.done_bytes, run.total_bytes, run.rows) == (5, 10, 5)


def test_beat_sends_what_is_due_asked_for_or_left_behind_and_nothing_else(feed, monkeypatch):
    now, sent = timezone.now(), []
    monkeypatch.setattr(running.current_app, "send_task", lambda name, args, **_: sent.append((name, *args)))
    past, future = now - timedelta(minutes=1), now + timedelta(minutes=1)
    due = feed.add(name="due", is_enabled=True, next_run_at=past)
    feed.add(name="later", is_enabled=True, next_run_at=future)
    feed.add(name="disabled", next_run_at=past)
    feed.add(name="being read", is_enabled=True, next_run_at=past, leased_until=future)
    left = feed.add(name="left behind", leased_until=past)
    asked = feed.add(name="asked for")
    asked.runs.create(start=DRY)

    running.send_due_sources()

    assert sent == [("catalog.tasks.run_source", one.pk) for one in (due, left, asked)]


def test_a_schedule_goes_on_after_each_run_and_ends_where_it_is_disabled(feed):
    source = feed.add(schedule="every 2 hours")
    feed.write("A,Mug")
    enable_source(source)
    running.run_source(source.pk)
    source.refresh_from_db()
    assert source.runs.get().start == SourceRun.Start.SCHEDULE
    assert (
        timedelta(hours=2) - timedelta(minutes=1) < source.next_run_at - timezone.now() < timedelta(hours=2, minutes=11)
    )
    running.run_source(source.pk)
    assert source.runs.count() == 1
    disable_source(source)
    assert feed.read(source).state == State.UNCHANGED
    assert source.next_run_at is None


def test_a_temporary_failure_is_tried_again_soon_and_after_five_at_its_schedule(feed):
    source = feed.add(schedule="every 6 hours")
    enable_source(source)
    pauses = []
    for _ in range(6):
        Source.objects.update(next_run_at=timezone.now())
        running.run_source(source.pk, fetch=fail(is_temporary=True))
        source.refresh_from_db()
        pauses.append((source.next_run_at - timezone.now()).total_seconds() / 60)

    assert source.failures == 6
    assert source.runs.first().error == "The server answered 503."
    for pause, minutes in zip(pauses[:5], (1, 2, 4, 8, 16), strict=True):
        assert minutes - 0.1 < pause <= minutes * 1.5
    assert pauses[5] > 359
    feed.write("A,Mug")
    assert feed.read(source).state == State.DONE
    assert source.failures == 0


@pytest.mark.parametrize(
    ("fetch", "at_least"), [(fail(is_temporary=False), 359), (fail(is_temporary=True, retry_after_s=3000), 49.9)]
)
def test_what_does_not_pass_by_itself_waits_for_the_schedule_and_a_server_is_not_asked_before_it_says(
    feed, fetch, at_least
):
    source = feed.add(schedule="every 6 hours")
    enable_source(source)
    running.run_source(source.pk, fetch=fetch)
    source.refresh_from_db()
    assert (source.next_run_at - timezone.now()).total_seconds() / 60 > at_least


def test_a_feed_that_breaks_off_loads_what_came_and_takes_nothing_away(feed, monkeypatch):
    source = feed.add(guard=1)
    feed.write("A,Mug", "B,Cup", "C,Jug")
    feed.read(source)
    read = dict(reading.READERS)

    def break_off(file, **options):
        yield next(read["csv"](file, **options))
        raise ImportFileError("It breaks off.")

    monkeypatch.setitem(reading.READERS, "csv", break_off)
    feed.write("A,Cup of tea", "B,Cup", "C,Jug")
    enable_source(source)
    run = feed.read(source)

    assert (run.state, run.error, counts(run)) == (State.FAILED, "It breaks off.", (0, 1, 0, 0))
    assert shown() == ["A", "B", "C"]
    assert source.next_run_at - timezone.now() < timedelta(minutes=2)
    monkeypatch.undo()
    assert feed.read(source).state == State.DONE


def test_what_nobody_foresaw_fails_the_run_and_not_the_worker(feed, caplog):
    source = feed.add()

    def fetch(request, **_):
        raise ZeroDivisionError

    run = feed.read(source, fetch=fetch)
    assert (run.state, source.lease) == (State.FAILED, "")
    assert run.error == "Something unexpected happened (ZeroDivisionError): see the log of whoever ran it."
    assert "ZeroDivisionError" in caplog.text


def test_a_feed_without_a_row_fails_and_takes_nothing_away(feed):
    source = feed.add(guard=1)
    feed.write("A,Mug")
    feed.read(source)
    feed.write()

    run = feed.read(source)

    assert (run.state, run.error) == (
        State.FAILED, "No product could be loaded, and none was taken away. It has no rows.",
    )  # fmt: skip
    assert shown() == ["A"]


def test_old_runs_are_forgotten_but_not_the_one_that_asks(feed):
    source = feed.add()
    feed.write("A,Mug")
    asking = source.runs.create(start=PERSON, state=State.ASKING)
    Source.objects.update(asking_run=asking)
    for _ in range(KEPT_RUNS + 2):
        source.runs.create(start=PERSON, state=State.UNCHANGED)
    feed.read(source, start=DRY)

    assert source.runs.count() == KEPT_RUNS + 1
    assert source.runs.filter(pk=asking.pk).exists()
