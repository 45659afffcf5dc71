"""The shop's search page: results with what was understood, what they can be narrowed by, and where to go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from api.field import current_field
from api.problems import RequestError
from api.replica.reading import from_replica
from catalog.facets import Facets, FacetValue, PriceRange, label_of
from catalog.filters import ATTRIBUTE_PREFIX
from catalog.templatetags.catalog import word_amount
from recommendations.requests import Filters, Options, Page
from recommendations.rest.parameters import make_cursor, read_cursor
from recommendations.rest.search import read_crop
from recommendations.search.kept_photos import KEPT_SIDE_PX, find_photo, fit_photo, keep_photo
from recommendations.search.plan import RELEVANCE
from recommendations.search.queries import MAX_TEXT_LENGTH, prepare_photo, take_photo_turn
from recommendations.search.services import MAX_PHOTOS, SearchAnswer, search_photos, search_text
from recommendations.search.suggesting import suggest
from recommendations.search_wording import word_filter, word_range
from recommendations.worker import WorkerUnavailable

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

RESULTS = 24
SHOWN_SIDE_PX = 256  # of the longer side of a photo that was searched with
SORTS: dict[str, StrPromise] = {
    RELEVANCE: _("Best match"), "price": _("Price, low to high"), "-price": _("Price, high to low"),
    "newest": _("Newest"), "title": _("Name"),
}  # fmt: skip
CROPS: list[tuple[str, StrPromise]] = [
    ("", _("The whole photo")), ("0.25,0.25,0.75,0.75", _("The middle")), ("0,0,0.5,1", _("The left half")),
    ("0.5,0,1,1", _("The right half")), ("0,0,1,0.5", _("The upper half")), ("0,0.5,1,1", _("The lower half")),
]  # fmt: skip
OWN_CROP = _("The part in the frame")
NARROWING = ("category", "brand", "colour", "price_min", "price_max", "in_stock")


@dataclass(frozen=True, slots=True)
class Choice:
    """A link that narrows or widens what is shown, with how many products there would be."""

    label: str
    href: str
    count: int = 0
    is_chosen: bool = False
    value: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """What was understood, as something that can be taken away."""

    label: str
    href: str
    is_relaxed: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@from_replica
def search_page(request: HttpRequest) -> HttpResponse:
    """Results for `q`, or for a photo, or for both. A photo that is sent goes on at an address that can be shared."""
    asked = SearchAddress(request.GET)
    context: dict[str, Any] = {"query": asked.text, "by_photo": bool(asked.image_ids), "sorts": asked.sorts()}
    status = 200
    try:
        if request.method == "POST":
            return answer_upload(request)
        answer = asked.find()
        if answer and answer.redirect:
            return redirect(answer.redirect)
        context |= describe(asked, answer)
    except RequestError as error:
        context["problem"], status = error.message, 400
    except PhotoGone:
        context["problem"], status = _("This photo is kept no longer. Choose it again."), 404
    except WorkerUnavailable:
        context["problem"], status = _("Photos cannot be searched right now. Try again in a moment, or use words."), 503
    return render(request, "recommendations/search_page.html", context, status=status)


def answer_upload(request: HttpRequest) -> HttpResponse:
    """Keep the photos that were sent, and go on at their address; where none is kept, answer at once."""
    uploads = request.FILES.getlist("image")[: MAX_PHOTOS + 1]
    text = request.POST.get("q", "").strip()[:MAX_TEXT_LENGTH]
    if not uploads:
        raise RequestError("image", gettext("Choose a photo first."))
    if len(uploads) > MAX_PHOTOS:
        raise RequestError("image", gettext("Send 1 to %d photos.") % MAX_PHOTOS)
    with take_photo_turn():
        photos = [prepare_photo(upload, side_px=KEPT_SIDE_PX) for upload in uploads]
    query = QueryDict(mutable=True)
    query.setlist("image", [name for name in map(keep_photo, photos) if name])
    if text:
        query["q"] = text
    if query.getlist("image"):
        return redirect(f"{reverse('search_page')}?{query.urlencode()}")
    with take_photo_turn():
        answer = search_photos([prepare_photo(photo) for photo in photos], text=text, limit=RESULTS)
    context = {"query": text, "by_photo": True, "answer": answer}
    return render(request, "recommendations/search_page.html", context)


class PhotoGone(Exception):
    """A photo in an address is kept no longer."""


class SearchAddress:
    """What the address of a results page asks for, and the addresses that its links lead to."""

    def __init__(self, query: QueryDict) -> None:
        self.query = query
        self.text = query.get("q", "").replace("\0", "").strip()
        self.image_ids = query.getlist("image")[:MAX_PHOTOS]
        self.crop = query.get("crop", "")

    def find(self) -> SearchAnswer | None:
        """Return what was found, None where nothing was asked for yet."""
        if not self.text and not self.image_ids:
            return None
        options = Options(variants="show", page=self.page)
        if self.image_ids:
            photos = self.photos
            with take_photo_turn():
                prepared = [prepare_photo(photo, crop=read_crop(self.crop)) for photo in photos]
                return search_photos(prepared, text=self.text, limit=RESULTS, filters=self.filters, options=options)
        sort = self.query.get("sort", RELEVANCE)
        return search_text(
            self.text,
            limit=RESULTS,
            filters=self.filters,
            options=options,
            without=tuple(self.query.getlist("without")),
            sort=sort if sort in SORTS else RELEVANCE,
            with_facets=True,
        )

    @cached_property
    def photos(self) -> list[bytes]:
        """The photos that are searched with, as they are kept. Raises PhotoGone."""
        photos = [photo for name in self.image_ids if (photo := find_photo(name))]
        if len(photos) < len(self.image_ids):
            raise PhotoGone
        return photos

    @property
    def page(self) -> Page:
        cursor = self.query.get("cursor")
        return read_cursor(cursor, asked=self.identity) if cursor else Page()

    @property
    def identity(self) -> str:
        """The address without its page."""
        return self.with_query(cursor=None)

    @property
    def filters(self) -> Filters:
        given: dict[str, Any] = {name: self.query.getlist(name) for name in ("category", "brand", "colour")}
        given |= {name: self.query.get(name) or None for name in ("price_min", "price_max", "in_stock")}
        given |= {name: self.query.getlist(name) for name in self.query if name.startswith(ATTRIBUTE_PREFIX)}
        return Filters.read({name: value for name, value in given.items() if value})

    def with_query(self, **changes: list[str] | str | None) -> str:
        """Return the address with parameters changed, from its first page on; None takes one away."""
        query = self.query.copy()
        for name, value in {"cursor": None, **changes}.items():
            query.pop(name, None)
            if value is not None:
                query.setlist(name, value if isinstance(value, list) else [value])
        return f"?{query.urlencode()}"

    def toggle(self, name: str, value: str) -> Choice:
        """Return the link that adds a value to a filter, or takes it away."""
        chosen = self.query.getlist(name)
        values = [one for one in chosen if one != value] if value in chosen else [*chosen, value]
        return Choice("", self.with_query(**{name: values or None}), is_chosen=value in chosen, value=value)

    def sorts(self) -> list[Choice]:
        chosen = self.query.get("sort", RELEVANCE)
        return [
            Choice(str(label), self.with_query(sort=None if name == RELEVANCE else name), is_chosen=name == chosen)
            for name, label in SORTS.items()
            if "price" not in name or "price" not in current_field().hidden
        ]


def describe(asked: SearchAddress, answer: SearchAnswer | None) -> dict[str, Any]:
    """Return what the page shows of an answer."""
    if answer is None:
        return {}
    cursor = make_cursor(answer.shown, page=asked.page, asked=asked.identity)
    return {
        "answer": answer,
        "chips": list_chips(asked, answer),
        "insist": asked.with_query(without=[*asked.query.getlist("without"), "spelling"]),
        "facets": list_facets(asked, answer.facets) if answer.facets else [],
        "chosen": list_chosen(asked),
        "next": asked.with_query() + "&" + urlencode_cursor(cursor) if cursor else "",
        "photos": [
            (name, *fit_photo(photo, side_px=SHOWN_SIDE_PX))
            for name, photo in zip(asked.image_ids, asked.photos, strict=True)
        ],
        "crop": asked.crop,
        "crops": CROPS if asked.crop in dict(CROPS) else [*CROPS, (asked.crop, OWN_CROP)],
        "own_crop": OWN_CROP,
    }


def urlencode_cursor(cursor: str) -> str:
    query = QueryDict(mutable=True)
    query["cursor"] = cursor
    return query.urlencode()


def list_chips(asked: SearchAddress, answer: SearchAnswer) -> list[Chip]:
    if answer.understood is None:
        return []
    taken = asked.query.getlist("without")
    return [
        Chip(one.label, asked.with_query(without=[*taken, one.key]), answer.how_applied(one) == "relaxed")
        for one in answer.understood.readings
    ]


def list_facets(asked: SearchAddress, facets: Facets) -> list[tuple[str, str, list[Choice]]]:
    """Return what the list can be narrowed by: a name, how it is called, and its choices."""
    found = [
        ("category", gettext("Category"), count_choices(asked, "category", facets.category)),
        ("colour", gettext("Colour"), count_choices(asked, "colour", facets.colour)),
        ("brand", gettext("Brand"), count_choices(asked, "brand", facets.brand)),
        ("price", gettext("Price"), [price_choice(asked, one) for one in facets.price]),
    ]
    for name, values in facets.attributes.items():
        parameter = f"{ATTRIBUTE_PREFIX}{name}"
        found.append((parameter, label_of(name), count_choices(asked, parameter, values)))
    return [(name, label, choices) for name, label, choices in found if len(choices) > 1]


def count_choices(asked: SearchAddress, name: str, values: Sequence[FacetValue]) -> list[Choice]:
    links = [(one, asked.toggle(name, one.value)) for one in values]
    return [Choice(one.label, link.href, one.count, link.is_chosen, one.value) for one, link in links]


def price_choice(asked: SearchAddress, one: PriceRange) -> Choice:
    low, high = (None if bound is None else f"{bound.normalize():f}" for bound in (one.low, one.high))
    chosen = (asked.query.get("price_min"), asked.query.get("price_max")) == (low, high)
    href = asked.with_query(price_min=None if chosen else low, price_max=None if chosen else high)
    return Choice(word_range(one.low, one.high), href, one.count, chosen)


def list_chosen(asked: SearchAddress) -> list[Chip]:
    """Return the filters that are in force, each as a link that takes it away."""
    chips = []
    for name in asked.query:
        if name in NARROWING or name.startswith(ATTRIBUTE_PREFIX):
            for value in filter(None, asked.query.getlist(name)):
                chips.append(Chip(word_filter(name, value), asked.toggle(name, value).href))
    return chips


@require_safe
def search_photo(request: HttpRequest, name: str) -> HttpResponse:
    """A photo that was searched with, as long as it is kept, for who knows its name."""
    photo = find_photo(name)
    if photo is None:
        raise Http404("There is no such photo, or no longer")
    response = HttpResponse(photo, content_type="image/jpeg")
    patch_cache_control(response, private=True, max_age=600)
    return response


@require_safe
@from_replica
def suggestions(request: HttpRequest) -> JsonResponse:
    """What a search may become, for the box on every page."""
    found = suggest(request.GET.get("q", "").replace("\0", "")[:MAX_TEXT_LENGTH])
    choices = [
        {
            "kind": one.kind, "text": one.text, "label": one.label, "url": one.url, "image": one.image,
            "price": word_amount(one.price, one.currency),
        }
        for one in found.found
    ]  # fmt: skip
    return JsonResponse({"suggestions": choices, "did_you_mean": found.did_you_mean})
