"""Examples in the OpenAPI schema: the same two products throughout."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

WRITTEN: dict[str, Any] = {
    "sku": "VAS-101",
    "title": "Stoneware bud vase, sage",
    "description": "A small vase for a single stem, glazed by hand.",
    "translations": {"zh": {"title": "鼠尾草绿粗陶小花瓶"}},
    "brand": "Norrland",
    "category": "Decor/Vases",
    "price": "24.00",
    "list_price": "30.00",
    "currency": "EUR",
    "stock": 12,
    "attributes": {"colour": "sage", "material": "stoneware"},
    "variant_group": "bud-vase",
    "collection": "spring",
    "url": "https://shop.example/vases/bud-vase-sage",
    "is_active": True,
}
IMAGE: dict[str, Any] = {
    "id": 7,
    "url": "https://shop.example/media/products/3f/3fa1.webp",
    "sizes": {width: f"https://shop.example/images/{'3f' * 32}/{width}.webp" for width in ("160", "320", "640")},
    "width": 1200,
    "height": 1200,
    "position": 0,
    "sha256": "3f" * 32,
    "source_url": "",
}
AUDIO: dict[str, Any] = {
    "id": 4,
    "url": "https://shop.example/media/sounds/9c/9c41.flac",
    "seconds": 3.25,
    "position": 0,
    "sha256": "9c" * 32,
    "source_url": "",
}
READ: dict[str, Any] = {
    **WRITTEN,
    "on_sale": True,
    "in_stock": True,
    "image_url": f"https://shop.example/images/{'3f' * 32}/640.webp",
    "images": [IMAGE],
    "audio": [AUDIO],
    "colours": ["white"],
    "picture_colours": {"white": 0.81, "grey": 0.12},
    "created_at": "2026-03-01T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z",
}
DOWNLOAD: dict[str, Any] = {
    "id": 3,
    "url": "https://pictures.example/vas-101.jpg",
    "position": None,
    "state": "waiting",
    "reason": "",
    "image_id": None,
    "audio_id": None,
    "created_at": "2026-03-01T09:00:00Z",
}


def request_example(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def answer_example(name: str, value: Any, *, status: int | None = None) -> OpenApiExample:
    statuses = [str(status)] if status else None
    return OpenApiExample(name, value=value, response_only=True, status_codes=statuses)


PRODUCT = answer_example("Product read", READ)
PRODUCT_PAGE = answer_example("Page of products", {"results": [READ], "next": "WyJza3UiLCJWQVMtMTAxIiwxXQ"})
PRODUCT_WRITE = request_example("Product written", WRITTEN)
PRODUCT_PATCH = request_example("New price and stock", {"price": "19.00", "stock": 3})
BULK = request_example("Two products", {"products": [WRITTEN, {"sku": "VAS-102", "stock": 3}]})
BULK_ANSWER = answer_example(
    "One landed",
    {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "results": [
            {"index": 0, "sku": "VAS-101", "outcome": "created", "errors": []},
            {
                "index": 1,
                "sku": "VAS-102",
                "outcome": "rejected",
                "errors": [
                    {
                        "field": "title",
                        "code": "required",
                        "detail": "This field is required.",
                    }
                ],
            },
        ],
    },
)
IMAGE_ANSWER = answer_example("Picture", IMAGE, status=201)
AUDIO_ANSWER = answer_example("Sound", AUDIO, status=201)
DOWNLOAD_ANSWER = answer_example("To be fetched", DOWNLOAD, status=202)
FETCH = request_example("By URL", {"url": "https://pictures.example/vas-101.jpg"})
