"""How good a version's settings are, beside those of the live one, on the same last part of the shop's own past."""

from __future__ import annotations

from behaviour.learners.judging import judge_settings
from behaviour.learners.recipe import Settings
from behaviour.versions.chosen import read_settings
from behaviour.versions.material import Material
from behaviour.versions.version import Version

Measures = dict[str, float]


def validate(settings: Settings, live: Version | None, *, material: Material) -> dict[str, Measures]:
    """Return the figures of a version, and those that the live one's settings would have in its place."""
    ours = judge_settings(settings, material.orders, material.views, content=material.content)
    if live is None:
        return {"validation": ours}
    theirs = read_settings(live)
    if theirs != settings:
        measured = judge_settings(theirs, material.orders, material.views, content=material.content)
        return {"validation": ours, "validation_of_live": measured}
    return {"validation": ours, "validation_of_live": ours}
