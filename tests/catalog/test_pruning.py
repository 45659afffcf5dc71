"""What is kept for a time only: batch by batch, by whoever comes first, each part on its own."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from catalog import pruning
from catalog.models import Chore, LeftFile, Product, Upload
from catalog.pictures import orphans
from catalog.pictures.left_files import FILES_STAY
from catalog.pruning import PRUNERS, prune, prune_slice
from embeddings.spaces.locks import try_lock
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db
TWO_DAYS_S = 2 * 86_400


@pytest.fixture
def part(monkeypatch):
    """Register a part that has so many batches of one, which go as they are taken."""
    left = [3]

    def batches(dry_run: bool):
        while left[0]:
            left[0] -= not dry_run
            yield 1
            if dry_run:
                return

    monkeypatch.setattr(pruning, "PRUNERS", {})
    pruning.register_pruner("toys", title="Toys", every=timedelta(days=1))(batches)
    return left


def test_a_part_that_is_stopped_goes_on_and_is_left_alone_once_it_is_done(part):
    assert (prune("toys", seconds=-1), part, Chore.objects.count()) == (1, [2], 0)
    assert (prune_slice(), part) == ({"toys": 2}, [0])
    part[0] = 5
    assert prune_slice() == {}  # not before tomorrow
    Chore.objects.update(done_at=timezone.now() - timedelta(days=1))
    assert prune_slice(seconds=-1) == {"toys": 1}


def test_a_part_that_fails_keeps_no_other_from_going(part, caplog):
    @pruning.register_pruner("broken", title="Broken")
    def batches(dry_run: bool):
        raise OSError("no disk")
        yield 0

    assert prune_slice() == {"toys": 3}
    assert "Nothing more of broken is forgotten until the next time." in caplog.text


def test_every_part_is_there_and_the_worker_leaves_those_of_events_to_their_own_task():
    own = {"events", "event_keys", "sessions", "tombstones"}
    rest = {"answers", "files", "inputs", "log_ins", "orphans", "spaces", "uploads", "views"}
    assert {name for name, pruner in PRUNERS.items() if pruner.has_own_task} == own
    assert {name for name, pruner in PRUNERS.items() if not pruner.has_own_task} == rest
    with pytest.raises(CommandError, match=r"There is no toys\. Choose of answers, "):
        call_command("prune", "toys")


def store(media: Path, name: str, *, age_s: int = TWO_DAYS_S) -> str:
    path = media / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (time.time() - age_s,) * 2)
    return name


def left_in(media: Path) -> list[str]:
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def test_files_that_no_row_names_go_and_all_others_stay(media_directory, monkeypatch):
    product = make_product("A", colours=["red"])
    image = product.images.get()
    sized = store(media_directory, f"sized/160/{image.sha256[:2]}/{image.sha256}.webp")
    os.utime(media_directory / image.file.name, (time.time() - TWO_DAYS_S,) * 2)
    kept = [
        image.file.name,
        sized,
        store(media_directory, f"products/ab/{'ab' * 32}.png", age_s=60),  # its row comes in a moment
        store(media_directory, f"sounds/ef/{'ef' * 32}.flac"),  # may yet be undone
        store(media_directory, "products/ab/somebody-else.png"),
        store(media_directory, "elsewhere/ab/tmp12345678"),
    ]
    LeftFile.objects.create(name=kept[3], due_at=timezone.now() + timedelta(days=9))
    for name in (f"products/00/{'00' * 32}.png", f"products/cd/{'cd' * 32}.png", f"sounds/ff/{'ff' * 32}.flac",
                 f"sized/640/ee/{'ee' * 32}.webp", "products/cd/tmp12ab_678"):  # fmt: skip
        store(media_directory, name)
    monkeypatch.setattr(orphans, "AT_ONCE", 1)  # folders of several names are looked at in turns

    assert prune("orphans", dry_run=True) == 5
    assert Chore.objects.count() == 0
    assert prune("orphans", seconds=-1) == 1  # killed after the first of a full round
    assert Chore.objects.get().state["folder"] <= 1
    assert prune("orphans") == 4
    assert prune("files") == 0  # a row may be about to have them
    LeftFile.objects.exclude(pk=kept[3]).update(due_at=timezone.now())
    assert (prune("files", dry_run=True), prune("files")) == (3, 3)
    assert left_in(media_directory) == sorted(kept)
    assert (Chore.objects.get().state, LeftFile.objects.count()) == ({}, 1)


def test_an_orphan_that_a_row_takes_up_meanwhile_stays(media_directory):
    name = make_product("A", colours=["red"]).images.get().file.name
    for rows in (Product, LeftFile):
        rows.objects.all().delete()
    os.utime(media_directory / name, (time.time() - TWO_DAYS_S,) * 2)
    assert prune("orphans") == 1
    make_product("B", colours=["red"])  # its content was there already, and its row is there only now
    LeftFile.objects.update(due_at=timezone.now())
    assert (prune("files", dry_run=True), prune("files")) == (0, 0)
    assert (media_directory / name).exists()


def test_an_import_that_somebody_takes_back_just_now_is_not_forgotten():
    now = timezone.now()
    old = [Upload.objects.create(state=Upload.State.DONE, asked_at=now - timedelta(days=999)) for _ in range(2)]
    batches = PRUNERS["uploads"].batches(False)
    assert next(batches) == 1
    taken = Upload.objects.filter(is_pruned=False, pk__in=[one.pk for one in old])
    assert taken.update(state=Upload.State.WAITING, asked_at=now) == 1
    assert (sum(batches), taken.count()) == (0, 1)


def test_sessions_that_are_over_go():
    for key, days in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + timedelta(days=days))
    assert (prune("log_ins", dry_run=True), prune("log_ins")) == (1, 1)
    assert Session.objects.get().session_key == "new"


@pytest.mark.django_db(transaction=True)
def test_while_a_backup_is_made_no_file_goes(media_directory):
    name = store(media_directory, f"products/00/{'00' * 32}.png")
    LeftFile.objects.create(name=name, due_at=timezone.now())
    with try_lock(FILES_STAY, purpose="backup") as is_free:
        assert is_free
        assert (prune("files"), left_in(media_directory)) == (0, [name])
    assert (prune("files"), left_in(media_directory)) == (1, [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)
