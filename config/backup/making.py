"""Make a backup beside a running shop: all of the database as of one moment, then every file that it names."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from catalog.management.progress import open_bar
from catalog.models import Chore
from catalog.pictures.left_files import FILES_STAY
from config.backup import facts, keys, manifest, media, programs
from config.backup.errors import BackupError
from config.backup.files import DigestedFile, check_room, say_bytes
from config.backup.manifest import DATABASE, MEDIA, UNFINISHED, Manifest
from config.backup.session import take_session
from embeddings.spaces.locks import describe_holder, read_holder, try_lock

CHORE = PURPOSE = "backup"
LOCK_WAIT_S = 30.0  # whoever deletes files holds the lock for a moment
# Numbers of vectors hardly compress, and their digits take more room than they do.
DUMP_GROWTH = 1.5
# All that a killed backup leaves. Where anything else is, too, the folder is somebody's and nothing in it goes.
OURS = frozenset({UNFINISHED, DATABASE, MEDIA, manifest.DRAFT, *keys.FILES})
Say = Callable[[str], object]


def make_backup(folder: Path, *, say: Say) -> Manifest:
    """Write a backup into a folder that is empty or not there. Raises BackupError, and leaves nothing there."""
    if not str(folder).isprintable():
        raise BackupError("The name of that folder is not all text, so no message could name it: name another one.")
    take_session()
    place = media.find_folder()
    if place and folder.resolve().is_relative_to(place.resolve()):
        raise BackupError(f"{folder} is among the media, which are copied: name a folder elsewhere.")
    with claim(folder), files_stay():
        sizes = facts.measure_tables()
        media_bytes = sum(size for _, size in media.list_files(place)) if place else 0
        needed_bytes = int(sum(sizes.values()) * DUMP_GROWTH) + media_bytes
        check_room(folder, needed_bytes=needed_bytes, what="The backup")
        say(f"Database: {say_bytes(sum(sizes.values()))}, media: {say_bytes(media_bytes)}")
        made = dump_database(folder, table_bytes=sum(sizes.values()))
        copy_media(folder, place, made, total_bytes=media_bytes)
        copied = keys.copy_keys(folder)
        made.files |= copied
        made.keys = list(copied)
        check_files_stayed()
        made.variables, made.key_mark = keys.list_variables(), keys.recognise_key(made.made_at)
        made.write(folder)
    note_backup(folder, made)
    return made


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Make a folder of our own, in place of what a killed backup left there; empty it where the block fails."""
    existed = folder.exists()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        left = {path.name for path in folder.iterdir()}
        if left and (UNFINISHED not in left or not left <= OURS):
            raise BackupError(f"{folder} is not empty: name a folder that is not there yet, or an empty one.")
        with open_mark(folder / UNFINISHED) as mark:
            hold(mark.fileno(), folder)
            empty(folder, but=UNFINISHED)
            try:
                yield
            except BaseException:
                empty(folder)
                if not existed:
                    folder.rmdir()
                raise
            (folder / UNFINISHED).unlink()
    except OSError as error:
        place = error.filename or folder
        raise BackupError(f"{place}: {error.strerror or error}. Mend that, or name another folder.") from error


def open_mark(path: Path) -> BinaryIO:
    """Open the mark, a file of ours: through a link it would be somebody else's."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb")


def hold(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BackupError(f"Another process is just writing a backup to {folder}: wait for it.") from None


def empty(folder: Path, *, but: str = "") -> None:
    for name in {*OURS, manifest.FILE} - {but}:
        (folder / name).unlink(missing_ok=True)


@contextmanager
def files_stay() -> Iterator[None]:
    """Let no picture and no sound leave the disk until the block ends. Raises BackupError where that cannot be had."""
    give_up_at = time.monotonic() + LOCK_WAIT_S
    while True:
        with try_lock(FILES_STAY, purpose=PURPOSE) as is_free:
            if is_free:
                yield
                return
        if time.monotonic() > give_up_at:
            holder = read_holder(FILES_STAY)
            raise BackupError(f"Another backup is being made ({holder.description if holder else '?'}): wait for it.")
        time.sleep(0.2)


def check_files_stayed() -> None:
    """Raise BackupError where the lock was lost, as by a restart of Postgres: files may have gone since."""
    holder = read_holder(FILES_STAY)
    if holder is None or holder.description != describe_holder(PURPOSE):
        raise BackupError("Postgres was restarted, or gave us up, while files were copied: run this again.")


def dump_database(folder: Path, *, table_bytes: int) -> Manifest:
    """Dump all that was committed at one moment, and count and ask what is compared later as of that moment."""
    tools = programs.find_programs(at_least=facts.read_major())
    name, environment = programs.name_database()
    with open_snapshot() as snapshot, open_bar("database", unit="B") as bar:
        command = tools.command(
            "pg_dump", "--format=custom", "--compress=1", f"--snapshot={snapshot}", f"--dbname={name}"
        )
        with (
            DigestedFile(folder / DATABASE, on_bytes=bar.update) as dump,
            programs.running(command, environment=environment, stdout=programs.PIPE) as process,
        ):
            dump.take(process.stdout)  # type: ignore[arg-type]  # PIPE
        return Manifest(
            made_at=timezone.now().isoformat(timespec="seconds"),
            programs=tools.major,
            versions=facts.read_versions(),
            database_bytes=table_bytes,
            migrations=facts.list_migrations(),
            counts=facts.count_rows(),
            answers=facts.answer_sample(),
            files={DATABASE: dump.describe()},
            media={},
            keys=[],
            variables=[],
            key_mark="",
        )


@contextmanager
def open_snapshot() -> Iterator[str]:
    """Yield the name of a snapshot; what the block asks the database is as of that moment, too."""
    connection.ensure_connection()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute("SELECT set_config(%s, '0', true)", [limit])
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def copy_media(folder: Path, place: Path | None, made: Manifest, *, total_bytes: int) -> None:
    """Copy the files of pictures and sounds, as far as they are on a disk."""
    if place is None:
        made.media = {"kept_in": "bucket"}
        return
    with (
        open_bar("media", total=total_bytes, unit="B") as bar,
        DigestedFile(folder / MEDIA, on_bytes=bar.update) as output,
    ):
        count = media.write_tar(output, place)
    made.files[MEDIA] = output.describe()
    made.media = {"kept_in": MEDIA, "files": count, "bytes": total_bytes}


def note_backup(folder: Path, made: Manifest) -> None:
    """Remember when the last backup was made: the doctor asks for another one some days later."""
    state: dict[str, Any] = {"folder": str(folder), "bytes": sum(one["bytes"] for one in made.files.values())}
    with suppress(DatabaseError):  # of an older version, which has no table for it
        Chore.objects.update_or_create(name=CHORE, defaults={"done_at": made.made_at, "state": state})
