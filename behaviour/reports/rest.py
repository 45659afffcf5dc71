"""REST: the performance report, for a secret key or staff who may see it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayWrite
from api.declarations import WholeNumberField
from api.parameters import QueryParameters
from behaviour.reports.answers import render_performance
from behaviour.reports.performance import FIGURES, GROUPS, MAX_DAYS, USUAL_DAYS, Period, read_performance
from catalog.rest.answers import PriceField


class AmountField(PriceField):
    """An amount of money, of any size."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_digits = None


class PerformanceQuery(QueryParameters):
    """Parameters of the report."""

    days = WholeNumberField(1, MAX_DAYS, default=USUAL_DAYS, help_text="Up to today, today included")
    by = serializers.ChoiceField(choices=GROUPS, default="placement", help_text="What a row is of")


class RateSerializer(serializers.Serializer[Any]):
    """A share from 0 to 1, and the ends of its interval of 95 % (Wilson)."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class RevenueSerializer(serializers.Serializer[Any]):
    """What was sold in one currency."""

    currency = serializers.CharField()
    total = AmountField()
    attributed = AmountField(help_text="After a click in a list")
    viewthrough = AmountField(help_text="Shown in a list and not clicked")
    share = serializers.FloatField(allow_null=True, help_text="`attributed` by `total`")


class FiguresSerializer(serializers.Serializer[Any]):
    """Numbers of a period."""

    ctr = RateSerializer(allow_null=True, help_text="Clicks by impressions; null: of nothing")
    cart_rate = RateSerializer(allow_null=True, help_text="`attributed_carts` by clicks")
    order_rate = RateSerializer(allow_null=True, help_text="`attributed_orders` by clicks")
    order_share = serializers.FloatField(allow_null=True, help_text="`attributed_orders` by orders")
    revenue = RevenueSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.IntegerField() for name in FIGURES} | super().get_fields()


class PerformanceRowSerializer(FiguresSerializer):
    """Numbers of one placement, strategy, space, category or day."""

    def get_fields(self) -> dict[str, Any]:
        return {"name": serializers.CharField(help_text="Empty: of none")} | super().get_fields()


class PerformanceSerializer(serializers.Serializer[Any]):
    """What lists were shown, clicked, and brought in."""

    since = serializers.DateField()
    until = serializers.DateField()
    days = serializers.IntegerField()
    time_zone = serializers.CharField(help_text="In which days begin")
    attribution_hours = serializers.FloatField(help_text="For so long a click is given the credit")
    counted_at = serializers.DateTimeField(allow_null=True, help_text="When events were last counted")
    by = serializers.ChoiceField(choices=GROUPS)
    totals = FiguresSerializer()
    rows = PerformanceRowSerializer(many=True)


EXAMPLE = OpenApiExample(
    "By placement",
    response_only=True,
    value={
        "since": "2026-10-01",
        "until": "2026-10-28",
        "days": 28,
        "time_zone": "UTC",
        "attribution_hours": 24.0,
        "counted_at": "2026-10-28T12:00:00Z",
        "by": "placement",
        "totals": (
            numbers := {
                **dict.fromkeys(FIGURES, 0),
                "impressions": 1000,
                "clicks": 40,
                "carts": 25,
                "attributed_carts": 10,
                "orders": 16,
                "attributed_orders": 4,
                "units": 20,
                "attributed_units": 5,
                "ctr": {"value": 0.04, "low": 0.029511, "high": 0.05401},
                "cart_rate": {"value": 0.25, "low": 0.141869, "high": 0.40194},
                "order_rate": {"value": 0.1, "low": 0.03958, "high": 0.230518},
                "order_share": 0.25,
                "revenue": [
                    {"currency": "EUR", "total": "318", "attributed": "79.5", "viewthrough": "0", "share": 0.25}
                ],
            }
        ),
        "rows": [{"name": "product", **numbers}],
    },
)


class MayReport(MayWrite):
    """A secret key, or staff who see the report in the admin."""

    message = gettext_lazy("Reports need a secret API key: `manage.py api_key create NAME --scope secret`.")


class PerformanceView(APIView):
    """The performance report."""

    permission_classes = [MayReport]
    staff_permissions = {"GET": ["behaviour.view_dailytotal"]}

    @extend_schema(
        operation_id="reportPerformance",
        tags=["reports"],
        parameters=[PerformanceQuery],
        responses=PerformanceSerializer,
        examples=[EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Report what lists of recommendations were shown, clicked, and brought in.

        What was bought after a click is told apart from what was only seen, and amounts are told by currency. A
        worker counts every minute; `counted_at` says when it last did.
        """
        asked = PerformanceQuery.read(request)
        response = Response(render_performance(read_performance(Period.last(asked["days"]), by=asked["by"])))
        response["Cache-Control"] = "private, no-cache"
        return response
