"""In which order `up` brings everything up."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from django.core.management import CommandError

from api.field import read_field
from config import all_queues, chosen_field
from config.management.commands import up
from config.services.paths import BASE_DIR


class Recorder:
    """Stands for the supervisor and writes down what it is told to start."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.given: list[tuple[list[str], dict[str, str]]] = []
        self.stopping = threading.Event()

    def add(self, name: str, arguments: list[str], **environment: str) -> SimpleNamespace:
        self.started.append(name)
        self.given.append((arguments, environment))
        return SimpleNamespace(log=name)

    def run(self, name: str, arguments: list[str]) -> int:
        self.started.append(name)
        return 0

    def tick(self) -> None:
        pass

    run_forever = tick


@pytest.fixture
def command(monkeypatch):
    monkeypatch.setattr(up, "answers", lambda _: True)
    monkeypatch.setattr(up, "demo_is_loaded", lambda _: False)
    command = up.Command()
    command.lock = threading.Lock()
    command.show = lambda _: None
    return command


def test_what_visitors_and_saves_wait_for_runs_before_products_are_loaded_and_embedded(command):
    recorder = Recorder()
    command.serve(recorder, demo=read_field("homeware", BASE_DIR / "demo"), host="127.0.0.1", port=8000, workers=1)
    steps = ["import_products", "import_wordings", "embed_products", "load_demo_visits"]
    assert recorder.started == ["web", "worker", *steps]


def test_each_gpu_has_a_process_of_its_own_that_sees_no_other():
    recorder = Recorder()
    up.add_workers(recorder, gpus=["0", "GPU-5a"])
    assert recorder.started == ["worker", "worker-gpu1"]
    assert recorder.given == [
        (["config.all_queues"], {"CUDA_VISIBLE_DEVICES": "0"}),
        (["config.all_queues", "embeddings"], {"CUDA_VISIBLE_DEVICES": "GPU-5a"}),
    ]
    for gpus in ([], ["0"]):
        recorder = Recorder()
        up.add_workers(recorder, gpus=gpus)
        assert recorder.given == [(["config.all_queues"], {})]


def test_a_home_keeps_the_field_it_was_started_with_and_takes_no_other(tmp_path, monkeypatch, settings):
    monkeypatch.delenv("KINDRED_FIELD", raising=False)
    home = tmp_path / "home"
    assert up.choose_field(home, None) is None
    assert up.choose_field(home, "").name == "homeware"
    assert chosen_field.read_chosen(home) == ""
    with pytest.raises(CommandError, match=r"^There is no field 'stones': name one of "):
        up.choose_field(home, "stones")
    own = tmp_path / "stones"
    own.mkdir()
    (own / "field.json").write_text('{"title": {"en": "Stones", "zh-hans": "石头"}}')
    assert up.choose_field(home, str(own)).name == "stones"
    assert (chosen_field.read_chosen(home), settings.KINDRED_FIELD) == (str(own), str(own))
    with pytest.raises(CommandError, match=r"holds the field .*stones: set KINDRED_HOME to another directory"):
        up.choose_field(home, "homeware")
    settings.KINDRED_FIELD = "homeware"
    (tmp_path / "old" / "postgres").mkdir(parents=True)  # of before there were fields
    with pytest.raises(CommandError, match=r"holds the field homeware"):
        up.choose_field(tmp_path / "old", str(own))


def test_a_web_server_that_keeps_dying_before_it_answers_ends_up_with_the_name_of_its_log(command, monkeypatch):
    monkeypatch.setattr(up, "answers", lambda _: False)
    web = SimpleNamespace(log="logs/web.log", failures=up.MAX_FAILURES)
    with pytest.raises(
        CommandError, match=r"^The web server does not answer at http://x\. Its log is logs/web\.log\.$"
    ):
        command.wait_for_answer(Recorder(), web, "http://x")


UP_WITHOUT_APPLICATIONS = """
import sys
sys.argv = ["manage.py", "up", "--workers", "0"]
import manage
try:
    manage.main()
finally:
    from django.apps import apps
    print(apps.ready, sorted({"celery", "rest_framework", "numpy", "catalog.models"} & set(sys.modules)))
"""


def test_what_stays_as_long_as_the_shop_does_holds_no_application(home):
    done = subprocess.run(
        [sys.executable, "-c", UP_WITHOUT_APPLICATIONS], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False []\n", "CommandError: --workers must be at least 1.\n")


def test_a_thread_that_ends_by_itself_ends_the_process_and_is_named(monkeypatch, caplog):
    ended: list[int] = []
    monkeypatch.setattr(all_queues.os, "_exit", ended.append)
    thread = threading.Thread(target=lambda: None, name="pictures")
    thread.start()
    thread.join()
    all_queues.end_with_the_first([threading.current_thread()])
    assert ended == []
    with caplog.at_level("CRITICAL"):
        all_queues.end_with_the_first([threading.current_thread(), thread])
    assert ended == [1]
    assert "pictures has ended: this process ends too, to be started again." in caplog.text
