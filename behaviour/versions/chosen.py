"""The settings of a version, from its row and back."""

from __future__ import annotations

import json
from typing import Any

from behaviour.learners.recipe import Settings
from behaviour.versions.version import Version


def read_settings(version: Version) -> Settings:
    return Settings.from_json(json.dumps(version.settings))


def write_settings(settings: Settings) -> dict[str, Any]:
    """Return what the row of a version keeps."""
    kept: dict[str, Any] = json.loads(settings.to_json())
    return kept
