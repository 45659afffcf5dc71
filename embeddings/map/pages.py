"""The map in the admin: the page, what its script asks for, and the list of products that a box becomes."""

from __future__ import annotations

import gzip
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from api.field import current_field
from catalog.admin_lists import find_words
from catalog.desk.pages import Group, desk_page, keep_in_browser, render_desk
from catalog.models import Product, ProductQuerySet
from embeddings.map.box import narrow, read_box
from embeddings.map.colourings import COLOURINGS, word_group
from embeddings.map.services import find_shown
from embeddings.map.status import read_status
from embeddings.map.tables import CatalogueMap, MapPoint
from embeddings.models import EmbeddingSpace

SEE_PRODUCTS = "catalog.view_product"
MOST_ASKED = 60  # products of one answer
MOST_FOUND = 8
LONGEST_QUERY = 200
PICTURE_WIDTH = 160  # one of `sizes.WIDTHS`
FOREVER = "private, max-age=31536000, immutable"  # the address names the version
A_WHILE = "private, max-age=300"


class MapBoxFilter(admin.SimpleListFilter):
    """What lies in a box that somebody drew on the map; without one there is nothing to choose."""

    title = _("map")
    parameter_name = "map_box"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self.value() or "", gettext("In the box on the map"))]

    def has_output(self) -> bool:
        return bool(self.value())

    def queryset(self, request: HttpRequest, queryset: ProductQuerySet) -> ProductQuerySet:  # type: ignore[override]
        value = self.value()
        if not value:
            return queryset
        box = read_box(value)
        return narrow(queryset, box) if box else queryset.none()


@desk_page("map/", name="map", title=_("Map"), group=Group.CATALOGUE, permission=SEE_PRODUCTS)
@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    """The catalogue in two dimensions."""
    status = read_status()
    context = {
        "title": gettext("Map"),
        "status": status,
        "shown": status.shown,
        "legends": _describe_legends(status.shown) if status.shown else [],
        "list_url": reverse("admin:catalog_product_changelist"),
    }
    return render_desk(request, "admin/embeddings/map.html", context)


@desk_page("map/points/<int:map_id>/<int:version>/", name="map_points", permission=SEE_PRODUCTS)
@keep_in_browser
@require_safe
def map_points(request: HttpRequest, map_id: int, version: int) -> HttpResponse:
    """All points of a map, as `drawing.pack` has them."""
    points = bytes(_find_map(map_id, version).points)
    response = HttpResponse(content_type="application/octet-stream", headers={"Cache-Control": FOREVER})
    patch_vary_headers(response, ["Accept-Encoding"])
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content, response["Content-Encoding"] = points, "gzip"
    else:
        response.content = gzip.decompress(points)
    return response


@desk_page("map/picture/<int:map_id>/<int:version>.png", name="map_picture", permission=SEE_PRODUCTS)
@keep_in_browser
@require_safe
def map_picture(request: HttpRequest, map_id: int, version: int) -> HttpResponse:
    """The map as a picture, for browsers without scripts."""
    picture = bytes(_find_map(map_id, version).picture)
    return HttpResponse(picture, content_type="image/png", headers={"Cache-Control": FOREVER})


@desk_page("map/products/", name="map_products", permission=SEE_PRODUCTS)
@keep_in_browser
@require_safe
def map_products(request: HttpRequest) -> HttpResponse:
    """Title and picture of products, by `ids=1,2,3`; those that are gone are left out."""
    ids = request.GET.get("ids", "").split(",")[:MOST_ASKED]
    if not all(written.isascii() and written.isdigit() and len(written) < 19 for written in ids):
        raise BadRequest("ids are whole numbers with commas between")
    products = Product.objects.filter(pk__in=[int(written) for written in ids]).prefetch_related("images")
    answer = JsonResponse({"products": [_describe(product) for product in products.order_by("pk")]})
    answer["Cache-Control"] = A_WHILE
    return answer


@desk_page("map/find/", name="map_find", permission=SEE_PRODUCTS)
@require_safe
def map_find(request: HttpRequest) -> HttpResponse:
    """Where products lie that have the words `q` in SKU, title or brand; the one of that SKU comes first."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    if not query:
        return JsonResponse({"products": []})
    exact = list(Product.objects.filter(sku=query).prefetch_related("images"))
    others = Product.objects.filter(find_words(query)).exclude(sku=query).prefetch_related("images").order_by("sku")
    found = [*exact, *others[: MOST_FOUND - len(exact)]]
    live = EmbeddingSpace.objects.live()
    points = MapPoint.objects.filter(map=find_shown(live) if live else None, product__in=[one.pk for one in found])
    places = {point.product_id: [point.x, point.y] for point in points}
    return JsonResponse({"products": [_describe(product) | {"place": places.get(product.pk)} for product in found]})


def _find_map(map_id: int, version: int) -> CatalogueMap:
    found = CatalogueMap.objects.filter(pk=map_id, version=version, is_complete=True).first()
    if found is None:
        raise Http404  # a newer one has taken its place: the page asks for that when it is loaded again
    return found


def _describe(product: Product) -> dict[str, Any]:
    image = product.main_image
    return {
        "id": product.pk,
        "sku": product.sku,
        "title": product.translated("title"),
        "picture": image.sized_url(PICTURE_WIDTH) if image else "",
        "url": reverse("admin:catalog_product_change", args=[product.pk]),
    }


def _describe_legends(shown: CatalogueMap) -> list[dict[str, Any]]:
    """Return the colourings of a map with their groups, in the reader's language."""
    return [
        {
            "name": legend["name"],
            "title": COLOURINGS[legend["name"]].title,
            "code": code,
            "groups": [group | {"text": word_group(legend["name"], group)} for group in legend["groups"]],
        }
        for code, legend in enumerate(shown.groups)
        if legend["name"] in COLOURINGS and COLOURINGS[legend["name"]].part not in current_field().hidden
    ]
