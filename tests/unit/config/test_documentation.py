"""docs/operations.md names every setting, and no setting that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from config.services.paths import BASE_DIR

OPERATIONS = Path(BASE_DIR) / "docs" / "operations.md"
SETTINGS = sorted((Path(BASE_DIR) / "config").glob("*.py"))  # settings.py, and what it takes in
READ_ELSEWHERE = {"KINDRED_HOME"}  # config/services, before there are settings


def documented_settings() -> list[str]:
    table = OPERATIONS.read_text().split("## Settings")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Z0-9_]+)` \|", table, flags=re.MULTILINE)


def read_settings() -> set[str]:
    text = "\n".join(path.read_text() for path in SETTINGS)
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text))


def test_every_setting_is_documented_once_and_every_documented_setting_exists():
    assert sorted(documented_settings()) == sorted(read_settings() | READ_ELSEWHERE)
