"""What a search was understood as, and what is near, in the words of the REST API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from api.requests import find_origin
from catalog.rest.facets import FacetsSerializer, render_facets
from recommendations.rest.serializers import ResultSerializer, render_result
from recommendations.search.services import SearchAnswer
from recommendations.search.understanding import Reading

KINDS = ("category", "brand", "collection", "colour", "attribute", "price", "measure", "word")


class ReadingSerializer(serializers.Serializer[Any]):
    """What some words of a search mean here."""

    key = serializers.CharField(help_text="Send it as `without` to have these words searched for as words")
    kind = serializers.ChoiceField(choices=KINDS)
    words = serializers.CharField(help_text="Of the search, without case and accents")
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="In the language of Accept-Language, such as `not white`, `up to 15`"
    )
    values = serializers.ListField(child=serializers.CharField(), help_text="One of them has to hold")
    negated = serializers.BooleanField(help_text="Whether it is not wanted")
    low = serializers.FloatField(allow_null=True, help_text="Of a price, or of a measure in `unit`")
    high = serializers.FloatField(allow_null=True)
    unit = serializers.CharField(help_text="cm, ml, g or w; empty for a price")
    applied = serializers.ChoiceField(
        choices=["filter", "boost", "relaxed"],
        help_text="filter: all results meet it; boost: those that do come first; relaxed: nothing met it with the rest",
    )


class UnderstoodSerializer(serializers.Serializer[Any]):
    """How a search was read."""

    readings = ReadingSerializer(many=True)
    rest = serializers.CharField(help_text="What is searched for by words")
    corrected = serializers.CharField(
        allow_null=True,
        help_text="What was read instead of what was written; `without=spelling` insists on it. null: nothing",
    )


class FoundSerializer(serializers.Serializer[Any]):
    """What a search by words says beside its list."""

    understood = UnderstoodSerializer(allow_null=True, help_text="null: a SKU, or a photo alone")
    did_you_mean = serializers.CharField(
        allow_null=True,
        help_text="Where nothing was found: a search that finds something, if one is likely. Nobody "
        "searched for it yet",
    )
    near = ResultSerializer(many=True, help_text="Where nothing was found: what comes nearest. No results")
    facets = FacetsSerializer(allow_null=True, help_text="With facets=true")
    redirect = serializers.CharField(
        allow_null=True, help_text="The page, an address or a path of the shop, where staff want this search to lead"
    )


def render_found(answer: SearchAnswer, request: Request) -> dict[str, Any]:
    origin, understood = find_origin(request), answer.understood
    return {
        "understood": None
        if understood is None
        else {
            "readings": [render_reading(one, answer.how_applied(one)) for one in understood.readings],
            "rest": understood.rest,
            "corrected": answer.corrected or None,
        },
        "did_you_mean": answer.did_you_mean or None,
        "near": [render_result(item, origin=origin) | {"explanation": None} for item in answer.near],
        "facets": render_facets(answer.facets) if answer.facets else None,
        "redirect": answer.redirect or None,
    }


def render_reading(reading: Reading, applied: str) -> dict[str, Any]:
    return {
        "key": reading.key,
        "kind": reading.kind,
        "words": reading.words,
        "label": reading.label,
        "values": [f"{name}:{value}" if name else value for name, value in reading.values],
        "negated": reading.is_negated,
        "low": None if reading.low is None else float(reading.low),
        "high": None if reading.high is None else float(reading.high),
        "unit": reading.unit,
        "applied": applied,
    }
