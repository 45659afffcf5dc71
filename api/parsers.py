"""Request bodies, read with a bound on their size."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from api.problems import PayloadTooLarge


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class BoundedJSONParser(BaseParser):
    """JSON in UTF-8 (RFC 8259) of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes; nesting too deep to read is a 400."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge(f"The body is larger than {limit:,} bytes. Send it in several parts.")
        try:
            text = body.decode()
            data = json.loads(text, parse_constant=refuse_constant)
            if "\\ud" in text.lower():  # half of a surrogate pair is no character: nothing could store or answer it
                json.dumps(data, ensure_ascii=False).encode()
            return data
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
