"""A folder with a catalogue file and pictures and a way to import it, and a shop's server that writes over REST."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.callers import ApiClient


@pytest.fixture
def folder(tmp_path: Path):
    from tests.catalog.import_folder import ImportFolder  # its models need Django to be set up

    path = tmp_path / "import"
    path.mkdir()
    return ImportFolder(path)


@pytest.fixture
def shop(db) -> ApiClient:
    from api.models import ApiKey

    return ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})
