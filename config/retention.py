"""How long things are kept that can be made again, and what backups go by."""

from __future__ import annotations

from config.environment import Environment

__all__ = ["KINDRED_BACKUP_DATABASE_URL", "KINDRED_BACKUP_DAYS", "KINDRED_INPUTS_KEPT_DAYS", "KINDRED_SPACES_KEPT_DAYS"]

env = Environment()

KINDRED_INPUTS_KEPT_DAYS = env.int("KINDRED_INPUTS_KEPT_DAYS", default=30)  # what encoders said; 0: for ever
KINDRED_SPACES_KEPT_DAYS = env.int("KINDRED_SPACES_KEPT_DAYS", default=90)  # vectors of retired ones; 0: for ever
KINDRED_BACKUP_DATABASE_URL = env.str("KINDRED_BACKUP_DATABASE_URL", default="")  # Postgres, where a pooler is named
KINDRED_BACKUP_DAYS = env.int("KINDRED_BACKUP_DAYS", default=7)  # then the doctor asks for another; 0: never
