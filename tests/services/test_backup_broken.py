"""Backups and restores that somebody or something breaks: nothing is lost by it, and nothing is taken for whole."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import tarfile
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import Product
from config.backup import loading, making
from config.backup.errors import BackupError
from config.backup.loading import check_alone
from config.backup.manifest import read_manifest
from tests.full_disk import no_room_for_more_than
from tests.services import test_backup as backups
from tests.services.test_backup import ask_superuser, files_of

home, shop, saved = backups.home, backups.shop, backups.saved  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)


def die_once_cleared(_: object, psql: subprocess.Popen[bytes], **__: object) -> None:
    """End this process as `kill -9` does: psql has a whole statement, and then the end of its input."""
    psql.stdin.write(loading.CLEAR.encode())
    psql.stdin.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for_psql() -> None:
    """Wait until what the killed process has left has ended, one way or the other."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            check_alone()
        except BackupError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("somebody is connected still")


def test_a_restore_that_is_killed_leaves_the_database_as_it_was(saved, monkeypatch):
    connection.close()
    if (child := os.fork()) == 0:
        try:
            monkeypatch.setattr(loading, "pass_on", die_once_cleared)
            loading.load_dump(saved / "database.dump", written_by=read_manifest(saved).programs, on_bytes=len)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    wait_for_psql()
    assert Product.objects.count() == 3


def test_a_backup_touches_nothing_but_its_own_and_leaves_no_media_out(home, tmp_path, settings):
    notes, elsewhere = tmp_path / "notes", tmp_path / "elsewhere"
    notes.mkdir()
    for name in ("unfinished", "diary"):
        (notes / name).touch()
    with pytest.raises(CommandError, match="notes is not empty"):
        call_command("backup", str(notes))
    assert files_of(notes) == ["diary", "unfinished"]
    (notes / "diary").unlink()
    (notes / "unfinished").unlink()
    elsewhere.touch(0o644)
    (notes / "unfinished").symlink_to(elsewhere)
    with pytest.raises(CommandError, match="notes/unfinished: Too many levels of symbolic links"):
        call_command("backup", str(notes))
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644

    disk = tmp_path / "disk"
    (disk / "ab").mkdir(parents=True)
    (disk / "ab" / "one.png").write_text("kept on a larger disk")
    settings.MEDIA_ROOT.mkdir(exist_ok=True)
    (settings.MEDIA_ROOT / "products").symlink_to(disk)
    (tmp_path / "link").symlink_to(settings.MEDIA_ROOT)
    with pytest.raises(CommandError, match="is among the media"):
        call_command("backup", str(tmp_path / "link" / "here"))
    call_command("backup", str(tmp_path / "backup"))
    with tarfile.open(tmp_path / "backup" / "media.tar") as tar:
        assert tar.getnames() == ["products/ab/one.png"]


def test_a_backup_on_a_disk_that_fills_leaves_nothing_and_one_whose_lock_is_lost_is_none(shop, tmp_path, monkeypatch):
    folder = tmp_path / "backup"
    with no_room_for_more_than(20_000), pytest.raises(CommandError, match="File too large"):
        call_command("backup", str(folder))
    assert not folder.exists()

    def end_others(*words: object, **_: object) -> None:
        ask_superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'backup,%'")

    monkeypatch.setattr(making, "copy_media", end_others)
    with pytest.raises(CommandError, match="gave us up, while files were copied: run this again"):
        call_command("backup", str(folder))
    assert not folder.exists()


def test_a_backup_whose_key_or_manifest_was_changed_is_refused_before_anything_is(saved):
    (saved / "secret_key").write_text("cut")
    with pytest.raises(CommandError, match="secret_key is not what was written"):
        call_command("restore", str(saved), force=True)
    for said in ("[]", "{}", (saved / "manifest.json").read_text().replace('"made_at": "2', '"made_at": "3')):
        (saved / "manifest.json").write_text(said)
        with pytest.raises(CommandError, match=r"is of format none|is of format None|it was changed"):
            call_command("restore", str(saved), force=True)
    assert Product.objects.count() == 3
