"""docs/operations.md names every setting, and no setting that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from config.services.paths import BASE_DIR

OPERATIONS = Path(BASE_DIR) / "docs" / "operations.md"
SETTINGS = sorted((Path(BASE_DIR) / "config").glob("*.py"))  # a concern of many has a file of its own
READ_ELSEWHERE = {"KINDRED_HOME"}  # config/services, before there are settings


def documented_settings() -> list[str]:
    table = OPERATIONS.read_text().split("## Settings")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Z0-9_]+)` \|", table, flags=re.MULTILINE)


def read_settings() -> set[str]:
    texts = [path.read_text() for path in CONFIG.glob("*.py")]
    return {name for text in texts for name in re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', text)}


def test_every_setting_is_documented_once_and_every_documented_setting_exists():
    read = {name for path in SETTINGS for name in read_settings(path.read_text())}
    assert sorted(documented_settings()) == sorted(read | READ_ELSEWHERE)
