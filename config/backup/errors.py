"""The one error of backups."""

from __future__ import annotations


class BackupError(Exception):
    """A backup cannot be made or restored. The message says what is wrong and what to do next."""
