"""What clients may ask of a list, as query parameters and as the fields of a placement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.datastructures import MultiValueDict
from rest_framework import serializers

from api.parameters import FieldsField, QueryParameters, describe_unknown
from recommendations.anchors import MODALITIES
from recommendations.filters import ATTRIBUTE_PREFIX, Filters, parse_filters
from recommendations.requests import MAX_ANCHORS, MAX_LIMIT, NEAR_DUPLICATES, Options, Page
from recommendations.rerank import OUT_OF_STOCK, VARIANTS
from recommendations.rest.serializers import RESULT_FIELDS
from recommendations.statements import METRICS
from recommendations.strategies import STRATEGIES

FILTER_NAMES = (
    "category", "brand", "collection", "price_min", "price_max", "in_stock", "exclude", "created_since",
    "min_similarity",
)  # fmt: skip
OPTION_NAMES = (
    "modality", "metric", "exact", "variants", "diversity", "near_duplicates", "price_proximity", "out_of_stock",
    "fallback", "explain",
)  # fmt: skip
MAX_PLACEMENTS = 20
EXCLUDE_HELP = "SKUs that are not shown, separated by commas or repeated"


class ListField(serializers.ListField):
    """A parameter that may be repeated."""

    def __init__(self, help_text: str) -> None:
        child = serializers.CharField(max_length=1000)
        super().__init__(child=child, required=False, max_length=100, help_text=help_text)


class OptionFields(serializers.Serializer[Any]):
    """How to search and rerank."""

    modality = serializers.ChoiceField(
        choices=MODALITIES, required=False, help_text="What is compared; only for the strategy similar. Default: fused"
    )
    metric = serializers.ChoiceField(
        choices=METRICS, default="cosine", help_text="The distance. All but cosine compare every product"
    )
    exact = serializers.BooleanField(default=False, help_text="true: compare every product, never use the index")
    variants = serializers.ChoiceField(
        choices=VARIANTS, default="collapse",
        help_text="collapse: one of each variant group, none of the anchors' own; show: all; only: the anchors' own",
    )  # fmt: skip
    diversity = serializers.FloatField(
        min_value=0, max_value=1, default=0, help_text="0: by similarity alone; 1: by difference alone"
    )
    near_duplicates = serializers.ChoiceField(
        choices=NEAR_DUPLICATES, default="show", help_text="hide: leave out second listings of the same thing"
    )
    price_proximity = serializers.FloatField(
        min_value=0, max_value=1, default=0, help_text="How much a price near the anchor's counts"
    )
    out_of_stock = serializers.ChoiceField(
        choices=OUT_OF_STOCK,
        required=False,
        help_text="last in the list, hidden, or mixed in. Default: a setting (last)",
    )
    fallback = serializers.BooleanField(
        required=False,
        help_text="Fill up with popular and recent products. Default: true, but false with min_similarity",
    )
    explain = serializers.BooleanField(default=False, help_text="true: say how much text and picture contribute")


class SimilarQuery(OptionFields, QueryParameters):
    """Parameters of GET similar/. `attr.NAME=VALUE` filters by an attribute; repeated, the values are alternatives."""

    open_prefixes = (ATTRIBUTE_PREFIX,)

    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=10)
    strategy = serializers.ChoiceField(choices=sorted(STRATEGIES), default="similar")
    category = ListField("In this category (a path, `A/B`) or below it; may be repeated")
    brand = ListField("Of this brand; may be repeated")
    collection = ListField("In this collection; may be repeated")
    price_min = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, required=False)
    price_max = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, required=False)
    in_stock = serializers.BooleanField(
        required=False, help_text="true: only what is in stock; false: only what is not"
    )
    exclude = ListField(EXCLUDE_HELP)
    created_since = serializers.CharField(required=False, max_length=40, help_text="A date or a moment (ISO 8601)")
    min_similarity = serializers.FloatField(min_value=-1, max_value=1, required=False)
    fields = FieldsField(choices=RESULT_FIELDS)  # type: ignore[assignment]
    cursor = serializers.CharField(required=False, max_length=4000, help_text="`next` of the page before")


class PlacementQuery(OptionFields):
    """One placement of a batch."""

    id = serializers.CharField(max_length=100, help_text="Your name for the placement, given back with its list")
    strategy = serializers.ChoiceField(choices=sorted(STRATEGIES), default="similar")
    anchors = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=MAX_ANCHORS,
        help_text="SKUs: one product, or several that are one query together, such as a cart",
    )  # fmt: skip
    weights = serializers.DictField(
        child=serializers.FloatField(), required=False, help_text="How much an anchor counts, by SKU; 1 if not said"
    )
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=10)
    filters = serializers.DictField(required=False, help_text="As the parameters of similar/: brand, attr.colour, ...")
    exclude = ListField("SKUs that are not shown")
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.ChoiceField(choices=RESULT_FIELDS), required=False, help_text="Only these fields of results"
    )
    cursor = serializers.CharField(required=False, max_length=4000, help_text="`next` of the page before")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Refuse unknown fields, since a filter that is misspelt would show what it should hide."""
        known = list(self.get_fields())
        if isinstance(data, dict) and (unknown := [name for name in data if name not in known]):
            raise serializers.ValidationError({name: [describe_unknown(name, known=known)] for name in unknown})
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class BatchQuery(serializers.Serializer[Any]):
    """Several placements in one call."""

    placements = PlacementQuery(many=True, help_text=f"At most {MAX_PLACEMENTS}")


def build_filters(values: Mapping[str, Any], *, sent: MultiValueDict[str, str]) -> Filters:
    """Return the filters of a query string. Raises RequestError."""
    given = {name: values[name] for name in FILTER_NAMES if name in values}
    given.update({name: sent.getlist(name) for name in sent if name.startswith(ATTRIBUTE_PREFIX)})
    if "exclude" in given:
        given["exclude"] = split_commas(given["exclude"])
    return parse_filters(given)


def split_commas(texts: list[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def build_options(values: Mapping[str, Any], *, page: Page, inactive_anchors: bool) -> Options:
    chosen = {name: values[name] for name in OPTION_NAMES if name in values}
    return Options(**chosen, page=page, weights=values.get("weights") or {}, inactive_anchors=inactive_anchors)


def build_placement_filters(values: Mapping[str, Any]) -> Filters:
    """Return the filters of a placement, its own `exclude` among them. Raises RequestError."""
    given = dict(values.get("filters") or {})
    if "exclude" in values:
        inner = given.get("exclude") or []
        given["exclude"] = [*values["exclude"], *(inner if isinstance(inner, list) else [inner])]
    if not given.get("exclude", True):
        del given["exclude"]  # an empty list excludes nothing
    return parse_filters(given)
