"""Which servers are used: those that the environment names, else the embedded ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import manage
from config import services
from tests.services.conftest import processes_of


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (True, True)),
        ({"DATABASE_URL": "postgres://db/kindred"}, (False, True)),
        ({"CELERY_BROKER_URL": "redis://mq"}, (True, False)),
        ({"CACHE_URL": "redis://mq/1"}, (True, True)),
        ({"DATABASE_URL": "postgres://db/kindred", "CELERY_BROKER_URL": "redis://mq"}, (False, False)),
    ],
)
def test_each_variable_replaces_its_server(home, monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert services.needed() == expected


def test_nothing_is_started_or_written_when_the_variables_are_set(home, monkeypatch):
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        monkeypatch.setenv(name, "redis://127.0.0.1:1")

    services.ensure_running()

    assert not home.exists()
    assert processes_of(home) == []


def test_reading_the_settings_starts_nothing(home):
    code = (
        "import django; django.setup(); from django.conf import settings; print(settings.DATABASES['default']['HOST'])"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}

    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=manage.__file__.rpartition("/")[0], capture_output=True
    )

    assert output.stdout.decode().strip() == str(home / "run"), output.stderr.decode()
    assert processes_of(home) == []
    assert not (home / "run").exists()


def test_a_socket_directory_in_a_url_reaches_the_database():
    settings = services.database_settings(Path("/unused"), url="postgres://kindred@%2Frun%2Fkindred/shop")
    assert (settings["HOST"], settings["USER"], settings["NAME"]) == ("/run/kindred", "kindred", "shop")


@pytest.mark.parametrize(
    ("url", "broker", "location"),
    [
        ("redis://cache/3", "redis://mq/0", "redis://cache/3"),
        ("", "redis://:secret@mq:6380/0", "redis://:secret@mq:6380/1"),
        ("", "rediss://mq?ssl_cert_reqs=required", "rediss://mq/1?ssl_cert_reqs=required"),
        ("", "amqp://mq", None),
        ("", "", "unix:///unused/run/valkey.sock?db=1"),
    ],
)
def test_the_cache_is_beside_the_broker_unless_it_is_named(url, broker, location):
    assert services.cache_settings(Path("/unused"), url=url, broker=broker).get("LOCATION") == location


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["migrate"], True),
        (["import_products", "products.csv"], True),
        (["runserver", "8001"], True),
        (["check", "--database", "default"], True),
        (["check"], False),
        (["up", "--demo"], False),
        (["help"], False),
        (["migrate", "--help"], False),
        (["--version"], False),
        (["collectstatic", "--noinput"], False),
        ([], False),
    ],
)
def test_manage_py_starts_servers_for_commands_that_need_them(arguments, expected):
    assert manage.needs_services(arguments) is expected
