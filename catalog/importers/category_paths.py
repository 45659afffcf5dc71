"""Several categories of one product, of which Kindred keeps one."""

from __future__ import annotations

from collections.abc import Iterable

# What shops file under when nothing was chosen, in the languages of their programs.
NONE = frozenset(
    {"uncategorized", "uncategorised", "unkategorisiert", "nicht kategorisiert", "non classé", "sin categorizar",
     "sin categoría", "senza categoria", "non categorizzato", "geen categorie", "niet gecategoriseerd", "sem categoria",
     "bez kategorii", "okategoriserad", "ikke kategoriseret", "ukategoriseret", "ukategorisert", "luokittelematon",
     "nezařazené", "без рубрики", "без категории", "без категорії", "未分類", "未分类", "미분류"}
)  # fmt: skip


def join_path(steps: Iterable[str]) -> str:
    """Return `A/B/C`; a slash inside a name becomes a hyphen. A product that is in no category is in none."""
    path = "/".join(filter(None, (step.strip().replace("/", "-") for step in steps)))
    return "" if path.casefold() in NONE else path


def pick_deepest(paths: Iterable[Iterable[str]]) -> str:
    """Return the path with most steps, and among those the first."""
    return max((join_path(steps) for steps in paths), key=lambda path: path.count("/") + bool(path), default="")
