"""Golden pairs on the desk: the queue that shows two products and takes one key, and what the answers say."""

from __future__ import annotations

import io
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import numpy as np
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from catalog.desk.pages import Group, desk_page, is_by_script, render_desk
from catalog.models import Product
from catalog.templatetags.catalog import attribute_rows, category_path, description, money
from embeddings.models import EmbeddingSpace
from recommendations.evaluation.intervals import Estimate
from recommendations.golden import services
from recommendations.golden.agreement import RELIABLE, TENTATIVE
from recommendations.golden.exchange import UnreadableFile, respond_with_csv, take_file
from recommendations.golden.judging import GoldenSet, SpaceFigures, judge_space, load_golden
from recommendations.golden.pair import GoldenJudgement, GoldenPair
from recommendations.golden.staff import find_disputed, read_agreement

VIEW, JUDGE, ADD = (f"recommendations.{deed}" for deed in ("view_goldenpair", "add_goldenjudgement", "add_goldenpair"))
SKIP = "skip"  # the grade of who passes a pair over
# What each button says, the number that its key has, and the letter.
BUTTONS = [
    (str(grade.value), grade.label, key, letter)
    for grade, key, letter in zip(reversed(GoldenJudgement.Grade), "123", "smn", strict=True)
]
DISPUTES_A_PAGE = 20
MAX_SPACES = 4
KEPT_FOR_S = 600  # of figures: a second of each space where thousands of pairs are judged
MAX_FILE_BYTES = 5 * 1024**2
SHOWN_REJECTIONS = 10


class Fact(NamedTuple):
    """What is known of both products of a pair under one name."""

    name: str
    left: str
    right: str


@desk_page("golden-pairs/", name="golden_pairs", title=_("Golden pairs"), group=Group.RECOMMENDATIONS, permission=VIEW)
@require_safe
def golden_pairs_page(request: HttpRequest) -> HttpResponse:
    """The queue. `ask` is the token of a pair to be asked about instead of the next one."""
    context = {"title": gettext("Golden pairs"), **question_context(request, token=request.GET.get("ask", ""))}
    return render_desk(request, "admin/recommendations/golden_pairs.html", context)


@desk_page("golden-pairs/answer/", name="golden_pairs_answer", permission=JUDGE)
@require_POST
def answer_page(request: HttpRequest) -> HttpResponse:
    """One key: keep the answer and ask the next question."""
    said = request.POST.get("grade", "")
    if said != SKIP and said not in {value for value, *_ in BUTTONS}:
        return HttpResponseBadRequest(gettext("Choose one of the answers."))
    try:
        services.answer(
            read_user(request), token=request.POST.get("pair", ""), grade=None if said == SKIP else int(said)
        )
    except services.UnknownPair as error:
        messages.warning(request, str(error))
    return show_question(request)


@desk_page("golden-pairs/undo/", name="golden_pairs_undo", permission=JUDGE)
@require_POST
def undo_page(request: HttpRequest) -> HttpResponse:
    """Take the last answer back and ask about that pair again."""
    token = services.undo_last(read_user(request))
    if token is None:
        messages.warning(request, gettext("There is no answer of yours to take back."))
    return show_question(request, token=token or "")


def show_question(request: HttpRequest, *, token: str = "") -> HttpResponse:
    """Return the question as a piece of HTML to the page's script, and the whole page to a browser without it."""
    if is_by_script(request):
        context = question_context(request, token=token) | {"said": list(messages.get_messages(request))}
        return render(request, "admin/recommendations/golden_question.html", context)
    address = reverse("golden_pairs")
    return redirect(f"{address}?{urlencode({'ask': token})}" if token else address)


def read_user(request: HttpRequest) -> User:
    """Return who asks: no page of the desk is shown to anybody who has not signed in."""
    return cast(User, request.user)


def question_context(request: HttpRequest, *, token: str = "") -> dict[str, Any]:
    """Return what the template of the question needs."""
    user, question = read_user(request), None
    may_judge = user.has_perm(JUDGE)
    if may_judge:
        try:
            question = services.find_question(token) if token else services.next_question(user)
        except services.UnknownPair as error:
            messages.warning(request, str(error))
            question = services.next_question(user)
    return {
        "may_judge": may_judge,
        "question": question,
        "facts": compare_facts(question.left, question.right) if question else [],
        "buttons": [(value, gettext(label), key, letter) for value, label, key, letter in BUTTONS],
        "last": services.find_last(user) if may_judge else None,
        "progress": services.read_progress(user),
    }


def compare_facts(left: Product, right: Product) -> list[Fact]:
    """Return what there is to compare, side by side; what neither has is left out."""
    facts = [
        Fact(gettext("Brand"), left.brand, right.brand),
        Fact(gettext("Price"), money(left), money(right)),
        Fact(gettext("Category"), *(category_path(one.category.path) if one.category else "" for one in (left, right))),
    ]
    first, second = dict(attribute_rows(left)), dict(attribute_rows(right))
    facts += [Fact(name, first.get(name, ""), second.get(name, "")) for name in dict.fromkeys([*first, *second])]
    facts.append(Fact(gettext("Description"), description(left), description(right)))
    return [fact for fact in facts if fact.left or fact.right]


@desk_page("golden-pairs/agreement/", name="golden_pairs_agreement", permission=VIEW)
@require_safe
def agreement_page(request: HttpRequest) -> HttpResponse:
    """How far staff agree, where they do not, and what their answers say of the spaces."""
    agreement = read_agreement()
    disputed = Paginator(find_disputed(), DISPUTES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": gettext("What golden pairs say"),
        "crumbs": [(gettext("Golden pairs"), reverse("golden_pairs"))],
        "agreement": agreement,
        "alpha": word_estimate(agreement.alpha),
        "verdict": word_alpha(agreement.alpha),
        "twos": [(two, "–" if np.isnan(two.kappa) else f"{two.kappa:.2f}") for two in agreement.twos],
        "spaces": list_figures(),
        "page": disputed,
        "disputed": [(pair, services.ask_again(pair)) for pair in disputed],
        "may_judge": request.user.has_perm(JUDGE),
        "may_import": request.user.has_perm(ADD),
    }
    return render_desk(request, "admin/recommendations/golden_agreement.html", context)


def list_figures() -> list[dict[str, Any]]:
    """Return what golden pairs say of the live space, of those that wait, and of the one to go back to."""
    waiting = EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.READY).order_by("-created_at")
    spaces = [EmbeddingSpace.objects.live(), *waiting[: MAX_SPACES - 2], EmbeddingSpace.objects.rollback_target()]
    golden = load_golden()
    rows = []
    for space in (space for space in spaces if space is not None):
        figures = recall_figures(space, golden)
        shown = {name: word_estimate(getattr(figures, name)) for name in ("concordance", "accuracy", "ndcg")}
        rows.append({"space": space, "figures": figures, **shown})
    return rows


def recall_figures(space: EmbeddingSpace, golden: GoldenSet) -> SpaceFigures:
    """Return what golden pairs say of a space; of the same pairs with the same grades it is known for ten minutes."""
    key = f"golden-figures:{space.pk}:{golden.checksum}"
    figures: SpaceFigures | None = cache.get(key)
    if figures is None:
        figures = judge_space(space, golden=golden)
        cache.set(key, figures, KEPT_FOR_S)
    return figures


def word_estimate(estimate: Estimate) -> str:
    """Return 0.81 (0.74–0.87), or a dash where nothing is known."""
    if np.isnan(estimate.mean):
        return "–"
    return f"{estimate.mean:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"


def word_alpha(alpha: Estimate) -> str:
    """Return what an alpha means, by the lower end of its interval: what is sure."""
    if np.isnan(alpha.mean):
        return gettext(
            "Not known yet: it takes pairs that two people have judged, with more than one grade among them."
        )
    if alpha.low >= RELIABLE:
        return gettext("Staff agree: their grades can be relied on.")
    if alpha.mean >= TENTATIVE:
        return gettext("Staff agree fairly well: good enough to compare spaces by, with some care.")
    return gettext(
        "Staff do not agree yet on what is similar: talk over the pairs below before relying on the figures."
    )


@desk_page("golden-pairs/export/", name="golden_pairs_export", permission=VIEW)
@require_safe
def export_page(request: HttpRequest) -> HttpResponse:
    """All pairs with the grade that counts, as CSV."""
    return respond_with_csv(GoldenPair.objects.all())


@desk_page("golden-pairs/import/", name="golden_pairs_import", permission=ADD)
@require_POST
def import_page(request: HttpRequest) -> HttpResponse:
    """Pairs of a file, taken as the answers of who uploads it."""
    uploaded = request.FILES.get("file")
    if uploaded is None or (uploaded.size or 0) > MAX_FILE_BYTES:
        messages.error(request, gettext("Choose a CSV file of at most 5 MB."))
        return redirect("golden_pairs_agreement")
    try:
        taken = take_file(io.TextIOWrapper(uploaded, encoding="utf-8-sig", newline=""), user=read_user(request))
    except UnreadableFile as error:
        messages.error(request, str(error))
        return redirect("golden_pairs_agreement")
    said = gettext("Pairs that are judged: %(graded)d. Pairs that are asked about: %(asked)d.")
    messages.success(request, said % {"graded": taken.graded, "asked": taken.asked})
    for line in taken.rejected[:SHOWN_REJECTIONS]:
        messages.warning(request, line)
    if len(taken.rejected) > SHOWN_REJECTIONS:
        messages.warning(request, gettext("%d lines do not count.") % len(taken.rejected))
    return redirect("golden_pairs_agreement")
