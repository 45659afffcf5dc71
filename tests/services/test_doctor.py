"""The operator's screen: what is amiss, the command that mends it, and an exit status for monitors."""

from __future__ import annotations

import io
import json
import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

import manage
from api import heartbeats
from catalog.models import Chore
from config import services
from config.doctor import looks, screen
from config.static_files import check_collected
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces.lifecycle import ensure_live_space
from tests.embeddings.shop import make_product
from tests.factories import ProductImageFactory
from tests.fakes import fake_encoders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def installation(settings, monkeypatch, tmp_path):
    """One that is fine: for this machine alone, with all processes at work, a live space and a backup."""
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    settings.KINDRED_TEXT_ENCODER, settings.KINDRED_IMAGE_ENCODER = "fake:text", "fake:image"
    monkeypatch.setattr("embeddings.tasks.embed_pending.apply_async", lambda **_: None)
    monkeypatch.setattr("config.static_files.is_collected", lambda: True)
    for name in settings.KINDRED_PROCESSES:
        heartbeats.note(name)
    state = {"folder": str(tmp_path), "bytes": 5_000_000}
    Chore.objects.create(name="backup", done_at=timezone.now() - timedelta(hours=5), state=state)
    with fake_encoders():
        ensure_live_space()
        yield


def examine(**options: object) -> tuple[int, dict[str, dict[str, str]]]:
    """Return the exit status, and the lines by name."""
    output, status = io.StringIO(), 0
    try:
        call_command("doctor", stdout=output, json=True, **options)
    except SystemExit as ended:
        status = int(ended.code)
    said = json.loads(output.getvalue())
    assert said["status"] == ["fine", "warning", "fault"][status]
    return status, {line["name"]: line for line in said["lines"]}


def complaints(**options: object) -> tuple[int, dict[str, tuple[str, str]]]:
    status, lines = examine(**options)
    return status, {name: (line["level"], line["mend"]) for name, line in lines.items() if line["level"] != "fine"}


def test_an_installation_that_is_fine_is_told_so_and_with_0(capsys):
    status, lines = examine()
    assert (status, {line["level"] for line in lines.values()}) == (0, {"fine"})
    assert set(lines) >= {"database", "migrations", "broker", "cache", "disk", "space", "pending", "backup",
                          "live space", "queue", "settings", "process embeddings", "process beat"}  # fmt: skip
    assert lines["database"]["said"].startswith("PostgreSQL ")
    assert "pgvector 0." in lines["database"]["said"]
    assert lines["backup"]["said"].startswith("5 hours old, 5 MB at ")
    call_command("doctor")
    printed = capsys.readouterr().out
    assert "fine    cache               keeps what it is told\n" in printed
    assert "\nSources: nothing found.\n" in printed  # of the catalogue


def test_what_is_amiss_is_named_with_what_mends_it(settings, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9))
    monkeypatch.setattr(heartbeats, "read_silence_s", lambda name: 99 if name in ("pictures", "beat") else 1)
    monkeypatch.setattr("config.static_files.is_collected", lambda: False)
    make_product("A")
    PendingEmbedding.objects.update(retry_at=timezone.now() - timedelta(minutes=20))
    Chore.objects.update(done_at=timezone.now() - timedelta(days=8))
    EmbeddingSpace.objects.update(status="retired")
    settings.DATABASE_URL, settings.BROKER_URL = "postgres://", "redis://"
    status, found = complaints()
    assert (status, found) == (
        2,
        {
            "disk": ("warning", "python manage.py prune"),
            "pending": ("warning", "python manage.py embed_products"),
            "backup": ("warning", "python manage.py backup DIR"),
            "live space": ("fault", "python manage.py embed_products"),
            "queue": ("fault", "python manage.py embed_products"),
            "process pictures": ("fault", "systemctl restart kindred-worker@pictures"),
            "process beat": ("fault", "systemctl restart kindred-beat"),
            "config.W001": ("warning", check_collected()[0].hint),
        },
    )


def test_backups_that_something_else_makes_are_not_asked_for(settings):
    Chore.objects.all().delete()
    assert complaints() == (1, {"backup": ("warning", "python manage.py backup DIR")})
    settings.KINDRED_BACKUP_DAYS = 0
    assert complaints() == (0, {})


def test_a_shop_for_others_is_to_speak_tls(settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = False
    status, found = complaints()
    assert (status, found["settings"]) == (1, ("warning", "HTTPS=true, behind a server that speaks TLS"))


def test_with_the_cache_nobody_is_heard_and_that_is_said_once(monkeypatch):
    monkeypatch.setattr(looks.cache, "get", lambda *_: None)
    status, found = complaints()
    assert (status, found["cache"][0], found["processes"][0]) == (2, "warning", "fault")
    assert not [name for name in found if name.startswith("process ")]


def test_a_database_that_was_not_migrated_is_asked_for_nothing_that_it_has_no_tables_for():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'behaviour'")
    status, found = complaints()
    assert (status, found) == (2, {"migrations": ("fault", "python manage.py migrate")})
    assert "space" not in examine()[1]


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_rest_is_looked_at_and_nothing_is_raised(monkeypatch, caplog, capsys):
    with monkeypatch.context() as down:
        connection.close()
        down.setitem(connection.settings_dict, "HOST", "/nowhere")
        status, lines = examine()
        connection.close()
    assert (status, lines["database"]["level"], lines["database"]["mend"]) == (2, "fault", "python manage.py up")
    assert lines["database"]["said"].startswith("does not answer: ")
    assert {"broker", "cache", "disk", "process beat"} <= set(lines)
    assert not {"migrations", "space", "queue", "live space"} & set(lines)
    assert (caplog.text, capsys.readouterr().err) == ("", "")


def test_embedded_servers_that_cannot_start_are_told_of_with_the_reason(monkeypatch):
    def fail() -> None:
        raise services.ServiceError("Only 3 MB are free.")

    monkeypatch.setattr(screen.services, "ensure_running", fail)
    status, lines = examine()
    assert (status, lines["database"]["said"]) == (2, "The embedded servers cannot start: Only 3 MB are free.")
    assert not manage.needs_services(["doctor"])  # else the command would not come to say so


def test_a_catalogue_that_it_may_not_read_is_said_in_json_as_well(monkeypatch):
    def refuse() -> None:
        raise DatabaseError("permission denied for table catalog_product")

    monkeypatch.setattr("config.management.commands.doctor.examine", refuse)
    status, lines = examine()
    assert (status, lines["catalogue"]["level"]) == (2, "fault")
    assert lines["catalogue"]["said"] == "cannot be looked at: permission denied for table catalog_product"


def test_pictures_that_the_database_names_and_nobody_can_read_are_a_fault(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    assert examine()[1]["media"]["said"] == f"{tmp_path}: empty"
    image = ProductImageFactory()
    assert examine()[1]["media"] == {
        "name": "media", "level": "fine", "said": f"{tmp_path}: the newest pictures are there", "mend": "",
    }  # fmt: skip
    Path(image.file.path).unlink()
    status, found = complaints()
    assert (status, found["media"]) == (2, ("fault", "see to MEDIA_ROOT and its disk, or restore a backup"))
