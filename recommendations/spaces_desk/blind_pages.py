"""The blind test on the desk: two unlabelled lists, one key; and, on a page of its own, what all have said so far."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from catalog.desk.pages import Group, desk_page, is_by_script, render_desk
from embeddings.admin import EmbeddingSpaceAdmin
from recommendations.spaces_desk.blind_test import (
    StaleQuestion,
    ask_question,
    count_votes,
    keep_vote,
    read_result,
)
from recommendations.spaces_desk.conclusions import conclude
from recommendations.spaces_desk.evidence import ALPHA
from recommendations.spaces_desk.pages import pair_query, read_number, read_pair
from recommendations.spaces_desk.services import Pair, list_comparable

EmbeddingSpaceAdmin.add_page("blind_test", _("Blind test"))


def question_context(request: HttpRequest, pair: Pair, *, further: int = 0) -> dict[str, Any]:
    """Return what the template of a question needs. Nothing in it says whose list is where."""
    names = sorted(pair.names)  # in the order of the alphabet, whichever was asked for first
    return {
        "question": ask_question(pair, user=request.user, further=further),
        "names": names,
        "own_count": count_votes(pair, user=request.user),
        "all_count": count_votes(pair),
        "further": pair_query(pair, further=further + 1),
    }


@desk_page(
    "blind-test/",
    name="blind_test",
    title=_("Blind test"),
    group=Group.RECOMMENDATIONS,
    permission="recommendations.add_blindvote",
)
@require_safe
def blind_test_page(request: HttpRequest) -> HttpResponse:
    """The next question."""
    title, pair = gettext("Blind test"), read_pair(request)
    if pair is None:
        return render_desk(request, "admin/recommendations/one_space.html", {"title": title})
    further = read_number(request.GET.get("further", ""))
    context = {"title": title, "pair": pair, "query": pair_query(pair), "spaces": list_comparable()}
    return render_desk(
        request,
        "admin/recommendations/blind_test.html",
        context | question_context(request, pair, further=further),
    )


@desk_page("blind-test/vote/", name="blind_vote", permission="recommendations.add_blindvote")
@require_POST
def blind_vote_page(request: HttpRequest) -> HttpResponse:
    """Keep an answer and show the next question: as a piece of HTML to the script that asks for one."""
    pair = read_pair(request)
    if pair is None:
        return redirect("blind_test")
    problem = ""
    try:
        keep_vote(
            pair, token=request.POST.get("question", ""), answer=request.POST.get("answer", ""), user=request.user
        )
    except StaleQuestion:
        problem = gettext("That was no question of yours about these two spaces: here is the next.")
    if is_by_script(request):
        context = {"pair": pair, "problem": problem, **question_context(request, pair)}
        return render(request, "admin/recommendations/blind_question.html", context)
    if problem:
        messages.warning(request, problem)
    return redirect(reverse("blind_test") + pair_query(pair))


@desk_page("blind-test/result/", name="blind_result", permission="recommendations.view_blindvote")
@require_safe
def blind_result_page(request: HttpRequest) -> HttpResponse:
    """What all have said so far. A page of its own: who knows how it stands votes with or against it."""
    title, pair = gettext("Result of the blind test"), read_pair(request)
    if pair is None:
        return render_desk(request, "admin/recommendations/one_space.html", {"title": title})
    result = read_result(pair)
    context = {
        "title": title,
        "pair": pair,
        "query": pair_query(pair),
        "result": result,
        "conclusion": conclude(result),
        "low": 100 * result.evidence.low,
        "high": 100 * result.evidence.high,
        "width": 100 * (result.evidence.high - result.evidence.low),
        "share": 100 * result.evidence.share,
        "share_left": 99.2 * result.evidence.share,
        "needed": round(1 / ALPHA),
        "sure": round(100 * (1 - ALPHA)),
    }
    return render_desk(request, "admin/recommendations/blind_result.html", context)
