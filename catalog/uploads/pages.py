"""The desk's page of imports: files in, what became of each, and back out again where one was wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.desk.pages import Group, desk_page, render_desk
from catalog.models import Export, Upload
from catalog.uploads import needs as needs  # registered by being imported
from catalog.uploads.forms import UploadForm
from catalog.uploads.previewing import preview_rows, sample_columns
from catalog.uploads.receiving import (
    PARTS,
    NotReceived,
    begin_upload,
    complete_upload,
    drop_upload,
    receive_piece,
)
from catalog.uploads.steering import NotPossible, request_check, request_load, request_undo, stop_work
from catalog.uploads.storage import REJECTED, PieceMisplaced, open_file
from catalog.uploads.words import (
    is_slow_to_begin,
    word_counts,
    word_edits,
    word_error,
    word_line,
    word_state,
    word_undone,
)

SHOWN_UPLOADS, SHOWN_EXPORTS = 50, 10  # the latest
HEAVY = ("columns", "reasons", "problems", "warnings")  # of an upload; the list does without
FULL_DISK = _(
    "The file cannot be kept: the disk of the server is full or failed. Nothing was changed. Make room there."
)
View = Callable[..., HttpResponse]


def may_import(request: HttpRequest) -> bool:
    """May whoever asks load files?"""
    return bool(request.user.has_perms(["catalog.add_product", "catalog.change_product"]))


def for_importers(view: View) -> View:
    """Refuse whoever may not make and change products."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_import(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@desk_page(
    "import/",
    name="imports",
    title=_("Import and export"),
    group=Group.CATALOGUE,
    permission="catalog.view_product",
)
@require_http_methods(["GET", "HEAD", "POST"])
def imports_page(request: HttpRequest) -> HttpResponse:
    """What was imported and exported, and a place to drop the next file. A POST brings one in a piece."""
    if request.method == "POST":
        return receive_whole(request)
    uploads = Upload.objects.exclude(state=Upload.State.RECEIVING).select_related("asked_by").defer(*HEAVY)
    exports = Export.objects.select_related("asked_by")[:SHOWN_EXPORTS]
    context = {
        "title": gettext("Import and export"),
        "may_import": may_import(request),
        "uploads": [_describe_briefly(upload) for upload in uploads[:SHOWN_UPLOADS]],
        "exports": [{"export": export, "state": word_state(export), "error": word_error(export)} for export in exports],
        "max_mib": settings.KINDRED_IMPORT_MAX_BYTES // 1024**2,
        "kept_days": settings.KINDRED_IMPORT_KEPT_DAYS,
    }
    return render_desk(request, "admin/catalog/imports.html", context)


def _describe_briefly(upload: Upload) -> dict[str, Any]:
    said = word_undone(upload) if upload.task == Upload.Task.UNDO else word_line(upload)
    return {"upload": upload, "state": word_state(upload), "said": said, "error": word_error(upload)}


@for_importers
def receive_whole(request: HttpRequest) -> HttpResponse:
    """Take a file as forms without scripts send it: as a whole, as large as any request may be."""
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, gettext("Choose a file first."))
        return redirect("imports")
    try:
        upload = begin_upload(name=file.name or "", asked_by=request.user)
        for part in PARTS:
            if sent := request.FILES.get(part):
                receive_piece(upload, sent.chunks(), part=part, at=0)
        complete_upload(upload)
    except NotReceived as error:
        messages.error(request, str(error))
        return redirect("imports")
    except OSError:
        messages.error(request, str(FULL_DISK))
        return redirect("imports")
    return redirect("import_file", upload.pk)


@desk_page("import/begin/", name="import_begin", permission="catalog.change_product")
@require_POST
@for_importers
def begin_page(request: HttpRequest) -> HttpResponse:
    """Begin with a file that comes in pieces. Answers with where they go."""
    try:
        upload = begin_upload(name=request.POST.get("name", ""), asked_by=request.user)
    except OSError:
        return JsonResponse({"error": str(FULL_DISK)}, status=507)
    return JsonResponse({"address": reverse("import_piece", args=[upload.pk])})


@desk_page("import/<int:pk>/piece/", name="import_piece", permission="catalog.change_product")
@require_POST
@for_importers
def piece_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a piece of a file that its sender has begun; with `is_last`, all of it has come."""
    upload = get_object_or_404(Upload, pk=pk, asked_by=request.user, state=Upload.State.RECEIVING)
    part, at, piece = request.POST.get("part", ""), request.POST.get("at", ""), request.FILES.get("piece")
    if part not in PARTS or not (at.isascii() and at.isdigit() and len(at) < 16):
        raise Http404
    try:
        if piece is not None:
            receive_piece(upload, piece.chunks(), part=part, at=int(at))
        if request.POST.get("is_last"):
            complete_upload(upload)
    except NotReceived as error:
        return JsonResponse({"error": str(error)}, status=400)
    except PieceMisplaced:
        return JsonResponse({"error": gettext("A piece of the file is missing: send it again.")}, status=409)
    except OSError:
        return JsonResponse({"error": str(FULL_DISK)}, status=507)
    return JsonResponse({"address": reverse("import_file", args=[pk])})


@desk_page("import/<int:pk>/", name="import_file", permission="catalog.view_product")
@require_http_methods(["GET", "HEAD", "POST"])
def file_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: how it is read, its first rows, what is wrong with it, and what came of it. A POST says how to read."""
    upload = get_object_or_404(Upload.objects.exclude(state=Upload.State.RECEIVING), pk=pk)
    form = UploadForm(request.POST or None, instance=upload) if upload.may_check and may_import(request) else None
    if request.method == "POST":
        return _apply(request, upload, form)
    return _show(request, upload, form)


def _show(request: HttpRequest, upload: Upload, form: UploadForm | None) -> HttpResponse:
    rows, failure = preview_rows(upload) if upload.may_load else ([], "")
    samples = sample_columns(upload) if form is not None else {}
    context = {
        "title": upload.name,
        "crumbs": [(gettext("Import and export"), reverse("imports"))],
        **_describe_briefly(upload),
        "counts": word_counts(upload),
        "undone": word_undone(upload),
        "edits": word_edits(upload),
        "is_slow": is_slow_to_begin(upload),
        "may_import": may_import(request),
        "form": form,
        "columns": [
            {"at": at, "name": name, "target": target, "values": samples.get(name, [])}
            for at, (name, target) in enumerate(upload.columns)
        ],
        "rows": rows,
        "failure": failure,
        "kept_days": settings.KINDRED_IMPORT_KEPT_DAYS,
    }
    return render_desk(request, "admin/catalog/import_file.html", context)


@for_importers
def _apply(request: HttpRequest, upload: Upload, form: UploadForm | None) -> HttpResponse:
    if form is None:
        messages.error(request, gettext("That is not possible now. The page shows how it stands."))
        return redirect("import_file", upload.pk)
    if not form.is_valid():
        upload.refresh_from_db()
        return _show(request, upload, form)
    said = form.save()
    Upload.objects.filter(pk=upload.pk).update(
        columns=said.columns, **{name: form.cleaned_data[name] for name in form.Meta.fields}
    )
    return _ask(request, upload, request_check)


@desk_page("import/<int:pk>/do/<str:deed>/", name="import_do", permission="catalog.change_product")
@require_POST
@for_importers
def deed_page(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Do what a button says."""
    upload = get_object_or_404(Upload, pk=pk)
    deeds: dict[str, Callable[[Upload], None]] = {
        "load": request_load,
        "check": request_check,
        "undo": request_undo,
        "stop": stop_work,
    }
    if deed == "discard" and upload.task == Upload.Task.CHECK:
        drop_upload(upload)
        messages.success(request, gettext("“%s” is forgotten. Nothing was imported.") % upload.name)
        return redirect("imports")
    if deed not in deeds:
        raise Http404
    return _ask(request, upload, deeds[deed])


def _ask(request: HttpRequest, upload: Upload, ask: Callable[[Upload], None]) -> HttpResponse:
    try:
        ask(upload)
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect("import_file", upload.pk)


@desk_page("import/<int:pk>/rejected.csv", name="import_rejected", permission="catalog.view_product")
@require_safe
def rejected_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The rejected rows with their reasons, to be mended and uploaded again."""
    upload = get_object_or_404(Upload, pk=pk)
    try:
        file = open_file(upload, REJECTED)
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(file, as_attachment=True, filename=f"rejected-{pk}.csv", content_type="text/csv; charset=utf-8")  # type: ignore[return-value]
