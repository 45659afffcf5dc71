"""Request bodies, read with a bound on their size."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from api.json_faults import describe_json_fault
from api.problems import PayloadTooLarge


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(gettext("%s is not JSON") % name)


def read_number(text: str) -> float:
    """Refuse a number that is none to a computer: as a text, such as a sku, it would be "inf"."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(gettext("%s is too large a number") % text[:100])
    return number


class RepeatedName(ValueError):
    """One object has a name twice, and one of the two values would be lost."""


def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that comes twice in one object: which of the two was meant, nobody knows (RFC 8259, 4)."""
    read = dict(pairs)
    if len(read) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise RepeatedName(gettext("%r is in one object twice") % twice[:100])
    return read


class BoundedJSONParser(BaseParser):
    """JSON in UTF-8 (RFC 8259) of at most `max_body_bytes` of the view, else DATA_UPLOAD_MAX_MEMORY_SIZE.

    Nesting too deep to read is a 400. Views that answer to anyone bound it closely: millions of brackets take seconds.
    """

    media_type = "application/json"
    most_bytes: int | None = None  # whatever the view takes

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        view = (parser_context or {}).get("view")
        of_view: int = getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        limit = self.most_bytes or of_view
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge(gettext("The body is larger than %s bytes. Send it in several parts.") % f"{limit:,}")
        try:
            text = body.decode()
            data = json.loads(
                text, parse_constant=refuse_constant, parse_float=read_number, object_pairs_hook=read_object
            )
            if "\\ud" in text.lower():  # half of a surrogate pair is no character: nothing could store or answer it
                json.dumps(self.find_whole(data), ensure_ascii=False).encode()
            return data
        except (ValueError, RecursionError) as error:
            raise ParseError(gettext("The body is not valid JSON: %s.") % describe_json_fault(error)) from error

    def find_whole(self, data: Any) -> Any:
        """Return what has to consist of whole characters: all of it, unless the view looks at the rest by itself."""
        return data
