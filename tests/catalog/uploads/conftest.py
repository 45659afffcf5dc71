"""A folder for what is uploaded, and a way to upload."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def import_folder(settings, tmp_path: Path) -> Path:
    """Give each test a folder of its own."""
    settings.KINDRED_IMPORT_FOLDER = tmp_path / "imports"
    return settings.KINDRED_IMPORT_FOLDER


@pytest.fixture
def desk(db):
    from tests.catalog.uploads.upload_desk import UploadDesk  # its models need Django to be set up

    return UploadDesk()
