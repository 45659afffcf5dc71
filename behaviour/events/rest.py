"""REST: reporting events."""

from __future__ import annotations

from operator import itemgetter

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import ApiKeyAuthentication, MaySendEvents, may_see_all
from api.parameters import QueryParameters
from behaviour.events.beacons import BeaconAuthentication, BeaconParser, BeaconThrottle, is_beacon
from behaviour.events.bodies import EXAMPLE, EventAnswerSerializer, EventBatchSerializer, EventsParser
from behaviour.events.budgets import check_address, find_busy_sessions
from behaviour.events.checking import describe_erased, read_events
from behaviour.events.ingestion import record_events

MAX_BODY_BYTES = 4 * 1024 * 1024  # a thousand events take 0.9 MB; of Chinese ids as long as they may be, escaped, 3.6


class EventsQuery(QueryParameters):
    """Parameters of POST events/. The schema has the key among the ways to say who asks."""

    key = serializers.CharField(required=False, max_length=200, help_text="Of a beacon")


class EventsView(APIView):
    """What shoppers did."""

    authentication_classes = [ApiKeyAuthentication, BeaconAuthentication, SessionAuthentication]
    parser_classes = [EventsParser, BeaconParser]
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

        Of events without `consent`, and of all in a request with `Sec-GPC: 1`, nothing is kept that identifies anyone.
        A beacon of a page sends the same as text/plain, up to 64 KiB, with its publishable key in the address.
        """
        EventsQuery.read(request)
        batch = EventBatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        items = batch.validated_data["events"]
        is_anyone = request.auth is None or is_beacon(request)  # the key of a page is known to all
        sees_all, without_consent = may_see_all(request), request.headers.get("Sec-GPC") == "1"
        if is_anyone:
            check_address(request, count=len(items))
        events, rejected = read_events(
            items,
            busy=find_busy_sessions(items) if is_anyone and not without_consent else set(),
            tells_unknown=sees_all,
            without_consent=without_consent,
        )
        refused: set[str] = set()
        recorded = record_events(events, refused=refused if sees_all else None)
        of_erased = describe_erased(items, refused)
        return Response(
            {
                "recorded": len(recorded),
                "duplicates": len(events) - len(recorded) - len(of_erased),
                "rejected": sorted([*rejected, *of_erased], key=itemgetter("index")),
            }
        )
