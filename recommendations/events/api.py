"""REST: reporting events, and erasing a user."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.permissions import MaySendEvents
from api.problems import flatten_errors
from api.queries import QueryParameters
from catalog.models import Product
from recommendations.events.models import Event
from recommendations.events.serializers import (
    ErasureSerializer,
    EventAnswerSerializer,
    EventBatchSerializer,
    EventSerializer,
)

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


class EventsView(APIView):
    """What shoppers did."""

    permission_classes = [MaySendEvents]

    @extend_schema(
        operation_id="send_events",
        tags=["events"],
        request=EventBatchSerializer,
        responses=EventAnswerSerializer,
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Report up to 1,000 events. Each is recorded once, however often it is sent; a bad one costs only itself."""
        batch = EventBatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        events, rejected = check_events(batch.validated_data["events"])
        recorded = Event.objects.record(events)
        return Response({"recorded": len(recorded), "duplicates": len(events) - len(recorded), "rejected": rejected})


class UserView(APIView):
    """What is known of one user."""

    @extend_schema(operation_id="erase_user", tags=["events"], request=None, responses={200: ErasureSerializer})
    def delete(self, request: Request, user_id: str) -> Response:
        """Erase all that is known of a user. Answers with how much that was; again, it is nothing."""
        QueryParameters.read(request)
        return Response({"user_id": user_id, "erased": {"events": Event.objects.erase_user(user_id)}})


def check_events(items: list[dict[str, Any]]) -> tuple[list[Event], list[dict[str, Any]]]:
    """Return the events that can be recorded, and what is wrong with the others."""
    serializer = EventSerializer()
    checked: dict[int, dict[str, Any]] = {}
    rejected: dict[int, dict[str, Any]] = {}
    for index, item in enumerate(items):
        try:
            checked[index] = serializer.run_validation(item)
        except ValidationError as error:
            rejected[index] = describe_rejected(index, item, error)
    products = dict(
        Product.objects.filter(sku__in={values["sku"] for values in checked.values()}).values_list("sku", "pk")
    )
    now = timezone.now()
    events = []
    for index, values in checked.items():
        product_id = products.get(values.pop("sku"))
        if product_id is None:
            unknown = ValidationError({"sku": [ErrorDetail("There is no such product.", code="unknown_sku")]})
            rejected[index] = describe_rejected(index, items[index], unknown)
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
