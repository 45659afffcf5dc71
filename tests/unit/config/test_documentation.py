"""docs/operations.md names every setting, and no setting that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from config.services.paths import BASE_DIR

OPERATIONS = Path(BASE_DIR) / "docs" / "operations.md"
SETTINGS = Path(BASE_DIR) / "config" / "settings.py"
READ_ELSEWHERE = {"KINDRED_HOME"}  # config/services, before there are settings


def documented_settings() -> list[str]:
    table = OPERATIONS.read_text().split("## Settings")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", table, flags=re.MULTILINE)


def read_settings(text: str) -> set[str]:
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text))


def test_every_setting_is_documented_once_and_every_documented_setting_exists():
    read = read_settings(SETTINGS.read_text())
    assert sorted(documented_settings()) == sorted(read | READ_ELSEWHERE)
