"""What processes count: nothing is lost when one is killed, and files are as few as processes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.metrics import slots

PROJECT = Path(__file__).resolve().parents[3]
# Counts as many as it is told on its standard input, line by line, and says each time that it has; `fork` has a child
# count one, as a web server that has read the application does.
COUNT = """
import os, sys
from pathlib import Path
from api.metrics.apps import share_counts
share_counts(Path(sys.argv[1]))
from prometheus_client import Counter
saves = Counter("saves", "Saves.")
for line in sys.stdin:
    if line.strip() == "fork":
        if os.fork() == 0:
            saves.inc()
            os._exit(0)
        os.wait()
    else:
        saves.inc(int(line))
    print("counted", flush=True)
"""


class Counting(subprocess.Popen):
    """A process that counts in a folder."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", COUNT, str(folder)]
        super().__init__(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def count(self, said: int | str) -> None:
        print(said, file=self.stdin, flush=True)
        assert self.stdout.readline() == "counted\n"


@pytest.fixture
def start(tmp_path):
    started = []

    def start_one() -> Counting:
        started.append(Counting(tmp_path))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def read_total(folder: Path) -> float:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    [line] = [line for line in generate_latest(registry).decode().splitlines() if line.startswith("saves_total")]
    return float(line.split()[1])


def list_counts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("counter_*.db"))


def test_what_a_killed_process_has_counted_stays_and_its_successor_counts_on(start, tmp_path):
    first, second = start(), start()
    first.count(3)
    second.count(4)
    first.count("fork")
    assert (read_total(tmp_path), len(list_counts(tmp_path))) == (8, 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert read_total(tmp_path) == 8
    third = start()
    third.count(5)
    assert (read_total(tmp_path), len(list_counts(tmp_path))) == (13, 3)


def test_who_comes_first_after_all_have_ended_begins_anew(start, tmp_path):
    first = start()
    first.count(3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start()
    second.count(1)
    assert read_total(tmp_path) == 1


def test_the_room_of_files_is_taken_at_once(tmp_path):
    _number, lock = slots.take_slot(tmp_path)
    os.close(lock)
    taken = [path.stat().st_blocks * 512 for path in sorted(tmp_path.glob("*.db"))]
    assert taken == pytest.approx([slots.ROOM, slots.ROOM], rel=0.02)


def test_a_process_that_may_not_write_there_counts_for_itself(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv(slots.FOLDER_VARIABLE, "")
    (tmp_path / "metrics").write_text("no folder")
    own = slots.Slots(tmp_path / "metrics")
    assert own.find_own() == 0
    assert os.environ[slots.FOLDER_VARIABLE] == str(own.folder)
    assert "No /metrics will have what this process counts" in caplog.text


def test_where_the_disk_is_full_counts_are_in_memory_and_the_process_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv(slots.FOLDER_VARIABLE, "")
    for name in ("metrics", "full"):
        (tmp_path / name).write_text("no folder")
    monkeypatch.setattr(slots, "ELSEWHERE", (str(tmp_path / "full"), str(tmp_path)))
    own = slots.Slots(tmp_path / "metrics")
    assert own.find_own() == 0
    assert slots.Slots(tmp_path / "metrics").find_own() == 1  # of the same folder: there is one, whoever starts anew
    own.folder.chmod(0o777)
    with pytest.raises(OSError, match="somebody else's"):
        slots.Slots(tmp_path / "metrics").find_own()
    monkeypatch.setattr(slots, "ELSEWHERE", (str(tmp_path / "full"),))
    with pytest.raises(OSError, match="Not a directory"):
        slots.Slots(tmp_path / "metrics").find_own()
