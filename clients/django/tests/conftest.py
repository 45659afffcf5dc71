from __future__ import annotations

import pytest
from django.core.cache import cache
from kindred_server import KindredServer

from kindred_django import courier, similar
from kindred_django.management.commands import kindred_sync


@pytest.fixture
def kindred(settings, monkeypatch):
    """A server that answers as Kindred does, and this shop connected to it. Sent is when a test says so."""
    server = KindredServer()
    settings.KINDRED = settings.KINDRED | {"URL": server.url}
    monkeypatch.setattr(courier, "GATHER_S", 0)
    monkeypatch.setattr(kindred_sync, "PROGRESS_S", float("inf"))  # a slow machine says no more than a quick one
    monkeypatch.setattr(courier, "courier", courier.Courier())
    monkeypatch.setattr(similar, "asker", similar.Asker())
    cache.clear()
    yield server
    courier.courier.join()
    similar.asker.pool.shutdown()
    server.close()


@pytest.fixture
def override(settings):
    """Return a function that changes some names of KINDRED."""

    def change(**names):
        settings.KINDRED = settings.KINDRED | names

    return change
