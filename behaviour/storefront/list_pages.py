"""Lists that a script puts into a page once they come near: a page that shows none of them waits for none."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from api.replica.reading import from_replica
from behaviour.storefront.consent import read_visitor
from behaviour.storefront.lists import RECENT, make_trending
from catalog.models import Product


@require_safe
@never_cache
@from_replica
def list_part(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of a list alone; nothing where there is nothing to show."""
    if name == "trending":
        return render(request, "storefront/list.html", {"list": make_trending(read_visitor(request))})
    if name == "recently-viewed":
        return render(request, "storefront/recent.html", {"products": find_recent(request.GET.getlist("sku"))})
    raise Http404("There is no such list")


def find_recent(skus: list[str]) -> list[Product]:
    """Return the products with these SKUs that may be seen, in this order. The browser alone knows which they are."""
    wanted = [sku for sku in dict.fromkeys(skus) if "\x00" not in sku][:RECENT]
    found = {product.sku: product for product in Product.objects.shown().filter(sku__in=wanted).for_cards()}
    return [found[sku] for sku in wanted if sku in found]
