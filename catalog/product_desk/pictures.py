"""The pictures of a product on its page: added by drop or address, put in order, taken away; and what is wrong of each.

Every view answers a script with the section as it is then, and a browser without scripts by going back to the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from catalog.desk.pages import desk_page, is_by_script
from catalog.files import find_stored
from catalog.models import PictureDownload, Product, ProductImage
from catalog.pictures.checks import FORMATS, MAX_PICTURE_BYTES, MAX_PICTURES, PictureError
from catalog.pictures.ordering import order_pictures
from catalog.pictures.writes import add_picture, request_download
from catalog.refusals import BadValue, say_fault
from catalog.retelling import retell
from catalog.web_addresses import clean_url

TINY_PX = 200  # of the shorter side: cards show more, and an encoder sees little in it
CHECKED_FILES = 30  # pictures whose files are looked for: each is a question to the storage
SHOWN_DOWNLOADS = 20
FAILED_FOR = timedelta(days=2)  # how long a download that failed is shown
MAX_ADDRESS = 2000  # characters

ProblemFinder = Callable[[Sequence[ProductImage]], Mapping[int, str]]
PROBLEM_FINDERS: list[ProblemFinder] = []


def finds_problems(find: ProblemFinder) -> ProblemFinder:
    """Have the decorated function asked what is wrong with the pictures of one product: a sentence by picture id."""
    PROBLEM_FINDERS.append(find)
    return find


@finds_problems
def find_tiny(images: Sequence[ProductImage]) -> Mapping[int, str]:
    said = gettext("Tiny: less than %d pixels on its shorter side.") % TINY_PX
    return {image.pk: said for image in images if min(image.width, image.height) < TINY_PX}


@finds_problems
def find_broken(images: Sequence[ProductImage]) -> Mapping[int, str]:
    said = gettext("Broken: its file is not in the storage.")
    first = images[:CHECKED_FILES]
    there = find_stored(image.file.name or "" for image in first)
    return {image.pk: said for image in first if image.file.name not in there}


def pictures_context(request: HttpRequest, product: Product) -> dict[str, Any]:
    """Return what the template of the section needs."""
    images = list(product.images.all()[: MAX_PICTURES + 1])
    problems: dict[int, list[str]] = {image.pk: [] for image in images}
    for find in PROBLEM_FINDERS:
        for number, said in find(images).items():
            problems[number].append(said)
    return {
        "product": product,
        "pictures": [(image, problems[image.pk]) for image in images],
        "downloads": list_downloads(product),
        "may_add": request.user.has_perm("catalog.add_productimage"),
        "may_order": request.user.has_perm("catalog.change_productimage"),
        "may_remove": request.user.has_perm("catalog.delete_productimage"),
        "formats": ", ".join(FORMATS),
        "accept": ",".join(f"image/{name.lower()}" for name in FORMATS),
        "max_bytes": MAX_PICTURE_BYTES,
        "max_mib": MAX_PICTURE_BYTES // 1024**2,
        "max_pictures": MAX_PICTURES,
    }


def list_downloads(product: Product) -> list[PictureDownload]:
    """Return what is on its way, and what failed lately and was not had since."""
    state = PictureDownload.State
    recent = Q(state=state.FAILED, updated_at__gt=timezone.now() - FAILED_FOR)
    found = product.downloads.filter(kind="image").filter(Q(state__in=[state.WAITING, state.FETCHING]) | recent)[
        :SHOWN_DOWNLOADS
    ]
    there = set(product.images.exclude(source_url="").values_list("source_url", flat=True))
    later = {download.url for download in found if download.state != state.FAILED}
    shown = [one for one in found if one.state != state.FAILED or one.url not in there | later]
    for download in shown:
        download.reason = retell(download.reason)
    return list({(one.url, one.state): one for one in reversed(shown)}.values())


def answer(request: HttpRequest, product: Product, *, problem: str = "") -> HttpResponse:
    """Show the section again; a problem is said in words, with status 400 to a script."""
    if is_by_script(request):
        if problem:
            return JsonResponse({"problem": problem}, status=400)
        return render(request, "admin/catalog/product/pictures_list.html", pictures_context(request, product))
    if problem:
        messages.error(request, problem)
    return redirect(f"{reverse('admin:catalog_product_change', args=[product.pk])}#pictures")


@desk_page("products/<int:pk>/pictures/", name="product_pictures", permission="catalog.view_product")
@require_safe
def pictures_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The section as it is now, for a page that waits for a picture."""
    product = get_object_or_404(Product, pk=pk)
    return render(request, "admin/catalog/product/pictures_list.html", pictures_context(request, product))


@desk_page("products/<int:pk>/pictures/add/", name="add_pictures", permission="catalog.add_productimage")
@require_POST
def add_pictures_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Add files, or a picture by its address, which a worker fetches."""
    product = get_object_or_404(Product, pk=pk)
    files, url = request.FILES.getlist("file")[:MAX_PICTURES], request.POST.get("url", "").strip()
    problems = []
    for file in files:
        try:
            add_picture(product, source=file)
        except PictureError as error:
            problems.append(f"{file.name}: {say_fault(error)}" if len(files) > 1 else say_fault(error))
        except Product.DoesNotExist:
            problems.append(gettext("This product has been deleted meanwhile. Nothing was saved."))
    if url:
        problems += filter(None, [ask_for(product, url)])
    elif not files:
        problems.append(gettext("Choose a picture, or write its address."))
    return answer(request, product, problem=" ".join(problems))


def ask_for(product: Product, url: str) -> str:
    """Have a worker fetch the picture at an address; return why it cannot be asked for, or an empty text."""
    try:
        address = clean_url(url)
    except BadValue as error:
        return str(error.sentence)
    if len(address) > MAX_ADDRESS:
        return gettext("An address has at most %d characters.") % MAX_ADDRESS
    if product.images.count() >= MAX_PICTURES:
        return gettext("A product has at most %d pictures.") % MAX_PICTURES
    request_download(product, url=address)
    return ""


@desk_page("products/<int:pk>/pictures/order/", name="order_pictures", permission="catalog.change_productimage")
@require_POST
def order_pictures_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Put pictures in order: `order` has their ids; those it leaves out follow."""
    product = get_object_or_404(Product, pk=pk)
    numbers = [int(number) for number in re.findall(r"\d{1,18}", request.POST.get("order", ""))]
    if not numbers:
        return answer(request, product, problem=gettext("Say which picture comes first."))
    order_pictures(product, numbers[:MAX_PICTURES])
    return answer(request, product)


@desk_page("products/<int:pk>/pictures/remove/", name="remove_picture", permission="catalog.delete_productimage")
@require_POST
def remove_picture_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one picture away."""
    product = get_object_or_404(Product, pk=pk)
    number = request.POST.get("picture", "")
    image = product.images.filter(pk=int(number)).first() if re.fullmatch(r"\d{1,18}", number) else None
    if image is not None:
        image.delete()
    return answer(request, product)
