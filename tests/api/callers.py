"""Asking the API and reading its answers."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.test import Client
from PIL import Image

API = "/api/v1"


class ApiClient(Client):
    """Speaks JSON, and relative to /api/v1/."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        extra: dict[str, Any] = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            extra |= {"data": body, "content_type": "application/json"}
        return getattr(self, method.lower())(f"{API}/{path}", **extra)


def picture_bytes(colour: str = "teal", *, size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def skus(response: Any) -> list[str]:
    return [product["sku"] for product in response.json()["results"]]


def problem(response: Any) -> dict[str, Any]:
    """The problem document in an answer, checked for form."""
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == response.status_code
    assert document["type"] == f"urn:kindred:problem:{document['code']}"
    return document


def errors(response: Any) -> dict[str, str]:
    """{field: code} of a 400."""
    assert response.status_code == 400, response.content
    return {error["field"]: error["code"] for error in problem(response)["errors"]}
