"""The read replica: where it is, and how far behind it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.replica.routing import REPLICA
from config import services
from config.environment import Environment

env = Environment()
ANSWER_WITHIN = {  # or the primary is asked
    "connect_timeout": 2,  # s: libpq knows no shorter one
    "tcp_user_timeout": 3000,  # ms that what was sent may go unacknowledged, as by a machine that has lost its power
}

DATABASE_REPLICA_URL = env.str("DATABASE_REPLICA_URL", default="")  # empty: everything is read from the primary
KINDRED_REPLICA_LAG_S = env.float("KINDRED_REPLICA_LAG_S", default=10)  # more than two looks of `api.replica.watching`
DATABASE_ROUTERS = ["api.replica.routing.ReplicaRouter"] if DATABASE_REPLICA_URL else []


def replica_settings(home: Path, *, url: str) -> dict[str, dict[str, Any]]:
    """Return what DATABASES has of it: nothing where `url` is empty."""
    if not url:
        return {}
    return {REPLICA: services.database_settings(home, url=url, options=ANSWER_WITHIN) | {"TEST": {"MIRROR": "default"}}}
