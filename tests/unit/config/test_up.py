"""In which order `up` brings everything up."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from config.management.commands import up


class Recorder:
    """Stands for the supervisor and writes down what it is told to start."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.stopping = threading.Event()

    def add(self, name: str, arguments: list[str]) -> SimpleNamespace:
        self.started.append(name)
        return SimpleNamespace(log=name)

    def run(self, name: str, arguments: list[str]) -> int:
        self.started.append(name)
        return 0

    def tick(self) -> None:
        pass

    run_forever = tick


@pytest.fixture
def command(monkeypatch):
    monkeypatch.setattr(up, "prepare_database", lambda: None)
    monkeypatch.setattr(up.static_files, "collect_changed", lambda: False)
    monkeypatch.setattr(up, "answers", lambda _: True)
    command = up.Command()
    command.lock = threading.Lock()
    command.show = lambda _: None
    return command


def test_what_visitors_and_saves_wait_for_runs_before_the_rest_is_embedded(command):
    recorder = Recorder()
    command.serve(recorder, demo=False, host="127.0.0.1", port=8000, workers=1)
    assert recorder.started == ["web", "beat", "interactive", "worker", "pictures", "embed_products"]


def test_the_worker_of_the_embeddings_has_a_thread_to_spare_while_the_other_fits_a_space():
    threads = {queue: threads for _, queue, threads in up.WORKERS}
    assert threads["embeddings"] == 2
    arguments = up.worker_arguments("embeddings", threads=threads["embeddings"])
    assert arguments[arguments.index("--concurrency") + 1] == "2"
