"""A source is read by a real worker of its own queue."""

from __future__ import annotations

import time

from catalog.models import Product, SourceRun
from catalog.sources.steering import request_run
from config.celery import app
from tests.catalog.sources.small_feed import PERSON, shown

WAIT_S = 60.0


def test_a_worker_of_the_queue_reads_what_is_asked_for(transactional_db, start_worker, feed):
    feed.write("A,Mug", "B,Cup")
    source = feed.add()
    start_worker(queues="sources")

    run = request_run(source, PERSON)

    deadline = time.monotonic() + WAIT_S
    while run.state in SourceRun.OPEN:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        run.refresh_from_db()
    assert (run.state, shown(), Product.objects.count()) == (SourceRun.State.DONE, ["A", "B"], 2)


def test_a_source_has_a_queue_of_its_own_and_hours_and_what_finds_it_is_a_chore():
    routed = {
        name: app.amqp.router.route({}, f"catalog.tasks.{name}")["queue"].name
        for name in ("run_source", "send_due_sources")
    }
    assert routed == {"run_source": "sources", "send_due_sources": "pictures"}
    app.loader.import_default_modules()
    assert app.tasks["catalog.tasks.run_source"].time_limit == 6 * 3600
    assert app.conf.beat_schedule["send-due-sources"]["schedule"] == 60.0
