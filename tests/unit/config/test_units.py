"""The units of ops/systemd: systemd takes them, and they start what compose and `up` start, with the same options."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from config import all_queues
from config.management.commands.up import web_arguments
from config.services.paths import BASE_DIR
from config.services.supervisor import MALLOC

UNITS = Path(BASE_DIR) / "ops" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
COMPOSE = yaml.safe_load((Path(BASE_DIR) / "compose.yaml").read_text())["services"]
DOCKERFILE = (Path(BASE_DIR) / "Dockerfile").read_text()
BIN = "/srv/kindred/.venv/bin"
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE_MAX = 2.5  # of 10, as systemd counts it; a unit without protection has 9.6


def read_command(service: Path, **named: str) -> list[str]:
    """Return the words of ExecStart, with the instance and the variables that are named."""
    (line,) = re.findall(r"^ExecStart=(.+)$", service.read_text(), re.MULTILINE)
    for name, value in named.items():
        line = line.replace(f"${{{name}}}", value).replace(f"%{name}", value)
    return shlex.split(line.replace("%%", "%").removeprefix(f"{BIN}/"))


def read_threads(queue: str) -> str:
    """Return how many threads the worker of a queue has: as its own file says, else as the template does."""
    own = UNITS / f"kindred-worker@{queue}.service.d" / "threads.conf"
    text = (own if own.exists() else UNITS / "kindred-worker@.service").read_text()
    (threads,) = re.findall(r"^Environment=THREADS=(\d+)$", text, re.MULTILINE)
    return threads


def worker_command(queue: str) -> list[str]:
    """The one command of a worker: what compose and the units have is compared with it."""
    line = f"celery -A config worker --queues {queue} --pool threads --concurrency {all_queues.QUEUES[queue]}"
    return f"{line} --hostname {queue}@%h --loglevel INFO --without-gossip --without-mingle".split()


def options_of(words: list[str]) -> set[tuple[str, ...]]:
    """Return the options of a command with their values, in no order."""
    return {tuple(part.split()) for part in re.findall(r"--[\w-]+(?: [^-]\S*)?", " ".join(words))}


@pytest.mark.parametrize("queue", all_queues.QUEUES)
def test_a_worker_is_started_with_the_same_options_everywhere(queue):
    template = UNITS / "kindred-worker@.service"
    assert read_command(template, i=queue, THREADS=read_threads(queue)) == worker_command(queue)
    service = COMPOSE["worker" if queue == "embeddings" else queue]
    assert service["command"].split() == worker_command(queue)


def test_beat_is_started_with_the_same_options_everywhere():
    beat = ["celery", "-A", "config", "beat", "--loglevel", "INFO", "--pidfile="]
    assert read_command(UNITS / "kindred-beat.service") == COMPOSE["beat"]["command"].split() == beat


def test_the_web_server_is_started_with_the_same_options_everywhere():
    (command,) = re.findall(r"^CMD \[(.+)\]$", DOCKERFILE, re.MULTILINE)
    assert "command" not in COMPOSE["web"]  # the image's own
    image = options_of(re.findall(r'"([^"]+)"', command))
    unit = options_of(read_command(UNITS / "kindred-web.service"))
    assert image - unit == {("--bind", "0.0.0.0:8000")}
    assert unit - image == {("--bind", "127.0.0.1:8000")}
    on_one_machine = options_of(web_arguments("127.0.0.1", 8000, workers=2))
    assert on_one_machine - unit == {("--graceful-timeout", "8")}


def test_every_process_that_readyz_asks_for_is_started():
    target = (UNITS / "kindred.target").read_text()
    started = set(re.findall(r"kindred-(?:worker@)?([\w]+)\.service", target))
    assert started == {*settings.KINDRED_PROCESSES, "web"}


@pytest.mark.parametrize("name", [name for name in COMPOSE if "celery" in str(COMPOSE[name].get("command"))])
def test_a_worker_and_beat_are_well_by_their_heartbeat_alone(name):
    """The file of beat's schedule has another name, and is written at other times, by what Python keeps it with."""
    heartbeat = COMPOSE[name]["environment"]["KINDRED_HEARTBEAT_FILE"]
    assert COMPOSE[name]["healthcheck"]["test"] == ["CMD-SHELL", f"find {heartbeat} -mmin -1 | grep -q ."]


def test_the_image_compiles_every_app():
    (compiled,) = re.findall(r"^RUN python -m compileall -q (.+)$", DOCKERFILE, re.MULTILINE)
    apps = sorted(path.parent.name for path in Path(BASE_DIR).glob("*/apps.py"))
    assert sorted(compiled.split()) == apps


@pytest.mark.parametrize("unit", [path for path in SERVICES if "beat" not in path.name], ids=lambda unit: unit.name)
def test_units_and_image_keep_memory_as_up_does(unit):
    given = dict(re.findall(r"(MALLOC_\w+)=(\d+)", unit.read_text()))
    assert given == dict(re.findall(r"(MALLOC_\w+)=(\d+)", DOCKERFILE)) == MALLOC


def test_commands_of_manage_are_run_as_the_units_run():
    script = (UNITS.parent / "kindred").read_text()
    assert subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True).stderr == ""
    web = (UNITS / "kindred-web.service").read_text()
    assert re.findall(r"^EnvironmentFile=-?(.+)$", web, re.MULTILINE) == re.findall(
        r"^(?: *|.* )\. (/[^;\n]+)", script, re.MULTILINE
    )
    for name, said in (("User", "--user {} "), ("WorkingDirectory", "cd {}\n"), ("UMask", "umask {}\n")):
        (value,) = re.findall(rf"^{name}=(.+)$", web, re.MULTILINE)
        assert said.format(value.removeprefix("0") if name == "UMask" else value) in script


@pytest.mark.parametrize(("command", "has_own"), [("check", True), ("doctor", True), ("migrate", False)])
def test_what_looks_at_the_web_server_has_its_environment(tmp_path, command, has_own):
    """Behind a pooler it has a database of its own, and that of the workers has no limit of statements."""
    script = (UNITS.parent / "kindred").read_text().replace("/etc/kindred", str(tmp_path))
    script = script.replace("cd /srv/kindred", "cd /").replace("exec runuser --user kindred -- ", "exec echo $NAME ")
    (tmp_path / "kindred.env").write_text("NAME=shop\n")
    (tmp_path / "web.env").write_text("NAME=shop_web\n")
    said = subprocess.run(["sh", "-s", command], input=script, capture_output=True, text=True, check=True).stdout
    assert said.split()[0] == ("shop_web" if has_own else "shop")


def test_cron_finds_its_programs_and_takes_no_sign_for_another():
    lines = [line for line in (UNITS.parent / "cron").read_text().splitlines() if not line.startswith("#")]
    path = next(line.removeprefix("PATH=") for line in lines if line.startswith("PATH="))
    jobs = [line.split(maxsplit=6)[5:] for line in lines if line[0].isdigit()]
    assert [user for user, _ in jobs] == ["root", "root"]
    assert all(shutil.which(program, path=path) for program in ("runuser", "logger", "find", "date"))
    assert "/usr/local/sbin" in path.split(":")  # docs/production.md puts `kindred` there
    assert [said for _, said in jobs if re.search(r"(?<!\\)%", said)] == []


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_units_have_the_same_protection(unit):
    """One that is opened by hand is to be opened in all, or said why not."""
    protected = configparser.RawConfigParser(strict=False, interpolation=None)
    protected.optionxform = str
    protected.read_string(unit.read_text())
    service = dict(protected["Service"])
    expected = {"User": "kindred", "ProtectSystem": "strict", "NoNewPrivileges": "yes", "PrivateTmp": "yes"}
    expected |= {"CapabilityBoundingSet": "", "SystemCallFilter": "@system-service", "Restart": "always"}
    assert {name: service.get(name) for name in expected} == expected
    assert ("WatchdogSec" in service) == ("celery" in service["ExecStart"])  # gunicorn's master watches its own


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units_and_finds_them_closed(tmp_path):
    for path in UNITS.rglob("*.*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(UNITS)
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(path.read_text().replace(BIN, str(Path(sys.executable).parent)))
    names = ["kindred.target", "kindred-web.socket", "kindred-web.service", "kindred-beat.service"]
    names += [f"kindred-worker@{queue}.service" for queue in all_queues.QUEUES]
    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", *[f"./{name}" for name in names]], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("kindred-web", "kindred-worker@embeddings", "kindred-beat"):
        judged = subprocess.run(
            [ANALYZE, "security", "--offline=true", "--no-pager", f"./{name}.service"],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
        assert float(exposure) <= EXPOSURE_MAX, judged.stdout
