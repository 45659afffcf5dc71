"""Uploads are the work of the queue of sources, and what finds them is a chore."""

from __future__ import annotations

import time

from catalog.models import Product, Upload
from catalog.uploads.receiving import begin_upload, complete_upload, receive_piece
from catalog.uploads.steering import request_load
from config.celery import app

WAIT_S = 60.0


def test_uploads_have_hours_in_the_queue_of_sources_and_two_threads_there():
    from config.all_queues import QUEUES

    names = ("run_upload", "run_export", "send_due_uploads", "prune")
    routed = {name: app.amqp.router.route({}, f"catalog.tasks.{name}")["queue"].name for name in names}
    assert routed == {
        "run_upload": "sources", "run_export": "sources", "send_due_uploads": "pictures", "prune": "pictures"
    }  # fmt: skip
    app.loader.import_default_modules()
    assert {app.tasks[f"catalog.tasks.{name}"].time_limit for name in names[:2]} == {6 * 3600}
    assert app.conf.beat_schedule["send-due-uploads"]["schedule"] == 30.0
    assert app.conf.beat_schedule["prune"]["task"] == "catalog.tasks.prune"
    assert QUEUES["sources"] == 2


def test_a_worker_loads_what_is_asked_for(transactional_db, start_worker, settings, child_environment):
    start_worker(queues="sources", env={"KINDRED_IMPORT_FOLDER": str(settings.KINDRED_IMPORT_FOLDER)})
    upload = begin_upload(name="mugs.csv", asked_by=None)
    receive_piece(upload, [b"sku,title\nA,Mug\n"], part="file", at=0)
    complete_upload(upload)
    request_load(upload)
    deadline = time.monotonic() + WAIT_S
    while upload.is_open:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        upload.refresh_from_db()
    assert (upload.state, upload.error, upload.created) == (Upload.State.DONE, "", 1)
    assert list(Product.objects.values_list("sku", flat=True)) == ["A"]
