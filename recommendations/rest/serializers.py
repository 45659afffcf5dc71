"""Recommendations in the words of the REST API. Answers are built by hand, since they are many; a test holds them to
the declarations here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from api.requests import find_origin
from api.schema import ProblemSerializer
from catalog.addresses import find_page, find_picture
from catalog.pictures.sizes import WIDTHS
from catalog.rest.answers import PriceField, complete_address, render_price
from embeddings.modalities.registry import IMAGE, TEXT, find_modality
from recommendations.explanations.pairs import PairExplanation
from recommendations.headings import name_heading
from recommendations.recommendation_list import (
    EMBEDDING_PENDING,
    OK,
    Candidate,
    Reason,
    Recommendation,
    RecommendationList,
)

DECIMALS = 6  # of distances, similarities and scores; vectors are half precision


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a product is in the list."""

    code = serializers.CharField(
        help_text="The strategy, or pin, link, boost, bury, or popular and recent for fallback"
    )
    text = serializers.CharField(help_text="In the language of Accept-Language; of a rule: its note")
    rule = serializers.IntegerField(allow_null=True, help_text="The merchandising rule, if it was one")


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a product is similar to the anchor."""

    text_share = serializers.FloatField(
        allow_null=True, help_text="The text's part in the similarity; with those of all modalities it sums to 1"
    )
    image_share = serializers.FloatField(allow_null=True, help_text="The picture's part in the similarity")
    text_similarity = serializers.FloatField(allow_null=True, help_text="Similarity of the texts alone")
    image_similarity = serializers.FloatField(allow_null=True, help_text="Similarity of the pictures alone")
    shares = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="The part of each modality of the space, by its name"
    )
    similarities = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        help_text="Similarity by each modality alone; null where one lacks it",
    )
    similarity = serializers.FloatField(allow_null=True, help_text="Of the pair, by all modalities together")
    contributions = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="What each modality brings of it; they sum to it"
    )
    labels = serializers.DictField(
        child=serializers.CharField(), help_text="What each modality is called, in the language of Accept-Language"
    )
    shared = serializers.DictField(child=serializers.CharField(), help_text="Attributes that both have")


class SourcesSerializer(serializers.Serializer[Any]):
    """How much of a product's place is behaviour and how much content, 0 to 1. Both 0: it is there for another reason,
    such as a rule, its age or its stock."""

    behaviour = serializers.FloatField(help_text="What shoppers did")
    content = serializers.FloatField(help_text="What text and picture say")


@extend_schema_serializer(component_name="Recommendation")
class ResultSerializer(serializers.Serializer[Any]):
    """One recommendation."""

    position = serializers.IntegerField(help_text="From 1, through all pages")
    sku = serializers.CharField()
    title = serializers.CharField(help_text="In the language of Accept-Language, where there is a translation")
    url = serializers.URLField(help_text="The shop's own page of the product, else its page here")
    image_url = serializers.URLField(allow_null=True, help_text="The first picture, at most 640 pixels wide")
    price = PriceField(allow_null=True)
    list_price = PriceField(allow_null=True, help_text="What it cost before; null: it is not reduced")
    currency = serializers.CharField(help_text="ISO 4217; empty: not known")
    in_stock = serializers.BooleanField()
    distance = serializers.FloatField(allow_null=True, help_text="0 is best; null: not compared")
    similarity = serializers.FloatField(allow_null=True, help_text="1 - distance")
    score = serializers.FloatField(help_text="What the list is ordered by, before stock and pins")
    reasons = ReasonSerializer(many=True)
    sources = SourcesSerializer()
    explanation = ExplanationSerializer(
        allow_null=True, help_text="With explain=true: why it is similar to the first anchor; null where not compared"
    )


RESULT_FIELDS = tuple(ResultSerializer().fields)


@extend_schema_serializer(component_name="RecommendationList")
class ListSerializer(serializers.Serializer[Any]):
    """A list of recommendations."""

    recommendation_id = serializers.CharField(
        help_text="Signed: names this list in events, and says where it came from; the same on all its pages"
    )
    strategy = serializers.CharField()
    heading = serializers.CharField(
        help_text="What the list is, in the language of Accept-Language, to stand above it; of a search: empty"
    )
    status = serializers.ChoiceField(choices=[OK, EMBEDDING_PENDING])
    anchors = serializers.ListField(child=serializers.CharField(), help_text="SKUs of those that the list is for")
    missing_anchors = serializers.ListField(
        child=serializers.CharField(), help_text="SKUs that were asked for too, and are not there or not for sale"
    )
    space = serializers.CharField(allow_null=True)
    search = serializers.ChoiceField(choices=["exact", "approximate"])
    fallback_used = serializers.BooleanField(
        help_text="Whether some were filled in, because the strategy found too few"
    )
    experiment = serializers.CharField(allow_null=True, help_text="That the list is part of; null: of none")
    arm = serializers.CharField(allow_null=True, help_text="Of the experiment")
    results = ResultSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Give it as `cursor` for the next page; null: the end")


class PlacementSerializer(serializers.Serializer[Any]):
    """One placement's list, or why there is none."""

    id = serializers.CharField(help_text="As it was sent")
    list = ListSerializer(allow_null=True)
    problem = ProblemSerializer(allow_null=True)


@extend_schema_serializer(component_name="RecommendationBatch")
class BatchSerializer(serializers.Serializer[Any]):
    """The placements in the order they were asked for."""

    placements = PlacementSerializer(many=True)


def render_list(
    shown: RecommendationList, *, request: Request, fields: Sequence[str] = (), cursor: str | None = None
) -> dict[str, Any]:
    """Return the answer. `fields` leaves out every other field of the results."""
    origin = find_origin(request)
    results = [render_result(item, origin=origin) for item in shown]
    for item, result in zip(shown, results, strict=True):
        explanation = shown.explanations.get(item.candidate.product_id)
        result["explanation"] = render_explanation(explanation) if explanation else None
    if fields:
        results = [{name: result[name] for name in RESULT_FIELDS if name in fields} for result in results]
    return {
        "recommendation_id": shown.recommendation_id,
        "strategy": shown.strategy,
        "heading": name_heading(shown),
        "status": shown.status,
        "anchors": list(shown.anchors),
        "missing_anchors": list(shown.missing_anchors),
        "space": shown.space,
        "search": shown.search,
        "fallback_used": shown.fallback_used,
        "experiment": shown.experiment or None,
        "arm": shown.arm or None,
        "results": results,
        "next": cursor,
    }


def render_result(item: Recommendation, *, origin: str) -> dict[str, Any]:
    candidate = item.candidate
    behaviour, content = candidate.sources
    return {
        "position": item.position,
        "sku": candidate.sku,
        "title": candidate.localized_title,
        "url": complete_address(find_page(candidate.sku, url=candidate.url), origin=origin),
        "image_url": None if candidate.image_id is None else complete_address(_find_picture(candidate), origin=origin),
        "price": render_price(candidate.price),
        "list_price": render_price(candidate.list_price) if candidate.on_sale else None,
        "currency": candidate.currency,
        "in_stock": candidate.in_stock,
        "distance": round_number(item.distance),
        "similarity": round_number(item.similarity),
        "score": round_number(item.score),
        "reasons": [render_reason(reason) for reason in item.reasons],
        "sources": {"behaviour": round_number(behaviour), "content": round_number(content)},
    }


def _find_picture(candidate: Candidate) -> str:
    return find_picture(candidate.image_sha256, source_url=candidate.image_source_url, width=WIDTHS[-1])


def render_reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "text": reason.text, "rule": reason.rule_id}


def round_number(number: float | None) -> float | None:
    return None if number is None else round(number, DECIMALS)


def render_explanation(pair: PairExplanation) -> dict[str, Any]:
    return {
        **{f"{name}_share": round_number(pair.shares.get(name)) for name in (TEXT, IMAGE)},
        **{f"{name}_similarity": round_number(pair.similarities.get(name)) for name in (TEXT, IMAGE)},
        "shares": {name: round_number(share) for name, share in pair.shares.items()},
        "similarities": {name: round_number(similarity) for name, similarity in pair.similarities.items()},
        "similarity": round_number(pair.similarity),
        "contributions": {name: round_number(part) for name, part in pair.contributions.items()},
        "labels": {name: str(find_modality(name).label) for name in pair.shares},
        "shared": pair.shared,
    }
