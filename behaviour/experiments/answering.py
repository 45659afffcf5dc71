"""A list that is part of an experiment: made as the visitor's arm says, or drafted from two rankings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from api.declarations import parameters_of
from api.problems import RequestError
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.assignment import choose_arm
from behaviour.experiments.experiment import INTERLEAVED, Arm, Experiment
from behaviour.experiments.interleaving import draft_teams
from behaviour.experiments.running import Trial, read_trials
from recommendations.answering import AnswerPlainly
from recommendations.recommendation_list import Candidate, RecommendationList, number_results
from recommendations.requests import ListRequest, Options
from recommendations.tokens import make_token, read_token
from recommendations.visitors import Visitor

OPTIONS = frozenset(parameters_of(Options))


def answer_in_experiment(request: ListRequest, answer_plainly: AnswerPlainly) -> RecommendationList:
    """Answer as what was promoted says, and where an experiment is about the list, as it says for this visitor.

    Who is not known, or has not agreed to be, sees the control, and is not counted: the list names no experiment.
    """
    trials = read_trials()
    scope = (request.options.placement, request.strategy)
    standing = trials.find_standing(*scope)
    if standing is not None:
        request = try_change(request, standing, space="") or request  # its space is the live one, until another is
    trial = trials.find_running(*scope)
    if trial is None:
        return answer_plainly(request)
    key = find_unit_key(request.options.visitor)
    variants = [
        None if arm.space in trials.gone_spaces else try_change(request, arm, space=arm.space) for arm in trial.arms
    ]
    able = [variant for variant in variants if variant is not None]
    if key is None or len(able) < len(trial.arms):
        # An arm that cannot make such a list would be judged by the others alone: nobody is counted.
        return answer_plainly(variants[0] or request)
    if trial.experiment.method == Experiment.Method.INTERLEAVING:
        return answer_interleaved(trial, able, key=key, answer_plainly=answer_plainly)
    arm = choose_arm(trial.arms, salt=trial.experiment.salt, key=key)
    chosen = able[trial.arms.index(arm)]
    return answer_plainly(replace(chosen, experiment=trial.experiment.name, arm=arm.name))


def find_unit_key(visitor: Visitor) -> UUID | None:
    """Return by what a visitor is told from others: the user, or without one the session."""
    if visitor.user_id:
        return make_key("user", visitor.user_id)
    return make_key("session", visitor.session_id) if visitor.session_id else None


def try_change(request: ListRequest, arm: Arm, *, space: str) -> ListRequest | None:
    """Return the request as the arm has it; None where no such list can be made, as of anchors that are not given.

    Options that there were when it started may be gone with a newer version of Kindred.
    """
    if not arm.options.keys() <= OPTIONS:
        return None
    try:
        return replace(
            request,
            strategy=arm.strategy or request.strategy,
            options=replace(request.options, **arm.options) if arm.options else request.options,
            space=space or request.space,
            without_rules=arm.without_rules or request.without_rules,
        )
    except RequestError:
        return None


def answer_interleaved(
    trial: Trial, requests: Sequence[ListRequest], *, key: UUID, answer_plainly: AnswerPlainly
) -> RecommendationList:
    """Return one list drafted from two. Further pages are the control's: whoever asks for more has seen both."""
    first_request, second_request = requests
    if first_request.options.page.shown_ids:
        return answer_plainly(first_request)
    first, second = (
        answer_plainly(replace(request, experiment=trial.experiment.name, arm=INTERLEAVED))
        for request in (first_request, second_request)
    )
    collapse = first_request.options.variants == "collapse"
    ranked = [
        {_name_item(item.candidate, collapse=collapse): item.candidate for item in found} for found in (first, second)
    ]
    drafted = draft_teams(
        list(ranked[0]), list(ranked[1]), limit=first_request.limit, toss=_make_coin(trial, first_request, key)
    )
    shown = [ranked[team or 0].get(name) or ranked[1][name] for name, team in drafted]
    return replace(
        first,
        recommendation_id=_name_drafted(first.recommendation_id, [team for _, team in drafted if team is not None]),
        results=number_results(shown, offset=0),
        explanations={**second.explanations, **first.explanations},
        fallback_used=first.fallback_used or second.fallback_used,
        more=first.more or second.more,
    )


def _name_item(candidate: Candidate, *, collapse: bool) -> str | int:
    """Return by what a product is the same in both rankings: variants are one where one of them is shown."""
    return candidate.variant_group if collapse and candidate.variant_group else candidate.product_id


def _make_coin(trial: Trial, request: ListRequest, key: UUID) -> Callable[[], int]:
    """Return the tosses of a visitor for a list, which are the same when they come back to it."""
    seed = f"{trial.experiment.salt}:{key}:{','.join(request.anchors)}"
    bits = int.from_bytes(hashlib.sha256(seed.encode()).digest())

    def toss() -> int:
        nonlocal bits
        bits, bit = bits >> 1, bits & 1
        return bit

    return toss


def _name_drafted(recommendation_id: str, teams: Sequence[int]) -> str:
    token = read_token(recommendation_id)
    assert token is not None  # we made it a moment ago
    return make_token(replace(token, teams="".join(map(str, teams))), cached=False)
