"""A build that is ended by `kill -9` in its midst is gone on with: what is there then is what one build would write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from behaviour.versions.building import build_version
from behaviour.versions.lifecycle import create_version
from behaviour.versions.version import Version
from tests.behaviour.event_rows import add_events
from tests.conftest import PROJECT
from tests.factories import ProductFactory

DAY = datetime(2026, 5, 1, tzinfo=UTC)
READ = {
    "behaviour_neighbours": "kind, product_id, evidence, neighbour_ids, scores, shares",
    "behaviour_ranking": "kind, product_id, score, support, place",
    "behaviour_profile": "user_key, product_ids, scores, shares",
}


@pytest.fixture
def shop(transactional_db) -> None:
    """Twelve products; thirty users who each bought two that lie beside each other, and looked at the next ones."""
    for number in range(12):
        ProductFactory(sku=f"S{number}")
    for user in range(30):
        of_user = {"user_key": UUID(int=user + 1), "consent": "personalisation", "occurred_at": DAY - timedelta(user)}
        order = {**of_user, "order_key": UUID(int=100 + user)}
        add_events({**order, "sku": f"S{(user + step) % 12}"} for step in (0, 1))
        add_events({**of_user, "type": "view", "sku": f"S{(user + step) % 12}"} for step in (1, 2, 3))


def about(value: Any) -> Any:
    """Return what is equal to `value`, scores to five digits: two processes may add up in another order."""
    scores = value if isinstance(value, list) else [value]
    return pytest.approx(value, rel=1e-5) if scores and isinstance(scores[0], float) else value


def read_rows(version: Version) -> dict[str, list[Any]]:
    """Return all that was written of a version, by table."""
    found = {}
    with connection.cursor() as cursor:
        for table, columns in READ.items():
            cursor.execute(f"SELECT {columns} FROM {table} WHERE version_id = %s ORDER BY 1, 2", [version.pk])
            found[table] = cursor.fetchall()
    return found


def test_a_build_that_is_killed_and_started_again_writes_what_one_build_would(shop, child_environment):
    whole = create_version("whole")
    build_version(whole)
    killed = create_version("killed")
    command = [sys.executable, "manage.py", "train_behaviour", "--version", "killed"]
    with psycopg.connect(child_environment["DATABASE_URL"]) as other:
        other.execute("LOCK TABLE behaviour_ranking IN EXCLUSIVE MODE")  # the build stops here, with part of it written
        build = subprocess.Popen(command, cwd=PROJECT, env=child_environment, stdout=subprocess.DEVNULL)
        while not is_waiting("behaviour_ranking"):
            with pytest.raises(subprocess.TimeoutExpired):
                build.wait(0.1)
        os.kill(build.pid, signal.SIGKILL)
        assert build.wait() == -signal.SIGKILL
    killed.refresh_from_db()
    assert killed.status == "building"
    assert set(killed.progress["written"]) == {"bundle", "cart", "viewed", "personal"}
    subprocess.run(command, cwd=PROJECT, env=child_environment, check=True)
    killed.refresh_from_db()
    assert killed.status in ("ready", "live")
    expected = read_rows(whole)
    assert all(expected.values())
    assert read_rows(killed) == {table: [tuple(map(about, row)) for row in rows] for table, rows in expected.items()}


def is_waiting(table: str) -> bool:
    """Return whether somebody waits for a lock on the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = %s::regclass AND NOT granted)", [table])
        found = cursor.fetchone()
    return bool(found and found[0])
