"""Which field a KINDRED_HOME is about: `up --demo FIELD` writes it down, and every later command there knows it."""

from __future__ import annotations

from pathlib import Path

FILE = "field"
DEFAULT = "homeware"


def read_chosen(home: Path) -> str:
    """Return the name or folder of the field; empty where none was chosen."""
    try:
        return (home / FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def keep_chosen(home: Path, name: str) -> None:
    """Write it down."""
    home.mkdir(parents=True, exist_ok=True)
    (home / FILE).write_text(f"{name}\n", encoding="utf-8")
