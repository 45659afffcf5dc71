"""Examples of the schema and the documentation page."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

LIST: dict[str, Any] = {
    "recommendation_id": "1f0c7a2be2f04cde8fb0a1c3a5f4d9e0",
    "strategy": "similar",
    "heading": "Similar products",
    "status": "ok",
    "anchors": ["MUG-101"],
    "missing_anchors": [],
    "space": "first",
    "search": "exact",
    "fallback_used": False,
    "experiment": None,
    "arm": None,
    "results": [
        {
            "position": 1,
            "sku": "MUG-110",
            "title": "Birk Mug",
            "url": "https://shop.example/mugs/birk",
            "image_url": f"https://shop.example/images/{'0a1b' * 16}/640.webp",
            "price": "14.90",
            "list_price": "18.50",
            "currency": "EUR",
            "in_stock": True,
            "distance": 0.183594,
            "similarity": 0.816406,
            "score": 0.816406,
            "reasons": [{"code": "similar", "text": "Similar to Halla Mug, speckled white", "rule": None}],
            "sources": {"behaviour": 0.0, "content": 1.0},
            "explanation": None,
        }
    ],
    "next": None,
}
PROBLEM = {
    "type": "urn:kindred:problem:not_found",
    "title": "Not Found",
    "status": 404,
    "detail": "There is no product with the SKU MUG-999.",
    "instance": "/api/v1/recommendations/",
    "code": "not_found",
}
LIST_EXAMPLE = OpenApiExample("Products similar to a mug", response_only=True, value=LIST)
BATCH_EXAMPLES = [
    OpenApiExample(
        "A product page",
        request_only=True,
        value={
            "placements": [
                {
                    "id": "more-like-this",
                    "strategy": "similar",
                    "anchors": ["MUG-101"],
                    "limit": 8,
                    "filters": {"in_stock": True, "price_max": "40.00", "attr.colour": ["white", "sage"]},
                },
                {"id": "cart", "anchors": ["MUG-101", "PLT-104"], "weights": {"MUG-101": 2}, "diversity": 0.3},
                {"id": "new", "strategy": "recent", "exclude": ["MUG-101"]},
            ]
        },
    ),
    OpenApiExample(
        "One answered, one not",
        response_only=True,
        value={
            "placements": [
                {"id": "more-like-this", "list": LIST, "problem": None},
                {"id": "cart", "list": None, "problem": PROBLEM},
            ]
        },
    ),
]
