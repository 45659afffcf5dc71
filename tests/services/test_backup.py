"""A backup brings a shop back in another database, for an owner who is no superuser, and says so only where it does."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from catalog.models import Chore, LeftFile, Product
from catalog.pruning import prune
from config.backup import facts, loading, making, manifest, media, programs, restoring
from embeddings import services
from embeddings.models import ProductEmbedding
from tests.embeddings.shop import make_product
from tests.fakes import fake_encoders

COPY = "kindred_restored"
pytestmark = pytest.mark.django_db(transaction=True)


def ask_superuser(statement: str, database: str = "postgres") -> None:
    host = django_settings.DATABASES["default"]["HOST"]
    with psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True) as superuser:
        superuser.execute(statement)


@pytest.fixture
def copy() -> Iterator[str]:
    """An empty database of the user of the shop, who is no superuser, without the extension."""
    if django_settings.DATABASE_URL:
        pytest.skip("restoring needs the embedded Postgres, whose superuser is ours")
    ask_superuser(f"CREATE DATABASE {COPY} OWNER kindred TEMPLATE template0")
    yield COPY
    ask_superuser(f"DROP DATABASE {COPY} WITH (FORCE)")


@contextmanager
def at(database: str, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have Django work on another database."""
    with patch.context() as other:
        connection.close()
        other.setitem(connection.settings_dict, "NAME", database)
        try:
            yield
        finally:
            connection.close()


@pytest.fixture
def home(settings, tmp_path: Path) -> Path:
    settings.KINDRED_HOME = tmp_path / "home"
    settings.KINDRED_HOME.mkdir()
    (settings.KINDRED_HOME / "secret_key").write_text("the key\n")
    return settings.KINDRED_HOME


@pytest.fixture
def shop(home, settings, monkeypatch) -> Iterator[None]:
    """Three products with pictures and vectors."""
    monkeypatch.setattr("embeddings.tasks.embed_pending.apply_async", lambda **_: None)
    settings.KINDRED_TEXT_ENCODER, settings.KINDRED_IMAGE_ENCODER = "fake:text", "fake:image"
    with fake_encoders():
        for number, colour in enumerate(("red", "green", "blue")):
            chinese = {"zh": {"title": "马克杯"}}
            make_product(f"P{number}", title=f"Café mug {colour}", colours=[colour], translations=chinese)
        services.refresh_pending()
        yield


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def sell_meanwhile(then: Callable[..., object], description: str, **said: object) -> object:
    """Go on as a shop does once the moment of the backup is over: a product more, and one whose picture leaves."""

    def work() -> None:
        Product.objects.create(sku="LATE")
        Product.objects.get(sku="P0").images.get().delete()
        LeftFile.objects.update(due_at=timezone.now())
        assert prune("files") == 0
        connection.close()

    if description == "database":
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    return then(description, **said)


def test_a_shop_is_backed_up_beside_its_work_and_is_in_another_place_what_it_was(
    shop, copy, home, settings, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "backup"
    settings.MEDIA_ROOT.joinpath("sized").mkdir()
    settings.MEDIA_ROOT.joinpath("sized", "made-again.webp").touch()
    monkeypatch.setenv("KINDRED_USER_TOKEN_KEY", "not to be written down")
    pictures = files_of(settings.MEDIA_ROOT / "products")
    with monkeypatch.context() as patch:
        patch.setattr(making, "open_bar", partial(sell_meanwhile, making.open_bar))
        call_command("backup", str(folder))

    said = json.loads((folder / "manifest.json").read_text())
    assert files_of(folder) == ["database.dump", "manifest.json", "media.tar", "secret_key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert (said["counts"]["catalog_product"], said["media"]["files"]) == (3, 3)
    assert {sku: len(found) for sku, found in said["answers"].items()} == {"P0": 2, "P1": 2, "P2": 2}
    assert "KINDRED_USER_TOKEN_KEY" in said["variables"]
    assert not any(b"not to be written" in path.read_bytes() for path in folder.iterdir())
    assert Chore.objects.get(name="backup").state["folder"] == str(folder)

    settings.MEDIA_ROOT, settings.KINDRED_HOME = tmp_path / "other", tmp_path / "new"
    settings.KINDRED_HOME.mkdir()
    (settings.KINDRED_HOME / "secret_key").write_text("made just now")
    with at(copy, monkeypatch):
        with pytest.raises(CommandError, match=r"As a superuser of Postgres.*'CREATE EXTENSION vector'"):
            call_command("restore", str(folder))
        assert connection.introspection.table_names() == []
        for extension in ("vector", "pg_trgm", "unaccent"):
            ask_superuser(f"CREATE EXTENSION IF NOT EXISTS {extension}", copy)
        call_command("restore", str(folder))
        with connection.cursor() as cursor:
            cursor.execute("SELECT search_title FROM catalog_product WHERE sku = 'P0'")
            assert cursor.fetchone() == ('cafe mug red [" 马  克  杯 "]',)
        assert (Product.objects.count(), ProductEmbedding.objects.count() > 6) == (3, True)
        with pytest.raises(CommandError, match=r"The database is not empty \(catalog_product\): .* --force"):
            call_command("restore", str(folder))
        Product.objects.filter(sku="P1").delete()
        call_command("restore", str(folder), force=True)
        assert Product.objects.count() == 3
    assert files_of(tmp_path / "other" / "products") == pictures
    assert (settings.KINDRED_HOME / "secret_key").read_text() == "the key\n"
    assert (settings.KINDRED_HOME / "secret_key.replaced").read_text() == "made just now"
    printed = capsys.readouterr().out
    assert "Restored: " in printed
    assert "3 answers the same" in printed
    assert "Set as they were when the backup was made: KINDRED_USER_TOKEN_KEY" in printed


def test_a_backup_that_is_broken_off_leaves_nothing_and_remains_of_a_killed_one_go(home, tmp_path, monkeypatch):
    folder = tmp_path / "backup"

    def interrupt(*_: object) -> int:
        assert (folder / "database.dump").stat().st_size > 1000
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(media, "write_tar", interrupt)
        with pytest.raises(CommandError, match=r"Interrupted: nothing is left of it\."):
            call_command("backup", str(folder))
    assert not folder.exists()
    folder.mkdir()
    (folder / "unfinished").touch()
    (folder / "database.dump").write_text("half of it")
    with pytest.raises(CommandError, match=r"has no manifest\.json: the backup was interrupted"):
        call_command("restore", str(folder))
    with making.claim(folder), pytest.raises(CommandError, match="Another process is just writing a backup"):
        call_command("backup", str(folder))
    (folder / "unfinished").touch()
    call_command("backup", str(folder))
    assert "unfinished" not in files_of(folder)
    call_command("restore", str(folder), check=True)


def test_what_cannot_be_backed_up_is_said_with_what_to_do(home, tmp_path, settings, monkeypatch):
    (tmp_path / "mine").touch()
    with pytest.raises(CommandError, match=f"{tmp_path} is not empty: name a folder that is not there yet"):
        call_command("backup", str(tmp_path))
    with pytest.raises(CommandError, match="is among the media"):
        call_command("backup", str(settings.MEDIA_ROOT / "here"))
    usage = namedtuple("usage", "free")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage(10**6))
        with pytest.raises(CommandError, match=r"The backup needs about .*, and 1 MB are free on the disk of .*: free"):
            call_command("backup", str(tmp_path / "backup"))
    with monkeypatch.context() as patch:
        patch.setattr(facts, "read_major", lambda: 99)
        with pytest.raises(CommandError, match=r"PostgreSQL 99 or newer are needed .*postgresql-client-99"):
            call_command("backup", str(tmp_path / "backup"))
    assert not (tmp_path / "backup").exists()


@pytest.fixture
def saved(shop, tmp_path) -> Path:
    folder = tmp_path / "backup"
    call_command("backup", str(folder))
    return folder


def change(folder: Path, **said: object) -> None:
    """Have the manifest say otherwise, as if it had been written so."""
    whole = json.loads((folder / "manifest.json").read_text()) | said
    seal = manifest.make_seal({name: one for name, one in whole.items() if name != "sha256"})
    (folder / "manifest.json").write_text(json.dumps(whole | {"sha256": seal}))


def test_what_cannot_be_restored_changes_nothing_and_is_said_with_what_to_do(saved, capsys):
    whole = json.loads((saved / "manifest.json").read_text())
    skus = list(Product.objects.values_list("sku", flat=True))

    def refuse(reason: str) -> None:
        with pytest.raises(CommandError, match=reason):
            call_command("restore", str(saved), force=True)
        assert list(Product.objects.values_list("sku", flat=True)) == skus

    change(saved, format=2)
    refuse("is of format 2, this version of Kindred knows 1")
    change(saved, format=1, migrations=[*whole["migrations"], "catalog.9999_from_the_future"])
    refuse("of a newer Kindred, which has catalog.9999_from_the_future: update the code first")
    change(saved, migrations=whole["migrations"])
    with psycopg.connect(**{"host": connection.settings_dict["HOST"], "user": "postgres",
                            "dbname": connection.settings_dict["NAME"]}):  # fmt: skip
        refuse("1 other connections use this database .*: stop the web server")
        with pytest.raises(CommandError, match="1 other connections"):
            call_command("restore", str(saved), check=True, force=True)
    assert "The backup is whole.\n" in capsys.readouterr().out
    dump = (saved / "database.dump").read_bytes()
    (saved / "database.dump").write_bytes(dump[:-1])
    refuse("is not what was written: it was changed, or cut short")
    cut = dump[: len(dump) * 2 // 3]  # what no digest would tell: pg_restore fails in the midst of it
    (saved / "database.dump").write_bytes(cut)
    change(saved, files=whole["files"] | {"database.dump": {"bytes": len(cut), "sha256": sha256(cut).hexdigest()}})
    refuse("pg_restore failed: ")
    (saved / "database.dump").write_bytes(dump)
    change(saved, files=whole["files"], counts=whole["counts"] | {"catalog_product": 4})
    with pytest.raises(CommandError, match="What was restored is not what was saved: catalog_product 3 instead of 4"):
        call_command("restore", str(saved), force=True)
    change(saved, counts=whole["counts"], answers=whole["answers"] | {"P0": ["P1"]})
    with pytest.raises(CommandError, match=r"other similar ones than they had \(P0: .* instead of P1\)"):
        call_command("restore", str(saved), force=True)


def test_where_a_statement_fails_after_all_was_cleared_the_database_is_as_it_was(saved, monkeypatch):
    monkeypatch.setattr(loading, "CLEAR", f"{loading.CLEAR}\nSELECT 1/0;")
    with pytest.raises(CommandError, match=r"psql failed: .*division by zero"):
        call_command("restore", str(saved), force=True)
    assert Product.objects.count() == 3


def test_the_oldest_programs_that_will_do_are_taken():
    found = programs.list_programs()
    assert min(one.major for one in found) == programs.find_programs(at_least=1).major
    assert programs.find_programs(at_least=facts.read_major()).major >= facts.read_major()


def test_an_older_backup_is_brought_to_the_tables_of_today(monkeypatch):
    called = []
    monkeypatch.setattr(restoring, "call_command", lambda *words, **_: called.append(words))
    restoring.migrate_on(say=called.append)
    assert called == []
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions' RETURNING app, name, applied")
        row = cursor.fetchone()
        try:
            restoring.migrate_on(say=called.append)
        finally:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    assert called == ["The backup is of an older Kindred: migrating", ("migrate",)]


def test_a_database_of_an_older_version_is_backed_up_without_asking_it_for_answers(shop, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions' RETURNING app, name, applied")
        row = cursor.fetchone()
        try:
            call_command("backup", str(tmp_path / "backup"))
        finally:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    said = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert (said["answers"], said["counts"]["catalog_product"]) == ({}, 3)


def test_a_database_that_is_away_is_told_of_without_a_traceback(tmp_path, monkeypatch):
    with monkeypatch.context() as down:
        connection.close()
        down.setitem(connection.settings_dict, "HOST", "/nowhere")
        with pytest.raises(CommandError, match=r"connection .* failed: .*: `manage\.py doctor` says what is amiss"):
            call_command("backup", str(tmp_path / "backup"))
        connection.close()
    assert not (tmp_path / "backup").exists()
