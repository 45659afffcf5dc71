"""Whether it is kept who saw what, and for how long. Settings of their own file: `config.settings` offers them."""

from __future__ import annotations

from config.environment import Environment

env = Environment()

KINDRED_AUDIT_VIEWS: bool | None = env.bool("KINDRED_AUDIT_VIEWS", default=None)  # unset: as the field says
# Six years, and a day for leap years: so long a hospital in the USA keeps such records (45 CFR 164.316(b)(2)(i)).
KINDRED_AUDIT_KEPT_DAYS: int = env.int("KINDRED_AUDIT_KEPT_DAYS", default=2192)  # 0: for ever
