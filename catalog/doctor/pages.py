"""The doctor's pages: how the catalogue stands, and each check's findings with what can be done about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import EmptyPage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from api.counts import BoundedPaginator, count_rows, word_count
from catalog.desk.pages import Group, desk_page, render_desk
from catalog.doctor.checks import CHECKS, Check, list_checks
from catalog.doctor.deeds import CHANGE_PRODUCTS, DEEDS, Asked, Deed, DeedError, do_deed, undo_deed
from catalog.doctor.remarks import examine
from catalog.doctor.rounds import AT_REST, ask_for_round
from catalog.doctor.scores import Line, draw_line, read_scores
from catalog.models import DoctorDeed, DoctorRound, DoctorScore, Finding, Product

PER_PAGE = 24
MOST_AT_ONCE = 100  # findings that one press of a button acts on
SHOWN_DEEDS = 5
VIEW_PRODUCTS = "catalog.view_product"


@dataclass(frozen=True)
class Card:
    """One check on the front page."""

    check: Check
    count: str  # of its findings, in words: 312, or 10,000+
    is_well: bool
    score: DoctorScore | None  # of the last day
    percent: float | None  # of the catalogue that is well
    line: Line | None


@dataclass(frozen=True)
class Row:
    """One finding as the page shows it: the product, the other one beside it, and what is said."""

    finding: Finding
    product: Product
    other: Product | None
    said: str
    picture: Any  # the picture that is meant, None where none is
    beside: list[Product]  # what it is compared with
    deeds: list[Deed]  # what is offered for it


@desk_page("doctor/", name="doctor", title=_("Doctor"), group=Group.CATALOGUE, permission=VIEW_PRODUCTS)
@require_safe
def doctor_page(request: HttpRequest) -> HttpResponse:
    """Every check with its count, score and line, and what is to be said of the shop as a whole."""
    scores = read_scores()
    cards = [make_card(check, scores.get(check.name, [])) for check in list_checks()]
    context = {
        "title": gettext("Doctor"),
        "cards": sorted(cards, key=lambda card: card.is_well),
        "round": DoctorRound.objects.filter(pk=1).first(),
        "examinations": [one for one in examine() if one.remarks],
        "may_change": request.user.has_perm(CHANGE_PRODUCTS),
    }
    return render_desk(request, "admin/doctor/front.html", context | describe_round(context["round"]))


def make_card(check: Check, scores: Any) -> Card:
    count = count_rows(Finding.objects.open().filter(check_name=check.name))
    last = scores[-1] if scores else None
    percent = round(100 * last.share, 1) if last else None
    return Card(check, word_count(count), count.number == 0, last, percent, draw_line(scores))


def describe_round(round_: Any) -> dict[str, Any]:
    """Return what is said of the doctor's round: how far it is, or when it was at its end."""
    is_on = round_ is not None and round_.stage != AT_REST
    asked = round_ is not None and round_.asked_at and (not round_.began_at or round_.asked_at > round_.began_at)
    # No round has ended yet: how many there are to look at is not known.
    most = max(round_.products, round_.examined) if round_ and round_.products else None
    return {"is_on": is_on, "is_asked": bool(asked), "most": most, "examined": round_.examined if round_ else 0}


@desk_page("doctor/look-again/", name="doctor_look_again", permission=CHANGE_PRODUCTS)
@require_POST
def look_again(request: HttpRequest) -> HttpResponse:
    """Ask for a whole round."""
    ask_for_round()
    messages.success(request, gettext("The doctor looks at the whole catalogue again. This page shows how far it is."))
    return redirect("doctor")


@desk_page("doctor/<slug:name>/", name="doctor_findings", permission=VIEW_PRODUCTS)
@require_safe
def findings_page(request: HttpRequest, name: str) -> HttpResponse:
    """What one check found, the worst first, or what is ignored of it."""
    check = find_check(name)
    is_ignored = "ignored" in request.GET
    of_check = Finding.objects.filter(check_name=name)
    open_findings = of_check.open().order_by("-severity", "-id")
    findings = of_check.ignored().order_by("-ignored_at") if is_ignored else open_findings
    paginator = BoundedPaginator(findings, PER_PAGE)
    try:
        page = paginator.get_page(request.GET.get("page"))
    except EmptyPage:
        page = paginator.page(1)
    deeds = [DEEDS[deed] for deed in check.deeds if deed in DEEDS and request.user.has_perms(DEEDS[deed].permissions)]
    done = DoctorDeed.objects.filter(check_name=name, undone_at=None).select_related("product", "done_by")[:SHOWN_DEEDS]
    context = {
        "title": check.title,
        "crumbs": [(gettext("Doctor"), reverse("doctor"))],
        "check": check,
        "page": page,
        "rows": make_rows(check, list(page.object_list), deeds=deeds),
        "counted": word_count(paginator.counted),
        "is_ignored": is_ignored,
        "deeds": deeds,
        "bulk_deeds": [deed for deed in deeds if deed.is_bulk],
        "may_change": request.user.has_perm(CHANGE_PRODUCTS),
        "done": [(kept, DEEDS[kept.deed]) for kept in done if kept.deed in DEEDS],
        "score": DoctorScore.objects.filter(check_name=name).order_by("-day").first(),
    }
    return render_desk(request, "admin/doctor/findings.html", context)


def find_check(name: str) -> Check:
    if name not in CHECKS:
        raise Http404("There is no such check")
    return CHECKS[name]


def make_rows(check: Check, findings: list[Finding], *, deeds: list[Deed]) -> list[Row]:
    """Return what the page shows of these findings: as many queries for twenty as for two."""
    wanted = {number for one in findings for number in (one.product_id, one.other_id, *beside(one)) if number}
    products = Product.objects.for_cards().in_bulk(wanted)
    return [
        Row(
            finding=one,
            product=products[one.product_id],
            other=products.get(one.other_id) if one.other_id else None,
            said=check.describe(one.details),
            picture=find_picture(one, products[one.product_id]),
            beside=[products[number] for number in beside(one) if number in products],
            deeds=[deed for deed in deeds if deed.fits(one)],
        )
        for one in findings
        if one.product_id in products
    ]


def beside(finding: Finding) -> list[int]:
    """Return the ids of products that a finding is explained by."""
    return [number for number in finding.details.get("beside", []) if isinstance(number, int)]


def find_picture(finding: Finding, product: Product) -> Any:
    sha256 = finding.details.get("sha256")
    return next((image for image in product.images.all() if image.sha256 == sha256), None) if sha256 else None


@desk_page("doctor/<slug:name>/act/", name="doctor_act", permission=VIEW_PRODUCTS)
@require_POST
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Do something about the findings that are named: one that a button stands beside, or all that are selected."""
    check = find_check(name)
    asked_for, numbers = request.POST.get("deed", ""), request.POST.getlist("finding")[:MOST_AT_ONCE]
    findings = list(Finding.objects.filter(check_name=name, pk__in=[int(one) for one in numbers if is_id(one)]))
    if not findings:
        messages.warning(request, gettext("Nothing is selected, or it is gone already."))
    elif asked_for in ("ignore", "unignore"):
        set_ignored(request, findings, is_ignored=asked_for == "ignore")
    else:
        deed = DEEDS.get(asked_for) if asked_for in check.deeds else None
        if deed is None:
            raise Http404("There is no such deed")
        fitting = [one for one in findings if deed.fits(one)]
        do_all(request, deed, fitting if deed.is_bulk else fitting[:1])
    return redirect(back_to(request, name))


def is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def back_to(request: HttpRequest, name: str) -> str:
    page = request.POST.get("page", "")
    query = "&".join(["ignored"] * ("ignored" in request.POST) + [f"page={page}"] * (is_id(page) and page != "1"))
    return reverse("doctor_findings", args=[name]) + (f"?{query}" if query else "")


def set_ignored(request: HttpRequest, findings: list[Finding], *, is_ignored: bool) -> None:
    """Remember that these are to be ignored, or no more. Raises PermissionDenied."""
    require(request, (CHANGE_PRODUCTS,))
    count = Finding.objects.filter(pk__in=[one.pk for one in findings]).update(
        ignored_at=timezone.now() if is_ignored else None, ignored_by=request.user.pk if is_ignored else None
    )
    if is_ignored:
        said = ngettext(
            "%(count)d finding is ignored from now on.", "%(count)d findings are ignored from now on.", count
        )
    else:
        said = ngettext("%(count)d finding is back on the list.", "%(count)d findings are back on the list.", count)
    messages.success(request, said % {"count": count})


def require(request: HttpRequest, permissions: tuple[str, ...]) -> None:
    if not request.user.has_perms(permissions):
        raise PermissionDenied


def do_all(request: HttpRequest, deed: Deed, findings: list[Finding]) -> None:
    """Do a deed to each of the findings; what cannot be done is told, and stops none of the others."""
    require(request, deed.permissions)
    values = {name: str(value) for name, value in request.POST.items()}
    count = 0
    for finding in findings:
        try:
            count += do_deed(deed, finding, Asked(request.user, values, request.FILES)) is not None  # type: ignore[arg-type]
        except DeedError as error:
            messages.error(request, str(error))
    if count:
        said = ngettext("Done for %(count)d finding: %(deed)s.", "Done for %(count)d findings: %(deed)s.", count)
        messages.success(request, said % {"count": count, "deed": deed.title})


@desk_page("doctor/<slug:name>/undo/", name="doctor_undo", permission=CHANGE_PRODUCTS)
@require_POST
def undo(request: HttpRequest, name: str) -> HttpResponse:
    """Put back what was done last, or what is named."""
    find_check(name)
    number = request.POST.get("kept", "")
    kept = DoctorDeed.objects.filter(pk=int(number), check_name=name).first() if is_id(number) else None
    if kept is not None and kept.deed in DEEDS:
        require(request, DEEDS[kept.deed].permissions)
        if undo_deed(kept, user=request.user):  # type: ignore[arg-type]
            messages.success(request, gettext("Undone: %s.") % DEEDS[kept.deed].title)
            return redirect(back_to(request, name))
    messages.warning(request, gettext("There is nothing to undo."))
    return redirect(back_to(request, name))
