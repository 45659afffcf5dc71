"""REST: products, one by one and in bulk."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access import may_see_all
from api.pagination import read_page
from api.preconditions import IF_MATCH, IF_NONE_MATCH, check_preconditions, representation_etag
from api.problems import Conflict, flatten_errors
from api.replica.reading import from_replica
from api.requests import find_origin
from catalog.characters import drop_unseen
from catalog.filters import ATTRIBUTE_PARAMETER
from catalog.models import Product, ProductQuerySet
from catalog.rest import examples
from catalog.rest.answers import ProductSerializer, render_product
from catalog.rest.bodies import (
    EMPTY,
    BulkAnswerSerializer,
    BulkItemSerializer,
    BulkSerializer,
    ProductWriteSerializer,
)
from catalog.rest.facets import FacetsSerializer, render_facets
from catalog.rest.parameters import ProductListQuery, ProductQuery, count_listed, filter_products
from catalog.writing import Outcome, ProductWrite, WriteResult, upsert_products, write_product

MAKE_OR_CHANGE = ["catalog.add_product", "catalog.change_product"]


def visible_products(request: Request) -> ProductQuerySet:
    """Everything for those who may see it, else what is for sale."""
    return Product.objects.all() if may_see_all(request) else Product.objects.shown()


def get_product(products: ProductQuerySet, *, sku: str) -> Product:
    """Return the product of that sku. Raises NotFound, which names it."""
    product = products.filter(sku=sku).first()
    if product is None:
        raise NotFound(gettext("There is no product %r.") % sku)
    return product


def load_shown(products: ProductQuerySet, *, wanted: dict[str, Any]) -> ProductQuerySet:
    """Add what the answer shows beside the row itself: pictures and sounds are queries of their own."""
    fields = wanted.get("fields")
    if not fields or "audio" in fields:
        products = products.prefetch_related("sounds")
    if not fields or {"images", "image_url"} & set(fields):
        return products.for_cards()
    return products.select_related("category")


class ProductPageSerializer(serializers.Serializer[Any]):
    """A page of products."""

    results = ProductSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Give it as `cursor` for the next page; null: the end")
    count = serializers.IntegerField(required=False, help_text="All that match; only with `count=true`")
    facets = FacetsSerializer(required=False, help_text="Only with `facets=true`")


class ProductListView(APIView):
    """The catalogue."""

    staff_permissions = {"POST": ["catalog.add_product"]}
    problem_statuses = {"POST": [409]}

    @extend_schema(
        operation_id="listProducts",
        tags=["products"],
        parameters=[ProductListQuery, ATTRIBUTE_PARAMETER],
        responses=ProductPageSerializer,
        examples=[examples.PRODUCT_PAGE],
    )
    @from_replica
    def get(self, request: Request) -> Response:
        """List products, filtered and in pages."""
        wanted = ProductListQuery.read(request)
        products = filter_products(visible_products(request), wanted=wanted, sent=request.query_params)
        page = read_page(
            load_shown(products, wanted=wanted),
            order=wanted["ordering"],
            cursor=wanted.get("cursor"),
            size=wanted["page_size"],
        )
        origin, fields = find_origin(request), wanted.get("fields")
        results = [render_product(product, origin=origin, fields=fields) for product in page.rows]
        answer: dict[str, Any] = {"results": results, "next": page.next}
        if wanted["count"]:
            answer["count"] = products.count()
        if wanted["facets"]:
            counted = count_listed(wanted, sent=request.query_params, with_inactive=may_see_all(request))
            answer["facets"] = render_facets(counted)
        return Response(answer)

    @extend_schema(
        operation_id="createProduct",
        tags=["products"],
        request=ProductWriteSerializer,
        responses={201: ProductSerializer},
        examples=[examples.PRODUCT_WRITE, examples.PRODUCT],
    )
    def post(self, request: Request) -> Response:
        """Make a product. 409 when its sku exists: use PUT to make or replace."""
        serializer = ProductWriteSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        product = Product()
        try:
            with transaction.atomic():
                write_product(product, ProductWrite(values=serializer.validated_data))
        except IntegrityError as error:
            sku = serializer.validated_data["sku"]
            raise Conflict(
                gettext("There is a product %r already. PUT replaces it, PATCH changes it.") % sku
            ) from error
        return answer_written(product, request=request, status=201)


class ProductView(APIView):
    """One product."""

    staff_permissions = {
        "PUT": MAKE_OR_CHANGE,
        "PATCH": ["catalog.change_product"],
        "DELETE": ["catalog.delete_product"],
    }
    problem_statuses = {"PUT": [409, 412], "PATCH": [412], "DELETE": [412]}

    @extend_schema(
        operation_id="getProduct",
        tags=["products"],
        parameters=[ProductQuery, IF_NONE_MATCH],
        responses={200: ProductSerializer, 304: None},
        examples=[examples.PRODUCT],
    )
    @from_replica
    def get(self, request: Request, sku: str) -> Response:
        """Read one product."""
        wanted = ProductQuery.read(request)
        product = get_product(load_shown(visible_products(request), wanted=wanted), sku=sku)
        return Response(render_product(product, origin=find_origin(request), fields=wanted.get("fields")))

    @extend_schema(
        operation_id="putProduct",
        tags=["products"],
        parameters=[IF_MATCH],
        request=ProductWriteSerializer,
        responses={200: ProductSerializer, 201: ProductSerializer},
        examples=[examples.PRODUCT_WRITE, examples.PRODUCT],
    )
    def put(self, request: Request, sku: str) -> Response:
        """Make or replace a product. What the body leaves out is emptied; pictures stay. Safe to repeat."""
        return self.write(request, sku=sku, partial=False)

    @extend_schema(
        operation_id="patchProduct",
        tags=["products"],
        parameters=[IF_MATCH],
        request=ProductWriteSerializer(partial=True),
        responses=ProductSerializer,
        examples=[examples.PRODUCT_PATCH, examples.PRODUCT],
    )
    def patch(self, request: Request, sku: str) -> Response:
        """Change what the body names, and leave the rest."""
        return self.write(request, sku=sku, partial=True)

    @extend_schema(
        operation_id="deleteProduct", tags=["products"], parameters=[IF_MATCH], request=None, responses={204: None}
    )
    def delete(self, request: Request, sku: str) -> Response:
        """Delete a product with its pictures and vectors. To hide it instead, PATCH `is_active` to false."""
        with transaction.atomic():
            product = find_locked(sku)
            if product is None:
                raise NotFound(gettext("There is no product %r.") % sku)
            check_preconditions(request, current=render_product(product, origin=find_origin(request)))
            product.delete()
        return Response(status=204)

    def write(self, request: Request, *, sku: str, partial: bool) -> Response:
        sku = drop_unseen(sku).strip()
        body = {"sku": sku, **request.data} if isinstance(request.data, dict) else request.data
        serializer = ProductWriteSerializer(data=body, partial=partial, context={"request": request})
        serializer.is_valid(raise_exception=True)
        if serializer.validated_data["sku"] != sku:
            raise ValidationError(
                {"sku": [gettext("A sku cannot be changed. Make a new product and delete this one.")]}
            )
        values = serializer.validated_data if partial else EMPTY | serializer.validated_data
        try:
            with transaction.atomic():
                product = find_locked(sku)
                if product is None and partial:
                    raise NotFound(gettext("There is no product %r. PUT makes it.") % sku)
                current = render_product(product, origin=find_origin(request)) if product else None
                check_preconditions(request, current=current)
                product = product or Product()
                outcome = write_product(product, ProductWrite(values=values))
        except IntegrityError as error:
            raise Conflict(
                gettext("Another request made this product at the same moment. Send yours again.")
            ) from error
        return answer_written(product, request=request, status=201 if outcome == Outcome.CREATED else 200)


hidden = extend_schema(exclude=True)


@extend_schema_view(get=hidden, put=hidden, patch=hidden, delete=hidden)
class ProductBulkView(ProductView):
    """Many products in one request. Other methods than POST speak of the one product whose sku is `bulk`."""

    staff_permissions = ProductView.staff_permissions | {"POST": MAKE_OR_CHANGE}

    @extend_schema(
        operation_id="bulkUpsertProducts",
        tags=["products"],
        request=BulkSerializer,
        responses=BulkAnswerSerializer,
        examples=[examples.BULK, examples.BULK_ANSWER],
    )
    def post(self, request: Request, sku: str) -> Response:
        """Make or change up to 1,000 products. Each item has its own outcome, and good ones land. Safe to repeat."""
        bulk = BulkSerializer(data=request.data)
        bulk.is_valid(raise_exception=True)
        results = write_items(bulk.validated_data["products"], request=request)
        counts = Counter(result["outcome"] for result in results)
        return Response({**{str(outcome): counts[outcome] for outcome in Outcome}, "results": results})


def write_items(items: list[dict[str, Any]], *, request: Request) -> list[dict[str, Any]]:
    """Write the good items of a bulk request, and return each one's answer in order.

    A sku that comes twice is not used at all: neither item has a claim to be the last.
    """
    times = Counter(read_sku(item) for item in items)
    serializer = BulkItemSerializer(context={"request": request})  # one for all: making it costs more than using it
    writes: dict[int, ProductWrite] = {}
    errors: dict[int, list[dict[str, str]]] = {}
    for index, item in enumerate(items):
        try:
            sku = read_sku(item)
            if sku and times[sku] > 1:
                raise ValidationError({"sku": [gettext("This sku is in the request twice.")]}, code="repeated")
            writes[index] = ProductWrite(values=serializer.run_validation(item))
        except ValidationError as error:
            errors[index] = list(flatten_errors(error.detail))
    written = dict(zip(writes, upsert_products(list(writes.values())), strict=True))
    answers = []
    for index, item in enumerate(items):
        result = written.get(index, WriteResult(Outcome.REJECTED))
        said = errors.get(index) or describe_rejection(result)
        answers.append({"index": index, "sku": read_sku(item), "outcome": str(result.outcome), "errors": said})
    return answers


def read_sku(item: dict[str, Any]) -> str | None:
    """Return the sku as it will be stored, or None where there is none to speak of."""
    sku = item.get("sku")
    if isinstance(sku, bool) or not isinstance(sku, str | int | float):
        return None
    return drop_unseen(str(sku)).strip()


def describe_rejection(result: WriteResult) -> list[dict[str, str]]:
    """Return the errors of an answer: none where the product was written."""
    if result.outcome != Outcome.REJECTED:
        return []
    detail = f"{result.reason[0].upper()}{result.reason[1:]}."
    return [{"field": result.field, "code": result.code, "detail": detail}]


def find_locked(sku: str) -> Product | None:
    """Return the product, its row locked so that what was compared is what gets changed."""
    return Product.objects.select_for_update(of=("self",)).for_cards().filter(sku=sku).first()


def answer_written(product: Product, *, request: Request, status: int) -> Response:
    data = render_product(product, origin=find_origin(request))
    headers = {"ETag": representation_etag(data, request=request)}
    if status == 201:
        headers["Location"] = request.build_absolute_uri(reverse("api-product", args=[product.sku]))
    return Response(data, status=status, headers=headers)
