"""REST: all that is known of a user, and erasing it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayWrite
from api.pagination import MAX_CURSOR_LENGTH
from api.parameters import QueryParameters
from behaviour.events.event import Event
from behaviour.privacy.erasure import erase_user
from behaviour.privacy.export import EVENT_FIELDS, describe_user, read_events
from behaviour.privacy.receipt import sign_receipt


class ErasedSerializer(serializers.Serializer[Any]):
    """How much was erased, by kind."""

    events = serializers.IntegerField()
    sessions = serializers.IntegerField(help_text="In which nobody else was known")
    profiles = serializers.IntegerField(help_text="Lists made ahead, of all versions")
    assignments = serializers.IntegerField(help_text="Experiments that they took part in")
    answers = serializers.IntegerField(help_text="Kept lists; none is ever kept of a person")


class ErasureSerializer(serializers.Serializer[Any]):
    """What was known of a user and is not any more."""

    user_id = serializers.CharField()
    erased = ErasedSerializer()
    erased_at = serializers.DateTimeField()
    receipt = serializers.CharField(help_text="All of this, signed: `manage.py verify_receipt` reads it")


class KnownEventSerializer(serializers.ModelSerializer[Event]):
    """An event as it is kept."""

    class Meta:
        model = Event
        fields = EVENT_FIELDS
        read_only_fields = EVENT_FIELDS


class KnownProductSerializer(serializers.Serializer[Any]):
    """A product of a list that was made ahead."""

    sku = serializers.CharField()
    score = serializers.FloatField()


class KnownProfileSerializer(serializers.Serializer[Any]):
    """What a version holds ready for a user."""

    version = serializers.CharField(allow_null=True)
    products = KnownProductSerializer(many=True)


class KnownAssignmentSerializer(serializers.Serializer[Any]):
    """An experiment that a user took part in, and what was counted of them."""

    experiment = serializers.CharField()
    arm = serializers.CharField()
    first_at = serializers.DateTimeField()
    clicks = serializers.IntegerField()
    carts = serializers.IntegerField()
    orders = serializers.IntegerField()
    revenue = serializers.DecimalField(max_digits=16, decimal_places=4)


class KnownUserSerializer(serializers.Serializer[Any]):
    """All that is known of a user. Sums by day, which outlive events, name nobody and are not in it."""

    user_id = serializers.CharField()
    user_key = serializers.UUIDField(help_text="Pseudonym that events are kept under")
    erased_at = serializers.DateTimeField(allow_null=True, help_text="When they were erased; null: they were not")
    sessions = serializers.ListField(child=serializers.UUIDField(), help_text="In which nobody else was known")
    profiles = KnownProfileSerializer(many=True)
    assignments = KnownAssignmentSerializer(many=True)
    events = KnownEventSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="`cursor` of the next events; null: these were the last")


class UserQuery(QueryParameters):
    """Parameters of GET users/{id}/."""

    cursor = serializers.CharField(required=False, max_length=MAX_CURSOR_LENGTH, help_text="`next` of the page before")


class UserView(APIView):
    """What is known of one user. To learn even whether anything is takes a secret key."""

    permission_classes = [MayWrite]

    @extend_schema(
        operation_id="exportUser", tags=["events"], parameters=[UserQuery], responses={200: KnownUserSerializer}
    )
    def get(self, request: Request, user_id: str) -> Response:
        """Return all that is known of a user, the events by 1,000. Nothing being known looks the same, and is empty."""
        asked = UserQuery.read(request)
        known, traces = describe_user(user_id)
        page = read_events(traces, cursor=asked.get("cursor"))
        answer = KnownUserSerializer(known | {"events": page.rows, "next": page.next})
        return Response(answer.data, headers={"Cache-Control": "private, no-store"})

    @extend_schema(operation_id="eraseUser", tags=["events"], request=None, responses={200: ErasureSerializer})
    def delete(self, request: Request, user_id: str) -> Response:
        """Erase all that is known of a user, and refuse what is sent of them from now on.

        Answers with how much that was, signed; again, it is nothing.
        """
        QueryParameters.read(request)
        erased, erased_at = erase_user(user_id)
        said = {"user_id": user_id, "erased": erased, "erased_at": erased_at.isoformat()}
        return Response(said | {"receipt": sign_receipt(said)})
