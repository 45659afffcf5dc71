"""A shop's server on the generated client: a sync, a product page, a cart and a search, under mypy --strict and without
a cast. tests/api/test_clients.py checks this and runs it against a live server.
"""

from __future__ import annotations

import json
import sys
from typing import TypeVar

from kindred_client import AuthenticatedClient
from kindred_client.api.products import bulk_upsert_products, get_product, list_products, patch_product
from kindred_client.api.recommendations import recommend, similar_products
from kindred_client.api.search import search_products
from kindred_client.models import (
    BulkItemRequest,
    BulkItemRequestAttributes,
    BulkRequest,
    PatchedProductWriteRequest,
    PlacementRequest,
    PlacementRequestFilters,
    Problem,
    Product,
    Recommendation,
    RecommendationBatchRequest,
    SearchProductsMode,
    StrategyEnum,
)

Answer = TypeVar("Answer")


def need(answer: Answer | Problem | None) -> Answer:
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(answer.detail if answer else "no answer")
    return answer


def show(item: Product | Recommendation) -> str:
    price = f" {item.price} {item.currency}" if item.price is not None else ""
    return f"{item.title.upper()}{price}{'' if item.in_stock else ' (sold out)'}"


def sync(client: AuthenticatedClient, products: list[BulkItemRequest]) -> list[str]:
    answer = need(bulk_upsert_products.sync(client=client, body=BulkRequest(products=products)))
    return [
        f"{item.sku} {item.outcome.value} {','.join(error.field for error in item.errors)}".strip()
        for item in answer.results
    ]


def list_all(client: AuthenticatedClient, attr: list[str]) -> list[str]:
    page = need(list_products.sync(client=client, attr=attr, page_size=1))
    found = page.results
    while page.next_ is not None:
        page = need(list_products.sync(client=client, attr=attr, page_size=1, cursor=page.next_))
        found += page.results
    return [product.sku for product in found]


def open_product_page(client: AuthenticatedClient, sku: str) -> dict[str, object]:
    product = need(get_product.sync(sku, client=client))
    changed = need(patch_product.sync(sku, client=client, body=PatchedProductWriteRequest(stock=0)))
    missing = similar_products.sync("NONE", client=client)
    return {
        "product": show(product),
        "category": product.category.split("/") if product.category else [],
        "pictures": [image.sizes["640"] for image in product.images],
        "changed": show(changed),
        "missing": missing.code if isinstance(missing, Problem) else None,
    }


def open_cart(client: AuthenticatedClient, skus: list[str]) -> list[dict[str, object]]:
    filters = PlacementRequestFilters(attr=["colour:blue", r"size\:cm:9"], in_stock=True)
    body = RecommendationBatchRequest(
        placements=[
            PlacementRequest(id="new", strategy=StrategyEnum.RECENT, exclude=skus, filters=filters),
            PlacementRequest(id="none", anchors=["NONE"]),
        ]
    )
    return [
        {
            "id": placement.id,
            "shown": [
                f"{item.position} {show(item)} {','.join(reason.text for reason in item.reasons)}"
                for item in (placement.list_.results if placement.list_ else [])
            ],
            "problem": placement.problem.code if placement.problem else None,
        }
        for placement in need(recommend.sync(client=client, body=body)).placements
    ]


def search(client: AuthenticatedClient, words: str) -> dict[str, object]:
    colours = ["colour:blue", "colour:red"]
    answer = need(search_products.sync(client=client, q=words, mode=SearchProductsMode.FULL_TEXT, attr=colours))
    return {"mode": answer.mode.value, "found": [show(item) for item in answer.results]}


def make_attributes(**values: object) -> BulkItemRequestAttributes:
    attributes = BulkItemRequestAttributes()
    for name, value in values.items():
        attributes[name] = value
    return attributes


def main() -> None:
    url, key = sys.argv[1:]
    vase = BulkItemRequest(
        sku="A/1", title="Vase", price="24.00", currency="EUR", category="Decor/Vases",
        attributes=make_attributes(colour="blue"),
    )  # fmt: skip
    bowl = BulkItemRequest(sku="B", title="Bowl", attributes=make_attributes(**{"colour": "blue", "size:cm": 9}))
    dish = BulkItemRequest(sku="D", title="Blue dish", attributes=make_attributes(colour="green"))
    with AuthenticatedClient(base_url=url, token=key) as client:
        sys.stdout.write(
            json.dumps(
                {
                    "outcomes": sync(client, [vase, bowl, BulkItemRequest(sku="C"), dish]),
                    "blue": list_all(client, ["colour:blue"]),
                    "page": open_product_page(client, "A/1"),
                    "cart": open_cart(client, ["A/1"]),
                    "search": search(client, "bowl"),
                }
            )
        )


main()
