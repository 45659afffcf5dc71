"""npm and what it installs, and the package as a shop gets it: packed, unpacked, with React beside it.

Skipped, with the reason, where there is no node, or no registry and nothing installed from an earlier run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import browser, mugs, other_site, page  # noqa: F401  the same browser, shop and site

PROJECT = Path(__file__).resolve().parents[3]
PACKAGE = PROJECT / "clients" / "widget"
REACT_18 = Path(__file__).parent / "react18"
INSTALL_S = 240


def run_node(*command: str | Path, cwd: Path) -> str:
    """Run a program of node's and return what it says. Fails with what it complains of."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=INSTALL_S)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def node() -> str:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no node: the widget's package is built, packed and typed by it")
    return shutil.which("node")


@pytest.fixture(scope="session")
def install(node, request, tmp_path_factory) -> Callable[[Path], Path]:
    """A function that installs what a folder's lockfile names and returns its node_modules, kept between runs."""
    cache = getattr(request.config, "cache", None)  # none with `-p no:cacheprovider`

    def install(folder: Path) -> Path:
        lock = (folder / "package-lock.json").read_bytes()
        name = "npm-" + hashlib.sha256(lock).hexdigest()[:16]
        kept = cache.mkdir(name) if cache else tmp_path_factory.getbasetemp() / name
        kept.mkdir(exist_ok=True)
        if (kept / "done").exists():
            return kept / "node_modules"
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(folder / name, kept / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
        done = subprocess.run(command, cwd=kept, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode:
            reason = done.stderr.strip().splitlines() or ["npm ci failed"]
            pytest.skip(f"no packages from npm's registry: {reason[0]}")
        (kept / "done").touch()
        return kept / "node_modules"

    return install


@pytest.fixture(scope="session")
def tools(install) -> Path:
    """What the package is developed with: esbuild, TypeScript, React."""
    return install(PACKAGE)


@pytest.fixture(scope="session")
def packed(node, tmp_path_factory) -> Path:
    """The package as npm packs it, unpacked."""
    folder = tmp_path_factory.mktemp("packed")
    [made] = json.loads(run_node("npm", "pack", "--json", "--pack-destination", folder, cwd=PACKAGE))
    subprocess.run(["tar", "-xzf", made["filename"]], cwd=folder, check=True)  # what npm runs as well
    return folder / "package"


@pytest.fixture
def make_shop(packed, tmp_path) -> Callable[[Path], Path]:
    """A function that makes a project which has the package, and of `modules` all it holds."""

    def make(*modules: Path) -> Path:
        installed = tmp_path / "shop" / "node_modules"
        installed.mkdir(parents=True)
        shutil.copytree(packed, installed / "kindred-widget")
        for module in (entry for folder in modules for entry in sorted(folder.iterdir())):
            if module.name != ".bin" and not (installed / module.name).exists():
                os.symlink(module, installed / module.name)
        (installed.parent / "package.json").write_text('{"private": true, "type": "module"}')
        return installed.parent

    return make
