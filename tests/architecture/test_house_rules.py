"""The rules of the house, each checked by the tool that knows it."""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from vulture import Vulture

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("api", "catalog", "embeddings", "recommendations", "behaviour", "config")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=PROJECT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"), id="imports"),
        pytest.param(("-m", "ruff", "check", "."), id="ruff"),
        pytest.param(("-m", "ruff", "format", "--check", "."), id="format"),
        pytest.param(("-m", "mypy", *APPS), id="mypy"),
        pytest.param(
            ("-m", "mypy", "--config-file", "clients/django/pyproject.toml", "clients/django/kindred_django"),
            id="mypy of the Django client",
        ),
        pytest.param(("manage.py", "makemigrations", "--check", "--dry-run"), id="migrations"),
        pytest.param(("manage.py", "check", "--fail-level", "WARNING"), id="system checks"),
    ],
)
def test_nothing_to_complain_about(command, db, child_environment, monkeypatch):
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"):
        monkeypatch.setenv(name, child_environment[name])
    done = run(*command)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]


def test_no_code_is_dead_and_every_name_that_is_let_pass_as_used_elsewhere_would_be_reported_otherwise():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["vulture"]
    vulture = Vulture(ignore_decorators=settings["ignore_decorators"])
    vulture.scavenge([str(PROJECT / path) for path in settings["paths"]], exclude=settings["exclude"])
    unused = vulture.get_unused_code(min_confidence=settings["min_confidence"])
    let_pass = settings["ignore_names"]
    assert [
        item.get_report() for item in unused if not any(fnmatch.fnmatchcase(item.name, name) for name in let_pass)
    ] == []
    names = {item.name for item in unused}
    assert [pattern for pattern in let_pass if not fnmatch.filter(names, pattern)] == []


def python_files() -> list[Path]:
    places = (*APPS, "clients")
    return [
        path
        for place in places
        for path in (PROJECT / place).rglob("*.py")
        if not {"migrations", "tests"} & set(path.parts)
    ]


def test_no_file_is_named_for_nothing_in_particular():
    vague = {"utils", "util", "common", "core", "helpers", "misc", "base_utils"}
    assert [str(path.relative_to(PROJECT)) for path in python_files() if {path.stem, *path.parent.parts} & vague] == []


def test_files_stay_short_enough_to_read():
    lengths = {str(path.relative_to(PROJECT)): len(path.read_text().splitlines()) for path in python_files()}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}


def test_every_file_says_what_it_is_about():
    silent = [path for path in python_files() if path.stat().st_size and not path.read_text().startswith(('"""', "#!"))]
    assert [str(path.relative_to(PROJECT)) for path in silent if path.name != "apps.py"] == []
