"""What production is told to run: compose passes every setting, checks find nothing, logs rotate."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import yaml

from config.services import launch
from config.services.paths import BASE_DIR
from tests.unit.config.test_documentation import SETTINGS, read_settings

COMPOSE = yaml.safe_load((BASE_DIR / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if "environment" in service and "build" in service]


@pytest.mark.parametrize("name", OURS)
def test_compose_passes_every_setting_to_each_process(name):
    assert sorted(read_settings(SETTINGS.read_text()) - COMPOSE["services"][name]["environment"].keys()) == []


def test_compose_passes_no_empty_text_for_a_setting_that_is_not_set():
    """An empty encoder is not the default one. Lists may be empty."""
    lists = {"CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS"}
    environment = COMPOSE["x-kindred"]["environment"]
    assert {name for name, value in environment.items() if str(value).endswith(":-}")} == lists


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_logs_rotate_and_what_dies_is_started_again(name):
    service = COMPOSE["services"][name]
    assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")


def test_a_log_that_a_server_goes_on_writing_to_is_emptied_and_kept_once(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "LOG_MAX_BYTES", 10)
    log = tmp_path / "postgres.log"
    with log.open("ab", buffering=0) as server:
        server.write(b"first lines")
        launch.rotate(log)
        server.write(b"more")
    assert (log.read_bytes(), (tmp_path / "postgres.log.1").read_bytes()) == (b"more", b"first lines")


def test_the_checks_for_production_find_that_nothing_was_collected_and_nothing_else(home):
    environment = os.environ | {
        "SECRET_KEY": "0123456789abcdefghij" * 4,
        "HTTPS": "true",
        "ALLOWED_HOSTS": "shop.example",
        "DATABASE_URL": "postgres://u:p@127.0.0.1:1/shop",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True)
    assert re.findall(r"\((\w+\.\w\d+)\)", done.stderr) == ["config.W001"], done.stderr
