"""A folder with a catalogue file and pictures, and a way to import it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path):
    from tests.catalog.import_folder import ImportFolder  # its models need Django to be set up

    path = tmp_path / "import"
    path.mkdir()
    return ImportFolder(path)
