"""The shop's pages and its sized pictures."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from catalog.listing import ORDERS, Listing
from catalog.models import Product, ProductImage, ProductQuerySet
from catalog.sized_pictures import WIDTHS, sized_picture_path

YEAR_S = 31_536_000
SHOWN_VARIANTS = 12


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    """The shop's front page: products as cards, by category, brand, collection and stock."""
    listing = Listing.from_query(request.GET)
    context = {
        "listing": listing,
        "page": listing.page_of_products(),
        "categories": listing.categories(),
        "brands": listing.brands(),
        "orders": [(value, label) for value, (label, _) in ORDERS.items()],
    }
    return render(request, "catalog/product_list.html", context)


@require_safe
def product_page(request: HttpRequest, sku: str) -> HttpResponse:
    """One product. What is similar to it comes from the slot that the recommendations app fills."""
    product = get_object_or_404(Product.objects.shown().for_cards(), sku=sku)
    return render(request, "catalog/product_page.html", {"product": product, "variants": other_variants(product)})


def other_variants(product: Product) -> ProductQuerySet:
    """The other colours or sizes of the product's design."""
    if not product.variant_group:
        return Product.objects.none()
    others = Product.objects.shown().filter(variant_group=product.variant_group).exclude(pk=product.pk)
    return others.for_cards()[:SHOWN_VARIANTS]


@require_safe
def sized_picture(request: HttpRequest, image_id: int, width: int) -> HttpResponse:
    """A picture as WebP. Cached for good when the URL names the content (`?v=`), which a new file changes."""
    if width not in WIDTHS:
        raise Http404(f"Pictures come {WIDTHS} pixels wide")
    image = get_object_or_404(ProductImage, pk=image_id)
    try:
        content = sized_picture_path(image, width=width).read_bytes()  # some 20 kB
    except FileNotFoundError:
        raise Http404("The original of this picture is gone") from None
    response = HttpResponse(content, content_type="image/webp")
    if request.GET.get("v") == image.sha256[:8]:
        patch_cache_control(response, public=True, max_age=YEAR_S, immutable=True)
    else:
        patch_cache_control(response, public=True, max_age=300)
    return response
