"""REST: lists of recommendations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from django.db import OperationalError
from django.http import QueryDict
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayRead, may_see_all
from api.failures import handle_exception
from api.problems import RequestError
from api.replica.reading import from_replica, raise_if_replica_failed
from api.unavailable import TooExpensive
from catalog.filters import ATTRIBUTE_PARAMETER
from recommendations.requests import Filters, Page
from recommendations.rest.examples import BATCH_EXAMPLES, LIST_EXAMPLE
from recommendations.rest.parameters import (
    MAX_PLACEMENTS,
    BatchParameters,
    BatchQuery,
    PlacementParameters,
    PlacementQuery,
    SimilarQuery,
    build_options,
    build_placement_filters,
    make_cursor,
    read_cursor,
)
from recommendations.rest.serializers import BatchSerializer, ListSerializer, render_list
from recommendations.rest.visitors import read_visitor
from recommendations.services import UnknownAnchor, recommend
from recommendations.visitors import Visitor

MAX_BODY_BYTES = 2 * 1024 * 1024  # as many names and values, each as long as it may be, in JSON
MAX_BATCH_TERMS = 2_000  # names and values in the placements of one request
BATCH_BUDGET_S = 5.0  # placements that have not begun by then are not answered
MAX_AGE_S = 30  # how long an unpersonalised list may be reused without asking again
CUTTING = ("cursor", "fields", "limit", "id")  # parameters that only cut the list into pages and answers


class SimilarView(APIView):
    """Products like one product."""

    @extend_schema(
        operation_id="similarProducts",
        tags=["recommendations"],
        parameters=[SimilarQuery, ATTRIBUTE_PARAMETER],
        responses=ListSerializer,
        examples=[LIST_EXAMPLE],
    )
    @from_replica
    def get(self, request: Request, sku: str) -> Response:
        """List the products most similar to one product.

        The list is as long as asked for wherever enough products may be shown; `search` says whether every product was
        compared. While the product waits to be embedded the list is empty and its status `embedding_pending`.
        """
        wanted = SimilarQuery.read(request)
        sent = request.query_params
        answer = answer_list(
            {**wanted, "anchors": [sku]},
            request=request,
            read_filters=lambda: Filters.from_query(wanted, sent=sent),
            asked=identify({name: sorted(sent.getlist(name)) for name in sent} | {"sku": sku}),
        )
        response = Response(answer)
        allow_caching(request, response)
        return response


class BatchView(APIView):
    """Several lists for one page or screen."""

    permission_classes = [MayRead]
    max_body_bytes = MAX_BODY_BYTES

    @extend_schema(
        operation_id="readRecommendations",
        tags=["recommendations"],
        parameters=[BatchParameters],
        responses=BatchSerializer,
        examples=BATCH_EXAMPLES[1:],
    )
    @from_replica
    def get(self, request: Request) -> Response:
        """Answer several placements in one call that caches may keep.

        Each `placement` is the query string that similar/ would take, encoded, with `anchors`:
        `placement=anchors%3DMUG-101%26limit%3D8`.
        """
        if not BatchParameters.read(request).get("placement"):
            raise ValidationError({"placement": [gettext("Has to be a list of 1 to %d placements.") % MAX_PLACEMENTS]})
        texts = request.query_params.getlist("placement")  # as sent: answers are told by their place, equal ones too
        give_up_at = monotonic() + BATCH_BUDGET_S
        answers = [answer_query(QueryDict(text), request, give_up_at=give_up_at) for text in texts]
        response = Response({"placements": answers})
        if all(answer["problem"] is None for answer in answers):
            allow_caching(request, response)
        return response

    @extend_schema(
        operation_id="recommend",
        tags=["recommendations"],
        request=BatchQuery,
        responses=BatchSerializer,
        examples=BATCH_EXAMPLES,
    )
    @from_replica
    def post(self, request: Request) -> Response:
        """Answer several placements in one call, in the order they were asked for.

        Each fails alone: a placement that cannot be answered has a `problem` instead of a `list`.

        The answer is for who asked: caches do not keep it.
        """
        give_up_at = monotonic() + BATCH_BUDGET_S
        placements = read_placements(request)
        answers = [answer_placement(item, request, give_up_at=give_up_at) for item in placements]
        response = Response({"placements": answers})
        response["Cache-Control"] = "private, no-store"
        return response


def read_placements(request: Request) -> list[Any]:
    """Return the placements as they were sent. Raises ValidationError where there is no list of 1 to 20 to answer, or
    more than that, such as a limit beside them that nobody would keep."""
    sent = request.data if isinstance(request.data, dict) else {}
    if unknown := BatchQuery().find_unknown(sent):
        raise ValidationError(unknown)
    placements = sent.get("placements")
    if not isinstance(placements, list) or not 1 <= len(placements) <= MAX_PLACEMENTS:
        raise ValidationError({"placements": [gettext("Has to be a list of 1 to %d placements.") % MAX_PLACEMENTS]})
    if count_terms(placements) > MAX_BATCH_TERMS:
        said = gettext("At most %s names and values in one request: send several.") % f"{MAX_BATCH_TERMS:,}"
        raise ValidationError({"placements": [ErrorDetail(said, code="too_many_terms")]})
    return placements


def count_terms(sent: Any) -> int:
    """Return how many names and values there are in JSON, at any depth."""
    count, waiting = 0, [sent]
    while waiting:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict | list):
            waiting += [*value, *value.values()] if isinstance(value, dict) else value
    return count


def answer_placement(sent: Any, request: Request, *, give_up_at: float) -> dict[str, Any]:
    """Return the list, or the problem of this placement in JSON."""

    def answer() -> dict[str, Any]:
        query = PlacementQuery(data=sent)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        return answer_list(
            {**wanted, "visitor": read_visitor(wanted, request=request)},
            request=request,
            read_filters=lambda: build_placement_filters(wanted),
            asked=identify(sent),
        )

    name = str(sent.get("id", ""))[:100] if isinstance(sent, dict) else ""
    return answer_by_itself(answer, request, name=name, give_up_at=give_up_at)


def answer_query(sent: QueryDict, request: Request, *, give_up_at: float) -> dict[str, Any]:
    """Return the list, or the problem of this placement in a query string."""

    def answer() -> dict[str, Any]:
        wanted = PlacementParameters.read_query(sent)
        return answer_list(
            wanted,
            request=request,
            read_filters=lambda: Filters.from_query(wanted, sent=sent),
            asked=identify({name: sorted(sent.getlist(name)) for name in sent}),
        )

    return answer_by_itself(answer, request, name=sent.get("id", "")[:100], give_up_at=give_up_at)


def answer_by_itself(
    answer_one: Callable[[], dict[str, Any]], request: Request, *, name: str, give_up_at: float
) -> dict[str, Any]:
    """Return a placement's list, or its problem; after `give_up_at` the problem is what the others cost."""
    try:
        if monotonic() > give_up_at:
            raise TooExpensive
        answer = answer_one()
    except (APIException, RequestError, OperationalError) as error:
        raise_if_replica_failed(error)
        failure = handle_exception(error, {"request": request})
        return {"id": name, "list": None, "problem": failure.data if failure else None}
    return {"id": name, "list": answer, "problem": None}


def answer_list(
    wanted: Mapping[str, Any], *, request: Request, read_filters: Callable[[], Filters], asked: str
) -> dict[str, Any]:
    """Return the answer to checked parameters. `asked` identifies the list for its cursors.

    Raises RequestError or NotFound.
    """
    try:
        page = read_cursor(wanted["cursor"], asked=asked) if "cursor" in wanted else Page()
        options = build_options(
            wanted,
            page=page,
            inactive_anchors=may_see_all(request),
            visitor=wanted.get("visitor", Visitor()),
            cacheable="visitor" not in wanted,
        )
        shown = recommend(
            wanted["strategy"],
            anchors=wanted.get("anchors", ()),
            limit=wanted["limit"],
            filters=read_filters(),
            options=options,
        )
    except UnknownAnchor as error:
        raise NotFound(str(error)) from error
    cursor = make_cursor(shown, page=page, asked=asked)
    return render_list(shown, request=request, fields=wanted.get("fields") or (), cursor=cursor)


def identify(asked: Mapping[str, Any]) -> str:
    """Everything that is asked for but how it is cut into pages."""
    return json.dumps({name: asked[name] for name in sorted(asked) if name not in CUTTING}, sort_keys=True)


def allow_caching(request: Request, response: Response) -> None:
    """Such a list is the same for everyone; the ETag is the middleware's."""
    personal: Any = request.auth or request.COOKIES
    response["Cache-Control"] = f"{'private' if personal else 'public'}, max-age={MAX_AGE_S}"
