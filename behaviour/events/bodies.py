"""What POST events/ takes and answers, declared once: it checks, and it is the schema."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from api.parameters import ObjectsField, StrictSerializer
from api.parsers import BoundedJSONParser
from api.schema import ProblemErrorSerializer
from behaviour.events.event import MAX_ID_LENGTH, MAX_QUERY_LENGTH, MAX_SKU_LENGTH, MAX_TOKEN_LENGTH, Consent, Event
from catalog.prices import KEPT_DECIMALS, clean_currency
from catalog.rest.bodies import CurrencyField, PriceField, read_priced
from recommendations.rules import MAX_PLACEMENT_LENGTH

MAX_EVENTS = 1_000
MAX_STRATEGY_LENGTH = 20
CLOCK_SKEW = timedelta(minutes=10)  # phones are wrong by as much
LONGEST_OFFLINE = timedelta(days=400)
SEARCH = Event.Kind.SEARCH.value
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def check_characters(name: str) -> None:
    """Refuse what no address can hold: who is known by such an id could not be exported or erased."""
    if CONTROLS.search(name):
        raise serializers.ValidationError(gettext("It may not contain control characters."), code="invalid")


def pseudonym_field(help_text: str) -> serializers.CharField:
    return serializers.CharField(
        max_length=MAX_ID_LENGTH, required=False, allow_blank=True, validators=[check_characters], help_text=help_text
    )


class EventsParser(BoundedJSONParser):
    """JSON of a batch. Half of a character in an event, as of a text that was cut off, costs that event alone."""

    def find_whole(self, data: Any) -> Any:
        return {name: None for name in data} if isinstance(data, dict) and "events" in data else data


class EventSerializer(StrictSerializer):
    """Something that a shopper did."""

    event_id = serializers.CharField(
        max_length=MAX_ID_LENGTH, help_text="Made by you, such as a UUID; sent twice, it counts once"
    )
    type = serializers.ChoiceField(choices=Event.Kind.choices)
    sku = serializers.CharField(
        max_length=MAX_SKU_LENGTH, required=False, allow_blank=True, help_text="Required, but for a search"
    )
    consent = serializers.ChoiceField(
        choices=Consent.choices, required=False, help_text="What the shopper has agreed to; without it: none"
    )
    user_id = pseudonym_field("A pseudonym: never a name or address. Nothing of it is kept without consent")
    session_id = pseudonym_field("The same of a visit")
    order_id = pseudonym_field("The same of an order: what was bought together")
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, help_text="Bought; 1")
    price = PriceField(
        max_digits=13, decimal_places=KEPT_DECIMALS, min_value=Decimal(0), allow_null=True, required=False,
        help_text="Of one piece",
    )  # fmt: skip
    currency = CurrencyField(rule=clean_currency, max_length=3, allow_blank=True, required=False)
    recommendation_id = serializers.CharField(
        max_length=MAX_TOKEN_LENGTH, required=False, allow_blank=True, help_text="Of the list that the product was in"
    )
    placement = serializers.CharField(
        max_length=MAX_PLACEMENT_LENGTH, required=False, allow_blank=True, help_text="Where the list was shown"
    )
    strategy = serializers.CharField(
        max_length=MAX_STRATEGY_LENGTH, required=False, allow_blank=True, help_text="Of that list"
    )
    position = serializers.IntegerField(min_value=1, max_value=10_000, required=False, help_text="In that list")
    query = serializers.CharField(
        max_length=MAX_QUERY_LENGTH, required=False, allow_blank=True, help_text="What was searched for"
    )
    occurred_at = serializers.DateTimeField(required=False, help_text="ISO 8601; without it: now")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value(data | read_priced(data) if isinstance(data, dict) else data)

    def find_unknown(self, data: dict[str, Any]) -> dict[str, list[ErrorDetail]]:
        """What a field cannot say by itself as well: a search is of no product, and only a search has a query."""
        errors = super().find_unknown(data)
        is_search = data.get("type") == SEARCH
        sku = data.get("sku", "")
        if not is_search and not str(sku).strip():
            code = "blank" if "sku" in data else "required"
            errors["sku"] = [ErrorDetail(str(self.fields["sku"].error_messages[code]), code=code)]
        if is_search and sku not in ("", None):
            errors["sku"] = [ErrorDetail(gettext("A search is of no product: leave it out."), code="invalid")]
        if not is_search and data.get("query") not in ("", None):
            errors["query"] = [ErrorDetail(gettext("Only a search has one."), code="invalid")]
        return errors

    def validate_occurred_at(self, moment: datetime) -> datetime:
        if not is_in_time(moment, now=timezone.now()):
            raise serializers.ValidationError(
                gettext("Has to be within the last %d days, and not in the future.") % find_longest().days,
                code="out_of_range",
            )
        return moment


def is_in_time(moment: datetime, *, now: datetime) -> bool:
    """Return whether an app may say at `now` that something happened then."""
    return now - find_longest() <= moment <= now + CLOCK_SKEW


def find_longest() -> timedelta:
    """Return for how long an app may hold an event back: as long as is known which were sent, and who was erased."""
    return min(LONGEST_OFFLINE, timedelta(days=settings.KINDRED_EVENTS_KEPT_DAYS))


@extend_schema_field(EventSerializer(many=True))
class EventsField(ObjectsField):
    """Events."""


class EventBatchSerializer(StrictSerializer):
    """Events, in any order."""

    events = EventsField(most=MAX_EVENTS)


class EventOutcomeSerializer(serializers.Serializer[Any]):
    """Why an event was not recorded."""

    index = serializers.IntegerField(help_text="Place in the request, from 0")
    event_id = serializers.CharField(allow_null=True)
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]


class EventAnswerSerializer(serializers.Serializer[Any]):
    """What became of the batch."""

    recorded = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Had been recorded before, or came twice")
    rejected = EventOutcomeSerializer(many=True)


EXAMPLE = OpenApiExample(
    "A click and a purchase",
    request_only=True,
    value={
        "events": [
            {
                "event_id": "0b9f6c1e-5d5c-4a43-9a51-6c2a9e1f0a11",
                "type": "click",
                "sku": "MUG-110",
                "consent": "personalisation",
                "user_id": "u-4711",
                "recommendation_id": "AWkC4vWz6uGvI8qjAHNpbWlsYXIAAA",
                "position": 1,
            },
            {
                "event_id": "6a1d0a53-2a0f-4b43-8c53-0f9ad1b7f0c2",
                "type": "purchase",
                "sku": "MUG-110",
                "consent": "personalisation",
                "user_id": "u-4711",
                "order_id": "2026-1042",
                "quantity": 2,
                "price": "14.50",
                "currency": "EUR",
            },
        ]
    },
)
