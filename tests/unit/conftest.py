"""A unit test needs Python and the project, no server: one that asks the database or the network for anything fails."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

# Before NumPy is read: on arrays as small as these a second thread brings nothing, and on a busy machine it costs much.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ADVICE = "Unit tests do without servers: give it what it needs as values, or move it to the tests of its app."


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Refuse the database to whoever asks for it. Whoever does not ask is refused it by pytest-django."""
    pytest.fail(f"This test asks for the database. {ADVICE}")


@pytest.fixture(autouse=True)
def no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection: to a broker, a cache, a web server."""

    def refuse(_socket: socket.socket, address: Any) -> None:
        pytest.fail(f"This test connects to {address}. {ADVICE}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """There is no cache here to be emptied after each test."""
