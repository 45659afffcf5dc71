"""REST: products."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.pagination import read_page
from api.permissions import may_write
from api.sparse import keep_fields
from catalog.models import Product, ProductQuerySet
from catalog.queries import ProductListQuery, ProductQuery, filter_products
from catalog.serializers import ProductPageSerializer, ProductSerializer


def visible_products(request: Request) -> ProductQuerySet:
    """Everything for those who may write, else what is for sale."""
    return Product.objects.all() if may_write(request) else Product.objects.shown()


class ProductListView(APIView):
    """The catalogue."""

    @extend_schema(
        operation_id="list_products", tags=["products"], parameters=[ProductListQuery], responses=ProductPageSerializer
    )
    def get(self, request: Request) -> Response:
        """List products, filtered and in pages."""
        wanted = ProductListQuery.read(request)
        products = filter_products(visible_products(request), wanted=wanted)
        page = read_page(
            products.for_cards(), order=wanted["ordering"], cursor=wanted.get("cursor"), size=wanted["page_size"]
        )
        serializer = ProductSerializer(page.rows, many=True, context={"request": request})
        keep_fields(serializer.child, wanted.get("fields"))
        answer: dict[str, Any] = {"results": serializer.data, "next": page.next}
        if wanted["count"]:
            answer["count"] = products.count()
        return Response(answer)


class ProductView(APIView):
    """One product."""

    @extend_schema(
        operation_id="get_product", tags=["products"], parameters=[ProductQuery], responses=ProductSerializer
    )
    def get(self, request: Request, sku: str) -> Response:
        """Read one product."""
        wanted = ProductQuery.read(request)
        product = get_object_or_404(visible_products(request).for_cards(), sku=sku)
        serializer = ProductSerializer(product, context={"request": request})
        keep_fields(serializer, wanted.get("fields"))
        return Response(serializer.data)
