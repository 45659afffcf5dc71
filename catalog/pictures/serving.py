"""Pictures as the web serves them: to everybody those of products that are shown, to the staff all.

URLs name the content, so that they can be kept for good and nobody can count through them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from api.replica.reading import from_replica
from catalog.models import ProductImage
from catalog.pictures.decoding import PictureError
from catalog.pictures.sizes import WIDTHS, read_sized

YEAR_S = 31_536_000
SOON_S = 300
STAFF_PERMISSION = "catalog.view_product"


@require_safe
@from_replica
def sized_picture(request: HttpRequest, sha256: str, width: int) -> HttpResponseBase:
    """A picture as WebP."""
    if width not in WIDTHS:
        raise Http404(f"Pictures come {WIDTHS} pixels wide")
    image, is_public = find_picture(request, sha256=sha256)

    def answer() -> HttpResponseBase:
        try:
            content = read_sized(image, width=width)
        except FileNotFoundError:
            raise Http404("The original of this picture is gone") from None
        except PictureError as error:
            raise Http404(f"The picture cannot be shown: {error}") from None
        return HttpResponse(content, content_type="image/webp")

    if not is_public:
        return forbid_keeping(answer())
    return allow_keeping(request, answer, etag=f'"{sha256}-{width}"', max_age_s=YEAR_S)


@require_safe
@from_replica
def numbered_picture(request: HttpRequest, image_id: int, width: int) -> HttpResponseBase:
    """Where the picture is now that an earlier version's URL named, if the URL names its content as well."""
    image = ProductImage.objects.filter(pk=image_id, product__is_active=True).first()
    if image is None or request.GET.get("v") != image.sha256[:8] or width not in WIDTHS:
        raise Http404("There is no such picture")
    return redirect(image.sized_url(width), permanent=True)


@require_safe
@from_replica
def original_picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """A picture as it was handed in, without its metadata."""
    image, is_public = find_picture(request, sha256=PurePosixPath(path).stem, file=path)

    def answer() -> HttpResponseBase:
        try:
            return FileResponse(default_storage.open(path, "rb"))
        except FileNotFoundError:
            raise Http404("The file of this picture is gone") from None

    if not is_public:
        return forbid_keeping(answer())
    # A file that still has its metadata becomes another one under the same URL.
    etag = f'"{image.sha256}-{"clean" if image.is_clean else "raw"}"'
    return allow_keeping(request, answer, etag=etag, max_age_s=YEAR_S if image.is_clean else SOON_S)


def find_picture(request: HttpRequest, **named: str) -> tuple[ProductImage, bool]:
    """Return a picture that the visitor may see, and whether everybody may. Raises Http404."""
    images = ProductImage.objects.filter(**named)
    shown = images.filter(product__is_active=True).first()
    if shown is not None:
        return shown, True
    hidden = images.first() if request.user.has_perm(STAFF_PERMISSION) else None
    if hidden is None:
        raise Http404("There is no such picture")
    return hidden, False


def allow_keeping(
    request: HttpRequest, answer: Callable[[], HttpResponseBase], *, etag: str, max_age_s: int
) -> HttpResponseBase:
    """Answer, and say how long the picture may be kept; 304 to who has it already."""
    response: HttpResponseBase = get_conditional_response(request, etag=etag) or answer()
    patch_cache_control(response, public=True, max_age=max_age_s)
    if max_age_s == YEAR_S:
        patch_cache_control(response, immutable=True)
    response.headers["ETag"] = etag
    return response


def forbid_keeping(response: HttpResponseBase) -> HttpResponseBase:
    """Have nobody in between keep what only the staff sees."""
    patch_cache_control(response, private=True, no_store=True)
    return response
