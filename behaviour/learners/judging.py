"""How good settings are on the last part of a shop's own past: what is compared before a version serves."""

from __future__ import annotations

from behaviour.learners.content import Content
from behaviour.learners.facts import Facts
from behaviour.learners.judges import CartJudge, OwnJudge, find_bundle_judge, find_personal_judge
from behaviour.learners.rehearsal import rehearse
from behaviour.learners.settings import Settings


def judge_settings(
    settings: Settings, facts: Facts, views: Facts, *, content: Content, seed: int = 0
) -> dict[str, float]:
    """Return by task how good settings are, as validation judges; a task of which too little is asked is left out."""
    rehearsal = rehearse(facts, views, content=content)
    found = {}
    if bundle := find_bundle_judge(rehearsal, seed=seed):
        found["bundle"] = bundle(settings)
        found["cart"] = CartJudge(rehearsal, bundle.questions)(settings)
    if personal := find_personal_judge(rehearsal, seed=seed):
        found["personal"] = personal(settings)
        found["next"] = OwnJudge(personal, settings)(settings)
    return {task: round(figure, 4) for task, figure in found.items()}
