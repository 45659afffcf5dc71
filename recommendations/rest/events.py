"""REST: reporting events, and erasing a user."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ErrorDetail, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import ApiKeyAuthentication, MaySendEvents, may_see_all
from api.parameters import ObjectsField, QueryParameters, StrictSerializer
from api.parsers import BoundedJSONParser
from api.problems import flatten_errors
from api.schema import ProblemErrorSerializer
from api.throttling import count_in_window, identify_address, parse_rate
from catalog.models import Product
from recommendations.events import MAX_ID_LENGTH, STRATEGY_LENGTH, Event
from recommendations.rest.beacons import BeaconAuthentication, BeaconParser, BeaconThrottle, is_beacon
from recommendations.rules import MAX_PLACEMENT_LENGTH

MAX_EVENTS = 1_000
EVENTS_OF_A_REQUEST = 10  # at most, on average, where nobody says who asks
MAX_BODY_BYTES = 2 * 1024 * 1024  # a thousand events with all their fields take 0.4 MB
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
    placement = serializers.CharField(
        max_length=MAX_PLACEMENT_LENGTH, required=False, allow_blank=True, help_text="Where the list was shown"
    )
    strategy = serializers.CharField(
        max_length=STRATEGY_LENGTH, required=False, allow_blank=True, help_text="Of that list"
    )
    position = serializers.IntegerField(min_value=1, max_value=10_000, required=False, help_text="In that list")
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False, help_text="Bought; 1")
    occurred_at = serializers.DateTimeField(required=False, help_text="ISO 8601; without it: now")

    def validate_occurred_at(self, moment: datetime) -> datetime:
        now = timezone.now()
        if not now - LONGEST_OFFLINE <= moment <= now + CLOCK_SKEW:
            raise serializers.ValidationError(
                gettext("Has to be within the last %d days, and not in the future.") % LONGEST_OFFLINE.days,
                code="out_of_range",
            )
        return moment


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


class ErasedSerializer(serializers.Serializer[Any]):
    """How much was erased, by kind."""

    events = serializers.IntegerField()


class ErasureSerializer(serializers.Serializer[Any]):
    """What was known of a user and is not any more."""

    user_id = serializers.CharField()
    erased = ErasedSerializer()


EXAMPLE = OpenApiExample(
    "A click and a purchase",
    request_only=True,
    value={
        "events": [
            {
                "event_id": "0b9f6c1e-5d5c-4a43-9a51-6c2a9e1f0a11",
                "type": "click",
                "sku": "MUG-110",
                "user_id": "u-4711",
                "recommendation_id": "1f0c7a2be2f04cde8fb0a1c3a5f4d9e0",
                "position": 1,
            },
            {
                "event_id": "6a1d0a53-2a0f-4b43-8c53-0f9ad1b7f0c2",
                "type": "purchase",
                "sku": "MUG-110",
                "user_id": "u-4711",
                "quantity": 2,
            },
        ]
    },
)


class EventsQuery(QueryParameters):
    """Parameters of POST events/. The schema has the key among the ways to say who asks."""

    key = serializers.CharField(required=False, max_length=200, help_text="Of a beacon")


class EventsView(APIView):
    """What shoppers did."""

    authentication_classes = [ApiKeyAuthentication, BeaconAuthentication, SessionAuthentication]
    parser_classes = [BoundedJSONParser, BeaconParser]
    permission_classes = [MaySendEvents]
    throttle_classes = [BeaconThrottle]
    max_body_bytes = MAX_BODY_BYTES

    @extend_schema(
        operation_id="sendEvents",
        tags=["events"],
        request={"application/json": EventBatchSerializer},  # clients are generated from it, and send no beacons
        responses=EventAnswerSerializer,
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Report up to 1,000 events. Each is recorded once, however often it is sent; a bad one costs only itself.

        A beacon of a page sends the same as text/plain, up to 64 KiB, with its publishable key in the address.
        """
        EventsQuery.read(request)
        batch = EventBatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        items = batch.validated_data["events"]
        is_anyone = request.auth is None or is_beacon(request)  # the key of a page is known to all
        if is_anyone:
            check_address(request, count=len(items))
        busy = find_busy_sessions(items) if is_anyone else set()
        events, rejected = check_events(items, busy=busy, tells_unknown=may_see_all(request))
        recorded = Event.objects.record(events)
        return Response({"recorded": len(recorded), "duplicates": len(events) - len(recorded), "rejected": rejected})


class UserView(APIView):
    """What is known of one user."""

    @extend_schema(operation_id="eraseUser", tags=["events"], request=None, responses={200: ErasureSerializer})
    def delete(self, request: Request, user_id: str) -> Response:
        """Erase all that is known of a user. Answers with how much that was; again, it is nothing."""
        QueryParameters.read(request)
        return Response({"user_id": user_id, "erased": {"events": Event.objects.erase_user(user_id)}})


def check_address(request: Request, *, count: int) -> None:
    """Count the events of an address, which can make up sessions. Raises Throttled beyond its budget."""
    rate = parse_rate(settings.KINDRED_API_RATES["events"])
    name = f"events-from:{identify_address(request._request)}"
    sent, wait_s = count_in_window(name, rate=rate, amount=count)
    if sent is not None and sent > rate.limit * EVENTS_OF_A_REQUEST:
        raise Throttled(wait=wait_s)


def find_busy_sessions(items: list[dict[str, Any]]) -> set[str]:
    """Count the events of each session, and return the sessions that have sent more than anybody clicks."""
    rate = parse_rate(settings.KINDRED_API_RATES["events"])
    named = (item.get("session_id") for item in items)
    # Longer ones are refused anyway; in the cache they would be kept.
    sessions = Counter(name for name in named if isinstance(name, str) and len(name) <= MAX_ID_LENGTH)
    counts = {name: count_in_window(f"events-of:{name}", rate=rate, amount=sent)[0] for name, sent in sessions.items()}
    return {name for name, count in counts.items() if count is not None and count > rate.limit}


def check_events(
    items: list[dict[str, Any]], *, busy: set[str], tells_unknown: bool
) -> tuple[list[Event], list[dict[str, Any]]]:
    """Return the events that can be recorded, and what is wrong with the others, such as being of a `busy` session.

    Whoever may not see all is not told which SKUs there are, hidden products among them: such events are recorded too,
    under the SKU alone.
    """
    serializer = EventSerializer()
    checked: dict[int, dict[str, Any]] = {}
    rejected: dict[int, dict[str, Any]] = {}
    for index, item in enumerate(items):
        try:
            session = item.get("session_id")
            if isinstance(session, str) and session in busy:
                too_many = ErrorDetail(gettext("Too many events in a minute."), code="throttled")
                raise ValidationError({"session_id": [too_many]})
            checked[index] = serializer.run_validation(item)
        except ValidationError as error:
            rejected[index] = describe_rejected(index, item, error)
    products = dict(
        Product.objects.filter(sku__in={values["sku"] for values in checked.values()}).values_list("sku", "pk")
    )
    now = timezone.now()
    events = []
    for index, values in checked.items():
        product_id = products.get(values["sku"])
        if product_id is None and tells_unknown:
            unknown = ErrorDetail(gettext("There is no such product."), code="unknown_sku")
            rejected[index] = describe_rejected(index, items[index], ValidationError({"sku": [unknown]}))
        else:
            events.append(Event(product_id=product_id, **{"occurred_at": now, **values}))
    return events, [rejected[index] for index in sorted(rejected)]


def describe_rejected(index: int, item: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    event_id = item.get("event_id")
    return {
        "index": index,
        "event_id": event_id if isinstance(event_id, str) else None,
        "errors": list(flatten_errors(error.detail)),
    }
