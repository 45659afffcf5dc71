"""One fresh KINDRED_HOME for each test run, with a Postgres and a Valkey of its own, gone when the run ends.

They are started before the first test, and only if the run has a test outside of tests/unit. A server that the
environment names (DATABASE_URL, CELERY_BROKER_URL, CACHE_URL) is used instead of an embedded one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings

PROJECT = Path(__file__).resolve().parent.parent
UNIT_TESTS = PROJECT / "tests" / "unit"
DATA = Path(os.environ.get("KINDRED_DATA") or PROJECT / "data")
WORKER_START_TIMEOUT_S = 60.0
# A run's servers are thrown away with it: nothing they hold has to outlast the machine. That of a process it does, so
# that killed ones are still recovered from what was committed. A commit takes 0.3 ms instead of 6.
SHORT_LIVED = {"fsync": "off", "full_page_writes": "off"}
# The hash of a real one takes a quarter of a second by design, and hundreds of tests make a user.
QUICK_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"

# Before NumPy is read, here and in the processes that tests start: those that share the run have a processor each, and
# a second thread of one waits, at full speed, for the processor of another.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
# Before the settings are read: they keep everything that is written at run time under KINDRED_HOME. pytest-django would
# read them before this file if pyproject.toml or the environment named the settings module, hence it is named here.
WORKER = "PYTEST_XDIST_WORKER" in os.environ  # one of several processes that share the run: `pytest_xdist_setupnodes`
if django_settings.configured and not WORKER:
    raise pytest.UsageError(
        "The settings were read already, and name a shop that is not for tests: unset DJANGO_SETTINGS_MODULE"
    )
TEST_HOME = Path(os.environ["KINDRED_HOME"] if WORKER else tempfile.mkdtemp(prefix="kindred-tests-"))
(TEST_HOME / "static").mkdir(exist_ok=True)  # whitenoise warns when it is not there
os.environ["KINDRED_HOME"] = str(TEST_HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["KINDRED_STATEMENT_TIMEOUT_S"] = "0"  # a test may import the web application, and build an index after it


def pytest_configure(config: pytest.Config) -> None:
    """Start Django, which asks no server for anything."""
    import django

    django.setup()
    django_settings.PASSWORD_HASHERS = [QUICK_HASHER]

    from django.test import TransactionTestCase
    from django.test.signals import setting_changed

    from tests.emptying import empty_tables
    from tests.field_words import follow_field

    setting_changed.connect(follow_field)
    TransactionTestCase._fixture_teardown = empty_tables  # what pytest-django empties the database by


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list) -> None:
    """Start each process that shares the run in a home of its own: what one kills or empties is no other's."""
    for number, spec in enumerate(specs):
        home = TEST_HOME / f"part{number}"
        (home / "static").mkdir(parents=True)
        spec.env["KINDRED_HOME"] = str(home)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what a test wrote as UTF-8, which halves of letters are not: processes that share the run could not tell."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """End the browser before a test that needs none: its loop would be in the way of asynchronous code."""
    try:
        yield
    finally:
        chromium = sys.modules.get("tests.browser.chromium")
        if chromium and "browser" not in getattr(nextitem, "fixturenames", ()):
            chromium.stop()


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Leave no test in the language of a visitor of the one before: Django keeps it until the next request."""
    yield
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def servers(request: pytest.FixtureRequest) -> None:
    """Start the servers, unless every test of this run is a unit test."""
    from config import services
    from config.services import postgres

    if all(UNIT_TESTS in item.path.parents for item in request.session.items):
        return
    postgres.SETTINGS.update(SHORT_LIVED)
    try:
        services.ensure_running()
    except services.ServiceError as error:
        pytest.exit(f"The tests cannot start: {error}", returncode=3)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers and remove what the run wrote."""
    from config import services

    services.release()
    if not WORKER:
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

    from api import throttling

    cache.clear()
    throttling.tallies.clear()


@pytest.fixture(autouse=True)
def no_wordings() -> None:
    """Leave no wording to the next test, and have none looked for in the midst of counting queries."""
    from catalog.wordings import lexicon

    lexicon.forget_wordings()
    for language in ("en", "zh-hans"):
        lexicon.keep_wordings(language, {})


@pytest.fixture(autouse=True)
def no_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no experiment of the test before go on, and none be looked for in the midst of counting queries."""
    from behaviour.experiments import running

    monkeypatch.setattr(running, "KEPT_FOR_S", float("inf"))
    running.keep_trials(running.Trials())


@pytest.fixture(scope="session")
def luma() -> Path:
    """The folder of the Luma catalogue, which the project does not carry. Without it, tests are skipped."""
    if not (DATA / "luma").is_dir():
        pytest.skip(f"{DATA / 'luma'} is not there: set KINDRED_DATA to the folder that has luma/ (CONTRIBUTING.md)")
    return DATA / "luma"


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
