"""Unit tests start no server, and cannot lean on one that runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
STARTED = '(Path(os.environ["KINDRED_HOME"]) / "locks").exists()'  # made by whoever starts the embedded servers
HEAD = "import os\nfrom pathlib import Path\nimport pytest\n"


@pytest.fixture
def run_tests(tmp_path: Path):
    """Return a function that runs tests, {path: text}, in a project with our settings and our conftest files."""
    for name in ("pyproject.toml", "tests/conftest.py", "tests/emptying.py", "tests/unit/conftest.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    ours = {"DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "KINDRED_HOME", "DJANGO_SETTINGS_MODULE"}
    ours.add("PYTEST_ADDOPTS")  # of the run, such as how many processes share it
    environment = {name: value for name, value in os.environ.items() if name not in ours and "XDIST" not in name}
    environment |= {"PYTHONPATH": str(PROJECT), "COLUMNS": "200"}

    def run(tests: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        for name, text in tests.items():
            (tmp_path / name).write_text(HEAD + text)
        # Without the plugin that takes two seconds to import.
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def test_settings_that_were_read_before_there_is_a_home_are_refused(run_tests):
    done = run_tests({"tests/unit/test_pure.py": "def test_pure():\n    pass\n"}, "--ds", "config.settings")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "unset DJANGO_SETTINGS_MODULE" in done.stderr


def test_one_other_test_is_enough_to_start_them_whatever_comes_first(run_tests):
    tests = {
        "tests/unit/test_pure.py": f"def test_pure():\n    assert {STARTED}\n",
        "tests/test_rows.py": "from catalog.models import Product\n@pytest.mark.django_db\n"
        "def test_rows():\n    assert Product.objects.count() == 0\n",
    }
    done = run_tests(tests, "tests/unit/test_pure.py", "tests/test_rows.py")
    assert done.returncode == 0, done.stdout


def test_no_server_is_started_for_unit_tests_alone_and_one_that_needs_one_fails(run_tests):
    pure = f"def test_pure():\n    assert not {STARTED}\n"
    tests = """
import urllib.request
from django.core.cache import cache
from catalog.models import Product

def test_fixture(db):
    pass

def test_client(admin_client):
    pass

@pytest.mark.django_db(transaction=True)
def test_mark():
    pass

def test_query():
    Product.objects.count()

def test_cache():
    cache.get("x")

def test_network():
    urllib.request.urlopen("http://127.0.0.1:9")
"""
    # What a refused test leaves open would be complained of in whichever test it is collected.
    quietly = ["--tb=line", "-p", "no:unraisableexception"]
    done = run_tests({"tests/unit/test_impure.py": tests, "tests/unit/test_pure.py": pure}, *quietly)
    said = {}
    for line in done.stdout.splitlines():
        if found := re.match(
            r"(FAILED|ERROR) tests/unit/test_impure\.py::(\w+) - \w+: (This test \w+|Database \w+ \w+)", line
        ):
            said[found[2]] = found[3]
    assert said == {
        "test_fixture": "This test asks",
        "test_client": "This test asks",
        "test_mark": "This test asks",
        "test_query": "Database access not",
        "test_cache": "This test connects",
        "test_network": "This test connects",
    }
    assert re.search(r"\b1 passed\b", done.stdout.splitlines()[-1])
