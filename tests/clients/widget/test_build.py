"""The scripts of the widget: what is served is what the sources make, and small."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.clients.widget.conftest import PACKAGE, PROJECT, run_node

SERVED = PROJECT / "recommendations" / "static" / "recommendations"
SCRIPTS = ("kindred.js", "kindred.classic.js")
MOST_BYTES = 12 * 1024  # in gzip
MOST_LINES = 300


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_small_and_names_its_source_map(name):
    content = (SERVED / name).read_bytes()
    assert len(gzip.compress(content, 6)) <= MOST_BYTES
    assert content.rstrip().endswith(f"//# sourceMappingURL={name}.map".encode())
    sources = json.loads((SERVED / f"{name}.map").read_text())["sources"]
    assert {Path(source).name for source in sources} == {path.name for path in (PACKAGE / "src").iterdir()}


def test_the_sources_are_short_and_say_what_they_are_about():
    modules = list((PACKAGE / "src").glob("*.js"))
    assert [path.name for path in modules if len(path.read_text().splitlines()) > MOST_LINES] == []
    assert [path.name for path in modules if not path.read_text().startswith("/* ")] == []


def test_a_build_gives_exactly_the_scripts_that_are_served(tools, tmp_path):
    folder, served = tmp_path / "clients" / "widget", tmp_path / "recommendations" / "static" / "recommendations"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (folder / "node_modules").symlink_to(tools)
    served.mkdir(parents=True)

    run_node("npm", "run", "build", cwd=folder)

    built = {path.name: path.read_bytes() for path in served.iterdir()}
    assert built == {name: (SERVED / name).read_bytes() for script in SCRIPTS for name in (script, f"{script}.map")}
