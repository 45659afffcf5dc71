from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from config.services import postgres


@pytest.fixture
def asked(monkeypatch) -> list[Path]:
    """A server whose main process is this one; the list holds each time that it was asked whether it answers."""
    homes: list[Path] = []
    monkeypatch.setattr(postgres, "_answered", None)
    monkeypatch.setattr(postgres, "postmaster", lambda _: psutil.Process(os.getpid()))
    monkeypatch.setattr(postgres, "start_or_wait", homes.append)
    return homes


def test_a_server_that_has_answered_is_not_asked_again_while_it_lives(asked, tmp_path):
    postgres.ensure(tmp_path)
    postgres.ensure(tmp_path)
    assert asked == [tmp_path]


def test_another_server_is_asked_and_so_is_one_that_was_started_anew(asked, tmp_path, monkeypatch):
    postgres.ensure(tmp_path)
    postgres.ensure(tmp_path / "other")
    monkeypatch.setattr(postgres, "postmaster", lambda _: psutil.Process(os.getppid()))
    postgres.ensure(tmp_path / "other")
    assert asked == [tmp_path, tmp_path / "other", tmp_path / "other"]
