"""REST: the demand that is forecast of a product, for a secret key or staff who may see it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import MayWrite
from behaviour.forecast.answers import render_forecast
from behaviour.forecast.forecast import Forecast


class WeekSerializer(serializers.Serializer[Any]):
    """One week of a forecast, in pieces."""

    starts_on = serializers.DateField()
    expected = serializers.FloatField()
    low = serializers.FloatField(help_text="A tenth of the weeks sell less")
    high = serializers.FloatField(help_text="A tenth of the weeks sell more")


class TotalSerializer(serializers.Serializer[Any]):
    """All weeks together; their band is narrower than the sum of the weeks' bands."""

    expected = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class NeighbourSerializer(serializers.Serializer[Any]):
    """A product that a forecast was learned from."""

    sku = serializers.CharField()
    weight = serializers.FloatField(help_text="Its share of all neighbours, 0..1")


class DemandSerializer(serializers.Serializer[Any]):
    """How many pieces of a product will be bought."""

    sku = serializers.CharField()
    basis = serializers.ChoiceField(
        Forecast.Basis.values, help_text="own: its own sales; young: and its neighbours'; new: its neighbours' alone"
    )
    starts_on = serializers.DateField()
    total = TotalSerializer()
    weeks = WeekSerializer(many=True)
    learned_from = NeighbourSerializer(many=True, help_text="Heaviest first; empty where its own sales say enough")
    made_at = serializers.DateTimeField()


EXAMPLE = OpenApiExample(
    "A new product",
    response_only=True,
    value={
        "sku": "MUG-101",
        "basis": "new",
        "starts_on": "2026-11-02",
        "total": {"expected": 11.5, "low": 4.1, "high": 20.6},
        "weeks": [
            {"starts_on": "2026-11-02", "expected": 6.2, "low": 1.4, "high": 12.9},
            {"starts_on": "2026-11-09", "expected": 5.3, "low": 1.1, "high": 11.2},
        ],
        "learned_from": [{"sku": "MUG-102", "weight": 0.62}, {"sku": "CUP-101", "weight": 0.38}],
        "made_at": "2026-11-02T02:10:00+00:00",
    },
)


class MayForecast(MayWrite):
    """A secret key, or staff who see forecasts in the admin."""

    message = gettext_lazy("Forecasts need a secret API key: `manage.py api_key create NAME --scope secret`.")


class DemandView(APIView):
    """The stored forecast of one product."""

    permission_classes = [MayForecast]
    staff_permissions = {"GET": ["behaviour.view_forecast"]}

    @extend_schema(operation_id="forecastDemand", tags=["reports"], responses=DemandSerializer, examples=[EXAMPLE])
    def get(self, request: Request, sku: str) -> Response:
        """Say how many pieces of a product will be bought in the coming weeks.

        Forecasts are made each night. A product that has none yet is answered with 404.
        """
        found = Forecast.objects.filter(product__sku=sku).first()
        if found is None:
            raise NotFound(gettext("There is no forecast of %(sku)s yet: they are made each night.") % {"sku": sku})
        return Response(render_forecast(sku, found))
