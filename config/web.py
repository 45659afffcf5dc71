"""What web processes have and workers have not: static files, and a limit to what one statement may take."""

from __future__ import annotations

import gc
import logging
from typing import Any

from django.conf import settings
from django.db.backends.signals import connection_created
from django.urls import get_resolver

from api.database_session import has_session
from config.static_files import check_collected
from embeddings.encoders.device import give_back_memory

logger = logging.getLogger(__name__)


def prepare_web_process() -> None:
    """Call it once, before the first request: what is in memory by then, processes forked from this one share."""
    for warning in check_collected():
        logger.error("%s %s", warning.msg, warning.hint)
    list(get_resolver().url_patterns)  # all views are imported now, not at the first visitor's request
    gc.collect()
    give_back_memory()
    gc.freeze()
    connection_created.connect(limit_statements, dispatch_uid="config.web.limit_statements")


def limit_statements(connection: Any, **_: Any) -> None:
    """Have Postgres cancel what takes too long, for a visitor has left by then and others wait.

    Behind a pooler the limit would pass on to workers, whose builds take minutes: there the pooler sets it
    (docs/operations.md), and `check --deploy` says so where it does not.
    """
    if not has_session(connection):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false)", [f"{settings.KINDRED_STATEMENT_TIMEOUT_S * 1000:.0f}"]
        )
