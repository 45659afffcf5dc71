"""The package for shops that are Django projects: its own tests, in a project of theirs, and what is in its wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docs.blocks import read_blocks

PACKAGE = Path(__file__).resolve().parents[3] / "clients" / "django"
OURS = ("DJANGO_SETTINGS_MODULE", "KINDRED_HOME", "PYTHONPATH")  # of this run: the package knows nothing of Kindred


def run(*command: str, cwd: Path = PACKAGE) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run([sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.timeout(600)
def test_its_own_tests_pass_in_a_project_of_theirs():
    assert " passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis")


def test_its_wheel_has_all_that_it_needs_and_nothing_of_its_tests(tmp_path):
    pytest.importorskip("setuptools", reason="the wheel is built by setuptools")
    copy = tmp_path / "package"
    run("-c", f"import shutil; shutil.copytree({str(PACKAGE)!r}, {str(copy)!r})")
    run(
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        ".",
        cwd=copy,
    )
    [wheel] = tmp_path.glob("kindred_django-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    packaged = {name for name in names if name.startswith("kindred_django/")}
    here = {str(path.relative_to(PACKAGE)) for path in (PACKAGE / "kindred_django").rglob("*") if path.is_file()}
    assert packaged == {name for name in here if "__pycache__" not in name}
    assert {"kindred_django/py.typed", "kindred_django/templates/kindred_django/similar.html",
            "kindred_django/migrations/0001_initial.py"} <= packaged  # fmt: skip
    assert sorted({name.split("/")[0] for name in names} - {"kindred_django"}) == [
        f"{wheel.name.split('-py3')[0]}.dist-info"
    ]
    assert any(name.endswith("LICENSE") for name in names)


def test_what_the_page_shows_is_what_the_tests_run():
    blocks = read_blocks("docs/django.md")
    tried = [(PACKAGE / "examples" / f"{shop}.py").read_text() for shop in ("plain", "oscar", "saleor")]
    assert [block.text for block in blocks if block.language == "python"] == tried
    page = Path(__file__).parent / "oscar_shop" / "templates" / "oscar" / "catalogue" / "detail.html"
    assert [block.text for block in blocks if block.language == "django"] == [page.read_text()]
