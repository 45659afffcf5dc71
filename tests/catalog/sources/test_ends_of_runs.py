"""However a run ends, that is written down, and no run is shown as being done by nobody."""

from __future__ import annotations

import os
from datetime import timedelta

import psycopg
import pytest
from celery.worker import state
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from catalog.management import source_options
from catalog.models import Source, SourceRun
from catalog.sources import fetching, progress, running
from catalog.sources.feed import Credentials, Validators
from catalog.sources.leasing import take_lease
from catalog.sources.steering import disable_source, request_run
from tests.catalog.sources.feed_site import FEED, FeedSite, open_site
from tests.catalog.sources.small_feed import PERSON, counts, shown

State = SourceRun.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings):
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.1/32"]
    with open_site() as site:
        yield site


def give_with_etag(site: FeedSite, etag: bytes) -> None:
    """Answer with a header that no library would write."""

    def answer(handler, _):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %d\r\n\r\n%s" % (etag, len(FEED), FEED))

    site.answers["/feed"] = answer


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        (b'"a\0b"', ""),
        (b'"a\x0bb"', ""),
        (b'"a\r\n b"', ""),
        (b'"%s"' % (b"x" * 499), ""),
        (b'"%s"' % (b"x" * 498), f'"{"x" * 498}"'),
        (b'"\xe9t\xe9"', '"été"'),
    ],
)
def test_an_etag_is_kept_whole_where_it_can_be_sent_back_or_not_at_all(feed, site, etag, kept):
    give_with_etag(site, etag)

    source = feed.add(kind="google", address=f"{site.url}/feed")

    assert (feed.read(source).state, source.etag) == (State.DONE, kept)
    assert (feed.read(source).state, site.asked[1].headers.get("If-None-Match", "")) == (State.UNCHANGED, kept)


def test_what_postgres_cannot_hold_is_left_out_of_what_is_said(feed):
    feed.path.write_bytes(b"sku,title,col\0our,%s\nA,Mug,red,1\n" % (b"x" * 3000))

    run = feed.read(feed.add())

    assert (run.state, run.ended_at is None) == (State.FAILED, False)
    assert [(len(said) <= 2000, "\0" in said) for said in [*run.warnings, run.error]] == [(True, False)] * (
        len(run.warnings) + 1
    )


def test_a_worker_that_ends_leaves_its_run_to_the_one_that_was_asked_for_meanwhile(feed, monkeypatch):
    monkeypatch.setattr(progress, "WRITTEN_EVERY_S", 0.0)
    source = feed.add()
    feed.write("A,Mug")

    def fetch(request, **options):
        request_run(source, PERSON)
        monkeypatch.setattr(state, "should_stop", os.EX_OK)
        return fetching.fetch_feed(request, **options)

    run = feed.read(source, fetch=fetch)

    assert (run.state, run.error) == (
        State.STOPPED,
        "The worker ended. The run that was asked for meanwhile is done in its place.",
    )
    monkeypatch.setattr(state, "should_stop", None)
    running.run_source(source.pk)
    assert (source.runs.first().state, shown()) == (State.DONE, ["A"])


def test_a_run_of_the_schedule_that_a_worker_gave_back_is_not_done_once_the_source_is_disabled(feed):
    source = feed.add(is_enabled=True)
    feed.write("A,Mug")
    given_back = source.runs.create(start=SourceRun.Start.SCHEDULE)

    disable_source(source)
    running.run_source(source.pk)

    given_back.refresh_from_db()
    assert (given_back.state, shown()) == (State.STOPPED, [])


def test_content_that_was_read_in_times_to_come_is_read_again(feed):
    source = feed.add()
    feed.write("A,Mug")
    feed.read(source)
    Source.objects.update(read_at=timezone.now() + timedelta(days=400))
    assert feed.read(source).state == State.DONE


def test_a_run_whose_ending_could_not_be_written_is_found_by_beat_and_marked(feed, monkeypatch):
    source = feed.add()
    feed.write("A,Mug")

    def fail(*args, **options):
        raise OperationalError("the database is away for a moment")

    with monkeypatch.context() as patch:
        patch.setattr(running, "finish_run", fail)
        with pytest.raises(OperationalError):
            feed.read(source)
    run = source.runs.get()
    source.refresh_from_db()
    assert (run.state, source.lease) == (State.READING, "")
    sent = []
    monkeypatch.setattr(running.current_app, "send_task", lambda name, args, **_: sent.append(args))

    running.send_due_sources()

    assert sent == [[source.pk]]
    running.run_source(source.pk)
    run.refresh_from_db()
    assert run.state == State.BROKEN_OFF
    running.send_due_sources()
    assert sent == [[source.pk]]


def test_options_that_are_changed_write_nothing_that_a_worker_has_written_meanwhile(feed, monkeypatch):
    source = feed.add()
    feed.write("A,Mug")

    def type_slowly(options):
        assert take_lease(source.pk) is not None
        Source.objects.update(etag="new", failures=3, next_run_at=timezone.now())
        return Credentials("bearer", "", "t0ken")

    monkeypatch.setattr(source_options, "read_credentials", type_slowly)
    call_command("sources", "change", "shop", "--guard", "0.3", "--bearer")

    source.refresh_from_db()
    assert (source.guard, source.etag, source.has_credentials, source.failures) == (0.3, "new", True, 3)
    assert source.leased_until - timezone.now() > timedelta(minutes=4)


def cut_connection(connection) -> None:
    """End the session of Postgres, as its restart does."""
    pid = connection.connection.info.backend_pid
    parameters = connection.get_connection_params()
    kept = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    with psycopg.connect(**kept, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_midway_and_comes_back_has_the_run_end_and_tried_again(feed):
    source = feed.add(is_enabled=True, next_run_at=timezone.now())
    feed.write("A,Mug")

    def fetch(request, **options):
        cut_connection(connection)
        return fetching.fetch_feed(request, **options)

    run = feed.read(source, fetch=fetch)

    assert (run.state, run.error) == (State.FAILED, "The database went away, or refused.")
    assert (source.lease, source.failures, source.validators) == ("", 1, Validators())
    assert timedelta(seconds=50) < source.next_run_at - timezone.now() < timedelta(seconds=91)
    assert counts(feed.read(source)) == (1, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_in_the_middle_of_a_query_stops_the_run_in_good_order(feed):
    source = feed.add()
    feed.write("A,Mug")

    def fetch(request, **options):
        connection.connection.pgconn.send_query(b"SELECT 1")  # its answer is never fetched
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run_here(source, PERSON, fetch=fetch)

    run = source.runs.get()
    source.refresh_from_db()
    assert (run.state, run.error, source.lease) == (State.STOPPED, "Stopped from the terminal.", "")


def test_a_database_that_stays_away_is_said_in_one_sentence(feed, monkeypatch):
    feed.write("A,Mug")
    feed.add()

    def fail(*args, **options):
        raise OperationalError("connection refused\n")

    monkeypatch.setattr(running, "finish_run", fail)
    with pytest.raises(CommandError, match=r"^The database went away, or refused: connection refused\. A run that had"):
        call_command("sources", "run", "shop")
