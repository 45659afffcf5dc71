"""Restore a backup, and say whether what is there now is what was saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from catalog.management.progress import open_bar
from config import services
from config.backup import facts, keys, media
from config.backup.errors import BackupError
from config.backup.files import check_digest, check_room, say_bytes
from config.backup.loading import check_alone, load_dump
from config.backup.manifest import DATABASE, MEDIA, Manifest, read_manifest
from config.backup.session import take_session

# Whoever has none of these has nothing to lose: a database that was migrated, and no more.
TELLING = ("catalog_product", "auth_user", "behaviour_event", "api_apikey")
RESTORED_GROWTH = 2.5  # tables with their indexes, and the log of writing them
Say = Callable[[str], object]


def restore_backup(folder: Path, *, is_forced: bool, say: Say) -> None:
    """Put a backup in place of what is there. Raises BackupError; until the database is committed nothing has changed
    but that files are there which no row names."""
    saved = read_manifest(folder)
    check_backup(folder, saved, say=say)
    check_target(saved, is_forced=is_forced)
    if MEDIA in saved.files:
        with open_bar("media", total=saved.media["bytes"], unit="B") as bar:
            media.restore_tar(folder / MEDIA, on_bytes=bar.update)
    with open_bar("database", unit="B") as bar:
        load_dump(folder / DATABASE, written_by=saved.programs, on_bytes=bar.update)
    for name in keys.restore_keys(folder, saved.keys):
        say(f"{keys.find_home() / name}: restored")
    compare_counts(saved)
    compare_answers(saved, is_older=migrate_on(say=say))


def check_backup(folder: Path, saved: Manifest, *, say: Say) -> None:
    """Raise BackupError where a file is not what was written."""
    say(f"A backup of {saved.made_at}, {say_bytes(sum(one['bytes'] for one in saved.files.values()))}")
    with open_bar("check", total=sum(one["bytes"] for one in saved.files.values()), unit="B") as bar:
        for name, described in saved.files.items():
            check_digest(folder / name, described, on_bytes=bar.update)


def check_target(saved: Manifest, *, is_forced: bool) -> None:
    """Raise BackupError where the backup cannot, or should not, be restored here."""
    take_session()
    if newer := sorted(set(saved.migrations) - facts.list_known_migrations(MigrationLoader(connection))):
        raise BackupError(
            f"The backup is of a newer Kindred, which has {newer[-1]}: update the code first, and run this again."
        )
    filled = [table for table in TELLING if has_rows(table)]
    if filled and not is_forced:
        raise BackupError(
            f"The database is not empty ({', '.join(filled)}): restore into a new one, or run this with --force, which "
            "puts the backup in its place. What it holds is gone then: make a backup of it first."
        )
    check_alone()
    place = media.find_folder()
    if MEDIA in saved.files and place is not None:
        check_room(place, needed_bytes=saved.media["bytes"], what="Restoring the media")
    if services.needed().database:
        needed_bytes = int(saved.database_bytes * RESTORED_GROWTH)
        check_room(keys.find_home(), needed_bytes=needed_bytes, what="Restoring the database")


def has_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return False
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
        return bool(cursor.fetchone()[0])


def compare_counts(saved: Manifest) -> None:
    """Raise BackupError where a table has other rows than were saved."""
    found = facts.count_rows()
    wrong = [
        f"{table} {found.get(table, 'missing')} instead of {saved.counts.get(table, 'none')}"
        for table in sorted(saved.counts.keys() | found.keys())
        if saved.counts.get(table) != found.get(table)
    ]
    if wrong:
        raise BackupError(f"What was restored is not what was saved: {', '.join(wrong)}. Restore another backup.")


def migrate_on(*, say: Say) -> bool:
    """Bring an older backup to the tables of this version. Returns whether it was one."""
    is_older = bool(facts.list_outstanding())
    if is_older:
        say("The backup is of an older Kindred: migrating")
        call_command("migrate", interactive=False, verbosity=0)
    return is_older


def compare_answers(saved: Manifest, *, is_older: bool) -> None:
    """Raise BackupError where products have other similar ones than they had."""
    found = facts.answer_sample()
    if saved.answers and found != saved.answers:
        wrong = [
            f"{sku}: {', '.join(found.get(sku, [])) or 'none'} instead of {', '.join(saved.answers.get(sku, []))}"
            for sku in sorted(found.keys() | saved.answers.keys())
            if found.get(sku) != saved.answers.get(sku)
        ]
        why = "The backup is of an older Kindred, or rules" if is_older else "Rules"
        raise BackupError(
            f"All rows are restored, and products have other similar ones than they had ({'; '.join(wrong)}). {why} "
            "that began or ended since would be why; if neither is so, restore another backup."
        )
