"""What clients may ask of a list: filters and options as query parameters and as a placement, and where it goes on.

A cursor names what the earlier pages have shown. The next page is the best of the rest, whatever was added, removed or
changed in between: nothing comes twice and nothing that may be shown is passed over. Cursors are signed, so that they
cannot be made up, and stateless, so that nothing has to be kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from api.declarations import TextsField, copy_field, parameters_of
from api.parameters import DeclaredFields, FieldsField, QueryParameters, StrictSerializer, whole_answers
from api.problems import RequestError
from catalog.filters import ATTRIBUTE_PREFIX
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Filters, ListRequest, Options, Page
from recommendations.rest.serializers import RESULT_FIELDS
from recommendations.strategies import StrategyField
from recommendations.visitors import MAX_ID_LENGTH, MAX_RECENT

MAX_PLACEMENTS = 20
MAX_PLACEMENT_QUERY = 8_000  # characters; addresses are shorter in practice
SIGNER = Signer(salt="recommendations.cursor")


def make_cursor_field() -> serializers.CharField:
    return serializers.CharField(required=False, max_length=4000, help_text="`next` of the page before")


@whole_answers
class SimilarQuery(QueryParameters):
    """Parameters of GET similar/. `attr.NAME=VALUE` filters by an attribute; repeated, the values are alternatives."""

    declarations = (Options, Filters)
    open_prefixes = (ATTRIBUTE_PREFIX,)

    limit = copy_field(ListRequest, "limit")
    strategy = StrategyField(shared=True, default="similar")
    fields = FieldsField(choices=RESULT_FIELDS)  # type: ignore[assignment]
    cursor = make_cursor_field()


class PlacementParameters(SimilarQuery):
    """One placement of GET recommendations/: those of GET similar/, and what the list is for."""

    open_prefixes = (ATTRIBUTE_PREFIX,)

    id = serializers.CharField(default="", max_length=100)
    anchors = copy_field(ListRequest, "anchors")


class BatchParameters(QueryParameters):
    """Parameters of GET recommendations/."""

    placement = TextsField(
        "Query string of one placement: the parameters of similar/ with `anchors`, repeated for several, and `id`",
        child=serializers.CharField(max_length=MAX_PLACEMENT_QUERY),
        max_length=MAX_PLACEMENTS,
    )


class FiltersSerializer(DeclaredFields):
    """The filters of a placement. `attr.NAME` is one as well: a value or a list of them."""

    declarations = (Filters,)


class FiltersField(serializers.DictField):
    """Filters by name, which are checked by their declarations later, so that they are refused by name."""


class FiltersFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = FiltersField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(FiltersSerializer(), direction)
        return schema | {"additionalProperties": {}}


@whole_answers
@extend_schema_serializer(component_name="Placement")
class PlacementQuery(StrictSerializer):
    """One placement of a batch."""

    declarations = (Options,)

    id = serializers.CharField(max_length=100, help_text="Your name for the placement, given back with its list")
    strategy = copy_field(ListRequest, "strategy")
    anchors = copy_field(ListRequest, "anchors")
    weights = serializers.DictField(
        child=serializers.FloatField(), required=False, help_text="How much an anchor counts, by SKU; 1 if not said"
    )
    limit = copy_field(ListRequest, "limit")
    filters = FiltersField(required=False, help_text="As the parameters of similar/: brand, attr.colour, ...")
    exclude = TextsField("SKUs that are not shown", may_be_empty=True, lone=False)
    user_id = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_ID_LENGTH,
        help_text="For whom the list is, as in events: with a secret key, or with `user_token`",
    )
    user_token = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Your server's word that this is the user"
    )
    session_id = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_ID_LENGTH, help_text="In which visit, as in events"
    )
    recent = TextsField(
        f"SKUs that the visitor looked at last, the newest first, at most {MAX_RECENT}",
        child=serializers.CharField(max_length=100),
        max_length=MAX_RECENT,
        may_be_empty=True,
        lone=False,
    )
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.ChoiceField(choices=RESULT_FIELDS), required=False, help_text="Only these fields of results"
    )
    cursor = make_cursor_field()


@extend_schema_serializer(component_name="RecommendationBatch")
class BatchQuery(StrictSerializer):
    """Several placements in one call."""

    placements = PlacementQuery(many=True, help_text=f"At most {MAX_PLACEMENTS}")


def build_options(values: Mapping[str, Any], *, page: Page, **internal: Any) -> Options:
    """Return the options among checked values. `internal`: those that no caller chooses."""
    chosen = {name: values[name] for name in parameters_of(Options) if name in values}
    return Options(**chosen, page=page, weights=values.get("weights") or {}, **internal)


def build_placement_filters(values: Mapping[str, Any]) -> Filters:
    """Return the filters of a placement, its own `exclude` among them. Raises RequestError."""
    given = dict(values.get("filters") or {})
    inner = given.get("exclude") or []
    given["exclude"] = [*values.get("exclude", ()), *(inner if isinstance(inner, list) else [inner])]
    return Filters.read(given)


def make_cursor(shown: RecommendationList, *, page: Page, asked: str) -> str | None:
    """Return the cursor of the page after `shown`, None at the end. `asked` identifies the parameters of the list."""
    if not shown.more:
        return None
    ids = sorted({*page.shown_ids, *(item.candidate.product_id for item in shown)})
    steps = [after - before for before, after in pairwise([0, *ids])]  # smaller numbers, shorter URLs
    return SIGNER.sign_object([shown.recommendation_id, digest(asked), steps], compress=True)


def read_cursor(cursor: str, *, asked: str) -> Page:
    """Return the page that the cursor points to. Raises RequestError."""
    try:
        recommendation_id, parameters, steps = SIGNER.unsign_object(cursor)
    except (BadSignature, ValueError, TypeError) as error:
        raise RequestError(
            "cursor", gettext("This is not a cursor of this server. Start again without a cursor.")
        ) from error
    if parameters != digest(asked):
        raise RequestError(
            "cursor", gettext("This cursor belongs to a list with other parameters. Start again without a cursor.")
        )
    return Page(shown_ids=tuple(accumulate(steps)), recommendation_id=recommendation_id)


def digest(asked: str) -> str:
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
