"""The shop's pages."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from catalog.models import Product, ProductImage
from catalog.sized_pictures import WIDTHS, sized_picture_path

YEAR_S = 31_536_000


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    return HttpResponse("soon")


@require_safe
def product_page(request: HttpRequest, sku: str) -> HttpResponse:
    product = get_object_or_404(Product.objects.shown(), sku=sku)
    return HttpResponse(str(product))


@require_safe
def sized_picture(request: HttpRequest, image_id: int, width: int) -> FileResponse:
    """A picture as WebP. Cached for good when the URL names the content (`?v=`), which a new file changes."""
    image = get_object_or_404(ProductImage, pk=image_id) if width in WIDTHS else None
    if image is None:
        raise Http404(f"Pictures come {WIDTHS} pixels wide")
    try:
        file = sized_picture_path(image, width=width).open("rb")
    except FileNotFoundError:
        raise Http404("The original of this picture is gone") from None
    response = FileResponse(file, content_type="image/webp")
    if request.GET.get("v") == image.sha256[:8]:
        patch_cache_control(response, public=True, max_age=YEAR_S, immutable=True)
    else:
        patch_cache_control(response, public=True, max_age=300)
    return response
