"""Writes that must not overwrite what someone else has written: If-Match and If-None-Match (RFC 9110)."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext, gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from api.middleware import SPARSE_TAG, etag_of
from api.problems import PreconditionFailed, RequestError

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag that you read. 412 when the product has changed since.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag that you have. 304 without a body when it is still right.",
)
# RFC 9110, 8.8.3: W/"..." is what a proxy or we ourselves make of an ETag when the body is compressed on its way.
TAG = r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
TAGS = re.compile(rf"{TAG}(?:[ \t]*,[ \t]*{TAG})*")
SPARSE = gettext_lazy(
    "This ETag is of a read with `fields`, which does not show all of the product. Read it without, and use that ETag."
)


def representation_etag(data: dict[str, Any], *, request: Request) -> str:
    """Return the ETag that a GET of `data`, whole, carries."""
    return etag_of(JSONRenderer().render(data), request=request)


def check_preconditions(request: Request, *, current: dict[str, Any] | None) -> None:
    """Raise PreconditionFailed unless the request's conditions hold, RequestError where they cannot be read.

    `current` is None where nothing is stored yet.
    """
    held = None if current is None else representation_etag(current, request=request).strip('"')
    wanted, unwanted = read_tags(request, "If-Match"), read_tags(request, "If-None-Match")
    if wanted and (held is None or not {"*", held} & wanted):
        is_sparse = any(tag.startswith(SPARSE_TAG) for tag in wanted)
        raise PreconditionFailed(SPARSE if is_sparse else None)
    if unwanted and held is not None and {"*", held} & unwanted:
        raise PreconditionFailed(gettext("It exists already."))


def read_tags(request: Request, name: str) -> set[str]:
    """Return the tags of a header without their quotes, or an asterisk; nothing where it is not sent.

    A header that is no list of tags is refused: a write that was meant to be conditional must not go through without.
    """
    sent = request.headers.get(name)
    if sent is None:
        return set()
    sent = sent.strip()
    if sent == "*":
        return {"*"}
    if not TAGS.fullmatch(sent):
        said = gettext(
            'Send the ETag as it was answered, in its quotes, such as "33a64df5"; several are separated by commas.'
        )
        raise RequestError(name, said)
    return set(re.findall(TAG, sent))
