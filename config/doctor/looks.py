"""What neither a readiness check nor a system check says, each by a look that costs nothing worth mentioning."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from api.counts import count_rows
from catalog.models import Chore, ProductImage
from config.backup import facts, media
from config.backup.files import say_bytes
from config.backup.making import CHORE
from config.doctor.line import Level, Line
from config.services.preflight import FREE_BYTES_RESTART
from embeddings.checks import STANDSTILL_MAX
from embeddings.coverage import oldest_due_at
from embeddings.models import EmbeddingSpace, PendingEmbedding

LOW_BYTES = 2 * 1024**3  # that a night of builds, or a backup, may take
PROBE = "doctor:probe"
NEWEST = 3  # pictures; one alone may have been lost by itself

# What mends what a readiness check finds, where the server is ours and where it is named by a variable.
EMBEDDED, NAMED = 0, 1
MENDS = {
    "database": ("python manage.py up", 'psql "$DATABASE_URL" -c "SELECT 1"'),
    "broker": ("python manage.py up", 'redis-cli -u "$CELERY_BROKER_URL" ping'),
    "beat": ("python manage.py up", "systemctl restart kindred-beat"),
    "process": ("python manage.py up", "systemctl restart kindred-worker@{queue}"),
    "live space": ("python manage.py embed_products",) * 2,
    "queue": ("python manage.py embed_products",) * 2,
    "replica": ("", 'psql "$DATABASE_REPLICA_URL" -c "SELECT pg_is_in_recovery()"'),
}


def find_mend(name: str) -> str:
    """Return the command that mends a readiness check, or begins to."""
    _, is_process, queue = name.rpartition("process ")
    kind = "process" if is_process and queue != "beat" else queue
    is_named = settings.DATABASE_URL if kind == "database" else settings.BROKER_URL
    return MENDS.get(kind, ("", ""))[NAMED if is_named or kind == "replica" else EMBEDDED].format(queue=queue)


def word_error(error: Exception) -> str:
    """Return an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def look_at_database() -> list[Line]:
    versions = facts.read_versions()
    where = connection.settings_dict["HOST"] or "localhost"
    said = f"PostgreSQL {versions['postgres']} at {where}, pgvector {versions.get('vector', 'missing')}"
    return [Line("database", Level.FINE, said)]


def look_at_migrations() -> list[Line]:
    """Tell the database from the code: one of them may be older."""
    if outstanding := facts.list_outstanding():
        said = f"{len(outstanding)} are outstanding, the first is {outstanding[0]}"
        return [Line("migrations", Level.FAULT, said, "python manage.py migrate")]
    unknown = sorted(set(facts.list_migrations()) - facts.list_known_migrations(MigrationLoader(connection)))
    if unknown:
        said = f"the database was migrated by newer code, up to {unknown[-1]}"
        return [Line("migrations", Level.WARNING, said, "update the code, or restore an older backup")]
    return [Line("migrations", Level.FINE, "all are made")]


def look_at_cache() -> list[Line]:
    """Have the cache keep something: one that is down says nothing, for an answer is worth more."""
    if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        said = "each process has one of its own: limits count by process, and nobody hears the workers"
        return [Line("cache", Level.WARNING, said, "set CACHE_URL to a Redis or Valkey")]
    now = timezone.now().isoformat()
    cache.set(PROBE, now, timeout=60)
    if cache.get(PROBE) == now:
        return [Line("cache", Level.FINE, "keeps what it is told")]
    mend = 'redis-cli -u "$CACHE_URL" ping' if settings.CACHE_URL else find_mend("broker")
    return [Line("cache", Level.WARNING, "does not keep what it is told: answers are slower, limits do not hold", mend)]


def look_at_disk() -> list[Line]:
    """Look at each disk that is written to."""
    places = [Path(settings.KINDRED_HOME), *filter(None, [media.find_folder()])]
    found = {path.stat().st_dev: path for path in reversed(places) if path.exists()}
    return [measure_disk(path) for path in reversed(found.values())]


def measure_disk(path: Path) -> Line:
    free_bytes = shutil.disk_usage(path).free
    said = f"{say_bytes(free_bytes)} free at {path}"
    if free_bytes < FREE_BYTES_RESTART:
        return Line("disk", Level.FAULT, f"{said}: Postgres is about to stop", "python manage.py prune")
    if free_bytes < LOW_BYTES:
        return Line("disk", Level.WARNING, said, "python manage.py prune")
    return Line("disk", Level.FINE, said)


def look_at_media() -> list[Line]:
    """Look for the newest pictures: none of them is there where a disk is not mounted, or a bucket is another one."""
    is_bucket = media.find_folder() is None
    where = f"bucket {settings.KINDRED_MEDIA_BUCKET}" if is_bucket else settings.MEDIA_ROOT
    named = ProductImage.objects.exclude(file="").order_by("-pk").values_list("file", flat=True)[:NEWEST]
    try:
        there = [default_storage.exists(name) for name in named]
    except OSError as error:
        there, reason = [False], word_error(error)
    else:
        reason = "it has none of the newest pictures that the database names"
    if any(there) or not there:
        return [Line("media", Level.FINE, f"{where}: the newest pictures are there" if there else f"{where}: empty")]
    mend = "KINDRED_MEDIA_BUCKET, KINDRED_MEDIA_ENDPOINT and its keys" if is_bucket else "MEDIA_ROOT and its disk"
    return [Line("media", Level.FAULT, f"{where}: {reason}", f"see to {mend}, or restore a backup")]


def look_at_vectors() -> list[Line]:
    """Name the live space and say for how long products wait; whether that is in vain says the check `queue`."""
    live = EmbeddingSpace.objects.live()
    lines = []
    if live:
        since = f", live since {live.promoted_at:%Y-%m-%d}" if live.promoted_at else ""
        lines.append(Line("space", Level.FINE, f"{live.name}{since}: {live.describe_recipe()}"))
    oldest = oldest_due_at()
    if oldest is None:
        return [*lines, Line("pending", Level.FINE, "no product waits for its vector")]
    waited, count = timezone.now() - oldest, count_rows(PendingEmbedding.objects.exclude(retry_at=None))
    said = f"{count.number} products wait, the oldest for {word_time(waited)}"
    level = Level.WARNING if waited > STANDSTILL_MAX else Level.FINE
    return [*lines, Line("pending", level, said, "python manage.py embed_products" if level else "")]


def look_at_backup() -> list[Line]:
    """Say how old the last backup is, as far as it was made by `manage.py backup`."""
    chore = Chore.objects.filter(name=CHORE).first()
    wanted = settings.KINDRED_BACKUP_DAYS
    if chore is None or chore.done_at is None:
        level = Level.WARNING if wanted else Level.FINE
        said = "none is known of; KINDRED_BACKUP_DAYS=0 where something else makes them"
        return [Line("backup", level, said, "python manage.py backup DIR" if level else "")]
    age = timezone.now() - chore.done_at
    level = Level.WARNING if wanted and age > timedelta(days=wanted) else Level.FINE
    said = f"{word_time(age)} old, {say_bytes(chore.state.get('bytes', 0))} at {chore.state.get('folder')}"
    return [Line("backup", level, said, "python manage.py backup DIR" if level else "")]


def word_time(passed: timedelta) -> str:
    """Return the largest unit alone: 3 days, 5 hours, 12 s."""
    for unit, seconds in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if passed.total_seconds() >= 2 * seconds:
            return f"{passed.total_seconds() / seconds:.0f} {unit}"
    return f"{max(0, passed.total_seconds()):.0f} s"


LOOKS: tuple[Callable[[], list[Line]], ...] = (look_at_cache, look_at_disk)
DATABASE_LOOKS: tuple[Callable[[], list[Line]], ...] = (look_at_media, look_at_vectors, look_at_backup)
