"""The programs of Postgres need a session of their own, which a pooler does not give."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connection

from api.database_session import has_session
from config import services
from config.backup.errors import BackupError


def take_session() -> None:
    """Speak to Postgres itself from now on. Raises BackupError where nobody says how."""
    if settings.KINDRED_BACKUP_DATABASE_URL:
        connection.close()
        url = services.database_settings(Path(settings.KINDRED_HOME), url=settings.KINDRED_BACKUP_DATABASE_URL)
        connection.settings_dict.update(url)
    if not has_session(connection):
        raise BackupError(
            "A pooler stands before Postgres, and its programs need a session: set KINDRED_BACKUP_DATABASE_URL to a "
            "DATABASE_URL that names Postgres itself."
        )
