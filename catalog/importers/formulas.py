"""Cells of the files that we write: a spreadsheet runs what begins like a formula, and these texts are strangers'."""

from __future__ import annotations

# What makes spreadsheets run a cell or leave it (https://owasp.org/www-community/attacks/CSV_Injection), and the mark
# itself, so that taking it away gives back the very text.
MARK = "'"
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", MARK)


def guard_cell(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would run it."""
    return MARK + text if text.startswith(RISKY) else text


def read_guarded(text: str) -> str:
    """Return what `guard_cell` was given."""
    return text.removeprefix(MARK)
