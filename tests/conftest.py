"""One fresh KINDRED_HOME for each test run, with a Postgres and a Valkey of its own, gone when the run ends.

A server that the environment names (DATABASE_URL, CELERY_BROKER_URL, CACHE_URL) is used instead of an embedded one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"
WORKER_START_TIMEOUT_S = 60.0

# Before the settings are read: they keep everything that is written at run time under KINDRED_HOME. pytest-django would
# read them before this file if pyproject.toml named the settings module, hence it is named here.
TEST_HOME = Path(tempfile.mkdtemp(prefix="kindred-tests-"))
(TEST_HOME / "static").mkdir()  # whitenoise warns when it is not there
os.environ["KINDRED_HOME"] = str(TEST_HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers, then Django."""
    import django

    from config import services

    try:
        services.ensure_running()
    except services.ServiceError as error:
        pytest.exit(f"The tests cannot start: {error}", returncode=3)
    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers and remove what the run wrote."""
    from config import services

    services.release()
    shutil.rmtree(TEST_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def media_directory(settings, tmp_path: Path) -> Path:
    """Give each test a media directory of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Leave no cached answer to the next test: the rows behind it are gone."""
    yield
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The catalogues kept beside the project. Tests that use them are skipped where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared catalogues (../shared/data) are not here")
    return SHARED_DATA


@pytest.fixture
def child_environment(settings) -> dict[str, str]:
    """The environment for a process that works on this test's database, broker, cache and media."""
    from django.db import connection

    database = connection.settings_dict
    login = quote(database.get("USER") or "", safe="")
    if database.get("PASSWORD"):
        login += ":" + quote(database["PASSWORD"], safe="")
    host = quote(database.get("HOST") or "localhost", safe="") + (
        f":{database['PORT']}" if database.get("PORT") else ""
    )
    return os.environ | {
        "DATABASE_URL": f"postgres://{login}@{host}/{database['NAME']}",
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "CACHE_URL": settings.CACHES["default"].get("LOCATION", ""),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "PYTHONPATH": str(PROJECT),
    }


@pytest.fixture
def start_worker(transactional_db, child_environment, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Return a function that starts a real Celery worker on this test's database and waits until it is ready.

    `start_worker(queues="embeddings", threads=1, beat=False, env={...})`. Processes that are still alive are ended with
    the test. Use it with committed rows only: the test needs `transactional_db`, which this fixture asks for.
    """
    from config.celery import app

    app.control.purge()
    started: list[subprocess.Popen] = []

    def start(
        *, queues: str = "embeddings", threads: int = 1, beat: bool = False, env: dict[str, str] | None = None
    ) -> subprocess.Popen:
        log = tmp_path / f"worker-{len(started)}.log"
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", queues, "-P", "threads"]
        command += ["-c", str(threads), "-n", f"test-{os.getpid()}-{len(started)}@localhost", "-l", "INFO"]
        if beat:
            command += ["-B", "-s", str(tmp_path / "beat")]
        with log.open("wb") as output:
            worker = subprocess.Popen(
                command, cwd=PROJECT, env=child_environment | (env or {}), stdout=output, stderr=subprocess.STDOUT
            )
        started.append(worker)
        deadline = time.monotonic() + WORKER_START_TIMEOUT_S
        while " ready." not in log.read_text(errors="replace"):
            if worker.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the worker did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            worker.terminate()
    for worker in started:
        try:
            worker.wait(timeout=20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
