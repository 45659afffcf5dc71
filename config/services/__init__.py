"""The servers Kindred needs: yours where a variable names them, embedded ones under KINDRED_HOME where none does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ


def database_settings(home: Path, *, url: str) -> dict[str, Any]:
    """Return Django's DATABASES entry. `url` empty means the embedded Postgres. Starts nothing."""
    if not url:
        url = ""
    config: dict[str, Any] = environ.Env.db_url_config(url) if url else {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "kindred",
        "USER": "postgres",
        "HOST": str(home / "postgres"),
    }
    return config


def broker_url(home: Path, *, url: str) -> str:
    """Return Celery's broker URL. `url` empty means the embedded Valkey. Starts nothing."""
    return url or f"redis+socket://{home / 'valkey' / 'valkey.sock'}"


def cache_settings(home: Path, *, url: str) -> dict[str, Any]:
    """Return Django's CACHES entry: database 1 of the embedded Valkey unless `url` names another. Starts nothing."""
    location = url or f"unix://{home / 'valkey' / 'valkey.sock'}?db=1"
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": location,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 0.5},
    }
