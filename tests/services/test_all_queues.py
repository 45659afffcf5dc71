"""The one process of `manage.py up` that serves every queue."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

from config import all_queues
from config.services.paths import BASE_DIR


def test_the_worker_of_the_embeddings_has_a_thread_to_spare_while_the_other_fits_a_space():
    worker = all_queues.make_worker("embeddings", threads=all_queues.QUEUES["embeddings"])
    assert worker.concurrency == 2


def test_each_queue_has_a_worker_of_its_own_that_takes_nothing_from_another():
    workers = {queue: all_queues.make_worker(queue, threads=threads) for queue, threads in all_queues.QUEUES.items()}
    assert {queue: list(worker.app.amqp.queues.consume_from) for queue, worker in workers.items()} == {
        "interactive": ["interactive"],
        "embeddings": ["embeddings"],
        "pictures": ["pictures"],
        "sources": ["sources"],
        "behaviour": ["behaviour"],
    }
    assert not any(worker.use_eventloop for worker in workers.values())


def test_a_schedule_that_sleeps_is_left_behind():
    """It sleeps for half a minute while its broker is away, and the process would be killed before."""
    awake, calls = threading.Event(), []
    schedule = threading.Thread(target=awake.wait)
    schedule.service = SimpleNamespace(stop=lambda **options: calls.append(options))
    schedule.start()
    all_queues.end_schedule(schedule)
    assert (calls, schedule.is_alive()) == ([{}], True)
    awake.set()
    schedule.join()


def test_one_process_takes_messages_of_every_queue_beats_for_all_and_ends_in_good_order(child_environment, tmp_path):
    beat, log = tmp_path / "heartbeat", tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.all_queues"],
            cwd=BASE_DIR,
            env=child_environment | {"KINDRED_HEARTBEAT_FILE": str(beat), "KINDRED_HOME": os.environ["KINDRED_HOME"]},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while not (beat.exists() and log.read_text().count(" ready.") == len(all_queues.QUEUES)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        process.terminate()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    assert all(f"{queue}@" in log.read_text() for queue in all_queues.QUEUES)
