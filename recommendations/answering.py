"""Who may have a say in an answer: an app above this one, such as one that runs experiments on lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from recommendations.recommendation_list import RecommendationList
from recommendations.requests import ListRequest

AnswerPlainly: TypeAlias = Callable[[ListRequest], RecommendationList]
Answerer: TypeAlias = Callable[[ListRequest, AnswerPlainly], RecommendationList]
answerers: list[Answerer] = []


def register_answerer(answer: Answerer) -> None:
    """Let `answer` make every list: of another request than was asked for, or of several, by asking `answer_plainly`.

    There is one at most; the next one registered takes its place.
    """
    answerers[:] = [answer]


def answer_request(request: ListRequest, answer_plainly: AnswerPlainly) -> RecommendationList:
    return answerers[0](request, answer_plainly) if answerers else answer_plainly(request)
