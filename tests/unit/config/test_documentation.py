"""docs/operations.md names every setting, and no setting that is not there; every page and section is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.services.paths import BASE_DIR

OPERATIONS = Path(BASE_DIR) / "docs" / "operations.md"
CONFIG = Path(BASE_DIR) / "config"  # the settings, and modules of theirs beside them
READ_ELSEWHERE = {"KINDRED_HOME"}  # config/services, before there are settings


def documented_settings() -> list[str]:
    table = OPERATIONS.read_text().split("## Settings")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Z0-9_]+)` \|", table, flags=re.MULTILINE)


def read_settings() -> set[str]:
    texts = [path.read_text() for path in CONFIG.glob("*.py")]
    return {name for text in texts for name in re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', text)}


def test_every_setting_is_documented_once_and_every_documented_setting_exists():
    read = read_settings()
    assert sorted(documented_settings()) == sorted(read | READ_ELSEWHERE)


@pytest.mark.parametrize(("readme", "named"), [("README.md", "All pages"), ("README.zh-CN.md", "全部文档")])
def test_both_readmes_lead_to_every_page(readme, named):
    table = (Path(BASE_DIR) / readme).read_text().split(f"\n## {named}\n")[1].split("\n## ")[0]
    linked = {name.replace(".zh-CN", "") for name in re.findall(r"\(docs/([\w.-]+\.md)\)", table)}
    there = {path.name for path in OPERATIONS.parent.glob("*.md") if ".zh-CN" not in path.name}
    assert sorted(there - linked - {"radiology.md"}) == []  # which fields.md leads to


def test_every_section_of_operations_is_in_the_table_at_its_top():
    text = OPERATIONS.read_text()
    beginning, *rest = text.split("\n## ")
    names = [part.split("\n")[0].lower().replace(" ", "-").replace(",", "") for part in rest]
    assert sorted(set(names) - set(re.findall(r"\(#([\w-]+)\)", beginning))) == []
