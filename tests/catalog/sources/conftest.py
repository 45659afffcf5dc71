"""A feed in a file, and its source."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def feed(tmp_path: Path, db):
    from tests.catalog.sources.small_feed import SmallFeed  # its models need Django to be set up

    return SmallFeed(tmp_path / "feed.csv")
