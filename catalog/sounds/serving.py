"""Sounds as the web serves them: to everybody those of products that are shown, to the staff all.

In parts where a player asks for a part (RFC 9110, section 14): one that jumps to the end of a sound does not load what
is before it, and Safari plays nothing from a server that sends no parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from api.replica.reading import from_replica
from catalog.models import ProductAudio
from catalog.pictures.serving import STAFF_PERMISSION, YEAR_S, allow_keeping, forbid_keeping
from catalog.sounds.checks import FOLDER

PIECE = 256 * 1024
TYPES = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg"}  # by how we name files
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@require_safe
@from_replica
def original_sound(request: HttpRequest, path: str) -> HttpResponseBase:
    """A sound as it was handed in; its type is that of its content."""
    name = f"{FOLDER}/{path}"
    sound, is_public = find_sound(request, name=name)
    etag = f'"{sound.sha256}"'

    def answer() -> HttpResponseBase:
        try:
            size = default_storage.size(name)
        except FileNotFoundError:
            raise Http404("The file of this sound is gone") from None
        response = send_part(request, name, size=size, etag=etag)
        response.headers["Content-Type"] = TYPES[name.rpartition(".")[2]]
        return response

    if not is_public:
        return forbid_keeping(answer())
    return allow_keeping(request, answer, etag=etag, max_age_s=YEAR_S)


def find_sound(request: HttpRequest, *, name: str) -> tuple[ProductAudio, bool]:
    """Return a sound that the visitor may hear, and whether everybody may. Raises Http404."""
    sounds = ProductAudio.objects.filter(file=name)
    shown = sounds.filter(product__is_active=True).first()
    if shown is not None:
        return shown, True
    hidden = sounds.first() if request.user.has_perm(STAFF_PERMISSION) else None
    if hidden is None:
        raise Http404("There is no such sound")
    return hidden, False


def send_part(request: HttpRequest, name: str, *, size: int, etag: str) -> HttpResponseBase:
    """Answer with the part of a file that the request asks for: 206; 416 where there is none such; else all of it."""
    asked = read_range(request.headers.get("Range", ""), size=size)
    if request.headers.get("If-Range", etag) != etag:
        asked = None
    if asked == (0, 0):
        refused = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        patch_cache_control(refused, no_store=True)
        return refused
    start, stop = asked or (0, size)
    response = StreamingHttpResponse(read_pieces(name, start=start, stop=stop), status=206 if asked else 200)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(stop - start)
    if asked:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return response


def read_range(header: str, *, size: int) -> tuple[int, int] | None:
    """Return where the one part that a header asks for begins and ends; (0, 0): there is none such; None: all.

    Several parts, or other units, may be answered by all there is.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # so many bytes at the end
        wanted = min(int(match[2]), size)
        return (size - wanted, size) if wanted else (0, 0)
    start = int(match[1])
    stop = min(int(match[2]) + 1, size) if match[2] else size
    return (start, stop) if start < stop else (0, 0)


def read_pieces(name: str, *, start: int, stop: int) -> Iterator[bytes]:
    """Yield a part of a stored file, which is open no longer than that."""
    with default_storage.open(name, "rb") as file:
        file.seek(start)
        while start < stop and (piece := file.read(min(PIECE, stop - start))):
            start += len(piece)
            yield piece
