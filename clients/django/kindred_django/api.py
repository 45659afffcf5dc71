"""Kindred's REST API, as far as a shop's server needs it. What goes wrong is one of two errors."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import httpx
from django.core.serializers.json import DjangoJSONEncoder

from kindred_django.configuration import Configuration, configuration

LONGEST_WAIT_S = 3600.0  # however long an answer says


class Unavailable(Exception):
    """Kindred cannot be asked now, or not with this address and key: all of it is tried again later."""

    def __init__(self, reason: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Refused(Exception):
    """Kindred has read the request and does not take it: it would not take it later either."""

    def __init__(self, reason: str, *, status: int) -> None:
        super().__init__(reason)
        self.status = status


def to_json(value: Any) -> str:
    """Return JSON that is the same for the same values: it is what is hashed and what is sent.

    Raises ValueError or TypeError for what JSON does not have.
    """
    return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False, allow_nan=False)


def product_path(sku: str, rest: str = "") -> str:
    return f"products/{quote(sku, safe='')}/{rest}"


@lru_cache(maxsize=1)
def _client(process: int, config: Configuration) -> httpx.Client:
    headers = {"Authorization": f"Bearer {config.key}", "User-Agent": "kindred-django"}
    return httpx.Client(base_url=f"{config.url}/api/v1/", headers=headers, timeout=config.timeout_s)


def ask(
    method: str, path: str, *, body: Any = None, params: Mapping[str, Any] | None = None, language: str = ""
) -> Any:
    """Return Kindred's answer, or None where it has no body. Raises Unavailable or Refused."""
    headers = {"Accept-Language": language} if language else {}
    content = None
    if body is not None:
        headers["Content-Type"], content = "application/json", to_json(body).encode()
    try:
        answer = _client(os.getpid(), configuration()).request(
            method, path, content=content, params=params, headers=headers
        )
    except httpx.HTTPError as error:
        raise Unavailable(f"Kindred does not answer ({type(error).__name__}).") from None
    if answer.is_success:
        return read_body(answer)
    raise read_failure(answer, what=f"{method} {path}")


def read_body(answer: httpx.Response) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        raise Unavailable(f"{configuration().url} answers something that is no JSON: is it Kindred's?") from None


def read_failure(answer: httpx.Response, *, what: str) -> Unavailable | Refused:
    """Return the error that an answer means. 413 may come from a proxy; everything else that is refused says why."""
    try:
        problem = answer.json()
        is_problem = str(problem["type"]).startswith("urn:kindred:problem")
    except (ValueError, KeyError, TypeError):
        problem, is_problem = {}, False
    status = answer.status_code
    if status in (401, 403):
        return Unavailable(f"Kindred does not take the key ({status}): check KINDRED['KEY'].")
    if status == 413 or (is_problem and status < 500 and status != 429):
        return Refused(read_reason(problem) or f"{what} is too large.", status=status)
    reason = f"{configuration().url} answers {status} to {what}"
    reason += "." if is_problem or status >= 429 else ": is it Kindred's address?"
    return Unavailable(reason, retry_after_s=read_wait(answer.headers.get("Retry-After", "")))


def read_reason(problem: Mapping[str, Any]) -> str:
    """Return in one line what is wrong: of a problem, or of an item of a bulk request."""
    errors = [f"{error.get('field') or ''}: {error['detail']}".lstrip(": ") for error in problem.get("errors") or []]
    return "; ".join(errors) or str(problem.get("detail", ""))


def read_wait(text: str) -> float:
    """Return the seconds of a Retry-After: a number or a date. Nothing, or nonsense: 0."""
    try:
        seconds = float(text) if text.strip().isdigit() else (_moment(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def _moment(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
