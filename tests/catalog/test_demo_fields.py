"""The catalogues of demo/ are what their scripts make, and whole: every file is there, every family has its truth."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "demo"
# fields whose tables are made again here, with how many items they have
MADE = {"home": 140, "sounds": 120, "radiology": 120}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_script_of_a_field_makes_its_tables_as_they_are(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    for script in (DEMO / name).glob("*.py"):
        shutil.copy(script, folder)
    done = subprocess.run([sys.executable, "make.py", "--tables"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    made = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    assert {"products.csv", "truth.csv"} <= set(made)
    assert [table for table, content in made.items() if content != (DEMO / name / table).read_bytes()] == []


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_field_is_whole(name):
    folder = DEMO / name
    rows = read(folder / "products.csv")
    skus = {row["sku"] for row in rows}
    assert len(rows) == len(skus) >= MADE[name]
    named = [file for row in rows for column in ("images", "audio") for file in (row.get(column) or "").split("|")]
    assert [file for file in named if file and not (folder / file).is_file()] == []
    assert sum(path.stat().st_size for path in folder.rglob("*")) < 3_000_000
    truth = read(folder / "truth.csv")
    assert {row[end] for row in truth for end in ("source_sku", "target_sku")} <= skus
    assert min(Counter(row["source_sku"] for row in truth).values()) >= 5  # precision@5 can be 1
