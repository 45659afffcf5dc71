"""Several categories of one product, of which Kindred keeps one."""

from __future__ import annotations

from collections.abc import Iterable

NONE = {"uncategorized", "uncategorised"}  # what shops file under when nothing was chosen


def join_path(steps: Iterable[str]) -> str:
    """Return `A/B/C`; a slash inside a name becomes a hyphen. A product that is in no category is in none."""
    path = "/".join(filter(None, (step.strip().replace("/", "-") for step in steps)))
    return "" if path.lower() in NONE else path


def pick_deepest(paths: Iterable[Iterable[str]]) -> str:
    """Return the path with most steps, and among those the first."""
    return max((join_path(steps) for steps in paths), key=lambda path: path.count("/") + bool(path), default="")
