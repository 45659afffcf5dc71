"""What production is told to run: compose passes every setting, checks find nothing, logs rotate."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from config.services import launch
from config.services.paths import BASE_DIR
from tests.unit.config.test_documentation import read_settings

COMPOSE = yaml.safe_load((BASE_DIR / "compose.yaml").read_text())
DOCKER_COMPOSE = shutil.which("docker-compose")
OURS = [name for name, service in COMPOSE["services"].items() if "environment" in service and "build" in service]


@pytest.mark.parametrize("name", OURS)
def test_compose_passes_every_setting_to_each_process(name):
    assert sorted(read_settings() - COMPOSE["services"][name]["environment"].keys()) == []


def test_the_image_has_the_packages_of_every_setting_that_compose_passes():
    """Else the container ends as it starts, and says to install what its reader cannot install there."""
    asked = set(re.findall(r"`[^`\n]*(requirements-\w+\.txt)`", (BASE_DIR / "docs" / "operations.md").read_text()))
    assert asked == {"requirements-encoders.txt", "requirements-observability.txt", "requirements-s3.txt"}
    installed = set(re.findall(r"-r (requirements\S*\.txt)", (BASE_DIR / "Dockerfile").read_text()))
    assert installed == asked | {"requirements.txt"}


def test_compose_passes_no_empty_text_for_a_setting_that_is_not_set():
    """An empty encoder is not the default one. Lists may be empty."""
    lists = {"CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS"}
    environment = COMPOSE["x-kindred"]["environment"]
    assert {name for name, value in environment.items() if str(value).endswith(":-}")} == lists


@pytest.mark.skipif(not DOCKER_COMPOSE, reason="docker-compose is not installed")
def test_compose_takes_the_file_and_settings_from_a_file_of_variables(tmp_path):
    """It asks no daemon for that. A setting that is not named stays at its default."""
    needed = "SECRET_KEY=a\nPOSTGRES_PASSWORD=b\nVALKEY_PASSWORD=c\nALLOWED_HOSTS=shop.example\n"
    (tmp_path / "variables").write_text(f"{needed}NUM_PROXIES=1\nKINDRED_OUT_OF_STOCK=hidden\n")
    command = [
        DOCKER_COMPOSE,
        "--env-file",
        str(tmp_path / "variables"),
        "-f",
        str(BASE_DIR / "compose.yaml"),
        "config",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    services = yaml.safe_load(done.stdout)["services"]
    for name in OURS:
        given = {name: value for name, value in services[name]["environment"].items() if value is not None}
        assert (given["NUM_PROXIES"], given["KINDRED_OUT_OF_STOCK"]) == ("1", "hidden")
        assert "KINDRED_FUSION" not in given


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
