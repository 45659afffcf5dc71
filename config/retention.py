"""How long things are kept that can be made again, and how old a backup may be."""

from __future__ import annotations

from config.environment import Environment

_env = Environment()
KINDRED_INPUTS_KEPT_DAYS = _env.int("KINDRED_INPUTS_KEPT_DAYS", default=30)  # what encoders said; 0: for ever
KINDRED_SPACES_KEPT_DAYS = _env.int("KINDRED_SPACES_KEPT_DAYS", default=90)  # vectors of retired ones; 0: for ever
KINDRED_BACKUP_DAYS = _env.int("KINDRED_BACKUP_DAYS", default=7)  # then the doctor asks for another; 0: never
