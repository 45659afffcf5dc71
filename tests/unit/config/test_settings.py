"""Which servers are used: those that the environment names, else the embedded ones."""

from __future__ import annotations

import logging
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import manage
from config import secret_key, services, settings
from config.services import launch
from tests.full_disk import no_room_for_more_than
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


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, [False, False, False, None, 0, 0]),
        ({"HTTPS": "1"}, [False, True, True, ("HTTP_X_FORWARDED_PROTO", "https"), 31_536_000, 0]),
    ],
)
def test_a_shop_says_nothing_of_its_inside_and_believes_no_proxy_unless_told_to(home, monkeypatch, variables, expected):
    names = ["DEBUG", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_PROXY_SSL_HEADER", "SECURE_HSTS_SECONDS"]
    for name in ("DEBUG", "HTTPS", "NUM_PROXIES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    read = runpy.run_path(settings.__file__)
    assert [*(read[name] for name in names), read["REST_FRAMEWORK"]["NUM_PROXIES"]] == expected


def test_a_secret_key_that_a_full_disk_cut_short_is_made_again(tmp_path):
    path = tmp_path / "secret_key"
    with no_room_for_more_than(10), pytest.raises(OSError, match="File too large"):
        secret_key.read_or_create_secret_key(path)

    key = secret_key.read_or_create_secret_key(path)

    assert (len(key), oct(path.stat().st_mode & 0o777)) == (67, "0o600")
    assert secret_key.read_or_create_secret_key(path) == key


def test_of_two_processes_that_make_a_secret_key_at_once_both_have_the_first(tmp_path, monkeypatch):
    path = tmp_path / "secret_key"

    def come_second(_size: int) -> str:
        path.write_text("first")
        return "second"

    monkeypatch.setattr(secret_key.secrets, "token_urlsafe", come_second)
    assert secret_key.read_or_create_secret_key(path) == "first"


def test_variables_of_another_postgres_do_not_reach_ours(monkeypatch):
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    given = launch.server_environment()
    assert ("PGPORT" in given, given["LC_ALL"], given["LANG"]) == (False, "C", "de_DE.UTF-8")


def test_a_socket_directory_in_a_url_reaches_the_database():
    settings = services.database_settings(Path("/unused"), url="postgres://kindred@%2Frun%2Fkindred/shop")
    assert (settings["HOST"], settings["USER"], settings["NAME"]) == ("/run/kindred", "kindred", "shop")


@pytest.mark.parametrize(("said", "seconds"), [("", 3), ("?connect_timeout=10", "10")])
def test_a_database_server_that_does_not_answer_is_not_waited_for(said, seconds):
    settings = services.database_settings(Path("/unused"), url=f"postgres://kindred@10.0.0.5/shop{said}")
    assert settings["OPTIONS"]["connect_timeout"] in (seconds, int(seconds))


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


def test_gensim_keeps_to_itself_how_it_loads_word_vectors():
    chatty = logging.getLogger("gensim.models.keyedvectors")
    assert not chatty.isEnabledFor(logging.INFO)
    assert chatty.isEnabledFor(logging.WARNING)
