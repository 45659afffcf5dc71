"""What executors are told of the shop: where its database and files are, and no more than encoding takes."""

from __future__ import annotations

import os
import secrets
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

# Of the shop's own variables those that bear on reading files and encoding them. Not its other secrets: executors
# sign nothing, know no user, and answer nobody.
PASSED = (
    "KINDRED_FETCH_NETWORKS", "KINDRED_SOUND_MIB", "KINDRED_SOUND_SECONDS", "KINDRED_FIELD", "LOG_LEVEL", "HF_HOME",
    "HF_HUB_OFFLINE",
    # The bucket of the shop's files, and the keys to it where no role of the machine has them.
    "KINDRED_MEDIA_BUCKET", "KINDRED_MEDIA_ENDPOINT", "KINDRED_MEDIA_REGION", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
)  # fmt: skip


def make_environment(*, is_local: bool) -> dict[str, str]:
    """Return the variables of an executor's processes; `is_local`: on this machine, under its KINDRED_HOME."""
    own = {name: os.environ[name] for name in PASSED if name in os.environ}
    if is_local:
        own["KINDRED_HOME"] = str(settings.KINDRED_HOME)
    return own | {
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "DATABASE_URL": write_database_url(),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "SECRET_KEY": secrets.token_urlsafe(32),  # of this run: with one, none is made or read there
        "PYTHONPATH": str(settings.BASE_DIR),
    }


def write_database_url() -> str:
    """Return where this process has its database, as DATABASE_URL says it; also where it is the embedded one."""
    database = connection.settings_dict
    login = ":".join(quote(str(database.get(part) or ""), safe="") for part in ("USER", "PASSWORD")).rstrip(":")
    host = quote(str(database.get("HOST") or ""), safe="")
    port = f":{database['PORT']}" if database.get("PORT") else ""
    options = {
        name: value
        for name, value in (database.get("OPTIONS") or {}).items()
        if name.startswith("ssl") and isinstance(value, str)
    }
    query = f"?{urlencode(options)}" if options else ""
    return f"postgres://{login}@{host}{port}/{quote(str(database['NAME']), safe='')}{query}"
