"""Events in the words of the REST API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.schema import ProblemErrorSerializer
from api.strict import StrictSerializer
from recommendations.events.models import MAX_ID_LENGTH, Event

MAX_EVENTS = 1_000
CLOCK_SKEW = timedelta(minutes=10)  # phones are wrong by as much
LONGEST_OFFLINE = timedelta(days=400)


class EventSerializer(StrictSerializer):
    """Something that a shopper did."""

    event_id = serializers.CharField(
        max_length=MAX_ID_LENGTH, help_text="Made by you, such as a UUID; sent twice, it counts once"
    )
    type = serializers.ChoiceField(choices=Event.Kind.choices)
    sku = serializers.CharField(max_length=100)
    user_id = serializers.CharField(
        max_length=MAX_ID_LENGTH, required=False, allow_blank=True, help_text="A pseudonym: never a name or address"
    )
    session_id = serializers.CharField(max_length=MAX_ID_LENGTH, required=False, allow_blank=True)
    recommendation_id = serializers.CharField(
        max_length=MAX_ID_LENGTH, required=False, allow_blank=True, help_text="Of the list that the product was in"
    )
    position = serializers.IntegerField(min_value=1, max_value=10_000, required=False, help_text="In that list")
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, help_text="Bought; 1")
    occurred_at = serializers.DateTimeField(required=False, help_text="ISO 8601; without it: now")

    def validate_occurred_at(self, moment: datetime) -> datetime:
        now = timezone.now()
        if not now - LONGEST_OFFLINE <= moment <= now + CLOCK_SKEW:
            raise serializers.ValidationError(
                f"Has to be within the last {LONGEST_OFFLINE.days} days, and not in the future.", code="out_of_range"
            )
        return moment


@extend_schema_field(EventSerializer(many=True))
class EventsField(serializers.ListField):
    """Objects that are checked one by one later, so that one bad event costs only itself."""


class EventBatchSerializer(StrictSerializer):
    """Events, in any order."""

    events = EventsField(
        child=serializers.DictField(), min_length=1, max_length=MAX_EVENTS, help_text=f"At most {MAX_EVENTS:,}"
    )


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


class ErasedSerializer(serializers.Serializer[Any]):
    """How much was erased, by kind."""

    events = serializers.IntegerField()


class ErasureSerializer(serializers.Serializer[Any]):
    """What was known of a user and is not any more."""

    user_id = serializers.CharField()
    erased = ErasedSerializer()
