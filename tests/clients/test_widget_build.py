"""The scripts of the widget: what is served is what the sources make, and small."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = PROJECT / "clients" / "widget"
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
    assert {Path(source).name for source in sources} == {path.name for path in (SOURCES / "src").iterdir()}


def test_the_sources_are_short_and_say_what_they_are_about():
    modules = list((SOURCES / "src").glob("*.js"))
    assert [path.name for path in modules if len(path.read_text().splitlines()) > MOST_LINES] == []
    assert [path.name for path in modules if not path.read_text().startswith("/* ")] == []


def test_a_build_gives_exactly_the_scripts_that_are_served(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    if not (SOURCES / "node_modules" / "esbuild").is_dir():
        pytest.skip("no esbuild: run `npm ci` in clients/widget")
    done = subprocess.run([node, "build.js", "--to", tmp_path], cwd=SOURCES, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {name: (SERVED / name).read_bytes() for script in SCRIPTS for name in (script, f"{script}.map")}
