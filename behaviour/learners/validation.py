"""Settings that suit a shop, found on its own past: learned on its first part, judged on what came next.

What is judged is never part of what is learned, and nothing behind the facts that are given is looked at: a cut in time
that an evaluation makes stays unseen. One setting after another is changed to the best of a few values, the others left
as they are: about twenty trials, each as large as its shop up to the bounds of rehearsal and judges. Bounds are counts
and not seconds: the same facts give the same settings on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from behaviour.learners.content import Content
from behaviour.learners.facts import Facts
from behaviour.learners.judges import CartJudge, OwnJudge, find_bundle_judge, find_personal_judge
from behaviour.learners.lifting import choose_lift
from behaviour.learners.rehearsal import rehearse
from behaviour.learners.settings import Settings

Report = Callable[[str], None]  # told what is being done

WORTH_CHANGING = 1.01  # times what the setting before reached: less is chance as a rule

BUNDLE_TRIALS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("bundle_half_life_days", (365.0,)),
    ("bundle_popularity_power", (0.1, 0.3, 0.5)),
    ("bundle_ease_share", (0.0, 0.2, 0.6)),
)
CART_TRIALS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("cart_ridge", (25.0, 100.0, 200.0)),
    ("cart_sharpness", (1.0, 1.5, 2.0)),
)
PERSONAL_TRIALS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("personal_ridge", (100.0, 400.0)),
    ("trend_power", (0.0, 0.25, 0.5, 1.0)),
    ("trend_days", (30.0,)),
)
OWN_TRIALS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("own_share", (0.2, 0.4, 0.5, 0.7, 0.8)),
    ("own_half_life_days", (60.0, 120.0)),
    ("own_reorder_power", (0.0, 0.5)),
)


def choose_settings(
    facts: Facts, views: Facts | None = None, *, content: Content, seed: int = 0, report: Report | None = None
) -> Settings:
    """Return the settings that did best on the last part of `facts`, learned on what was before it.

    Where too little is asked to say anything, the defaults stay.
    """
    tell = report or (lambda text: None)
    settings = Settings()
    rehearsal = rehearse(facts, views or facts.keep(np.zeros(len(facts), dtype=bool)), content=content)
    if bundle := find_bundle_judge(rehearsal, seed=seed):
        settings = _try_each(settings, BUNDLE_TRIALS, bundle, tell)
        settings = _try_each(settings, CART_TRIALS, CartJudge(rehearsal, bundle.questions), tell)
    if personal := find_personal_judge(rehearsal, seed=seed):
        settings = _try_each(settings, PERSONAL_TRIALS, personal, tell)
        settings = _try_each(settings, OWN_TRIALS, OwnJudge(personal, settings), tell)
    if views is not None:
        lift = choose_lift(views, settings=settings, content=content, seed=seed, report=tell)
        settings = replace(settings, similar_lift=lift)
    return settings


def _try_each(
    settings: Settings,
    trials: Sequence[tuple[str, tuple[float, ...]]],
    judge: Callable[[Settings], float],
    tell: Report,
) -> Settings:
    """Return the settings with the values that clearly won their trials."""
    best = judge(settings)
    for name, values in trials:
        for value in values:
            tried: Settings = replace(settings, **{name: value})  # type: ignore[arg-type]  # all of them are floats
            score = judge(tried)
            tell(f"{name} {value:g}: {score:.4f} (best so far {best:.4f})")
            if score > best * WORTH_CHANGING:
                settings, best = tried, score
    return settings
