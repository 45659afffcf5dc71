"""The pages of the API itself: its schema and its documentation."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import get_language, get_supported_language_variant, override
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1, as YAML or with `Accept: application/json` as JSON.

    It is the same until the process ends, and takes half a second to make: so it is made once for each form and
    language, and by one request at a time, which its generator needs as well.
    """

    throttle_classes: list[Any] = []
    made: ClassVar[dict[tuple[str, str | None], bytes]] = {}
    lock: ClassVar[threading.Lock] = threading.Lock()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        # The library speaks whatever `lang` says, and what is made for a word would be kept as for a language.
        with override(choose_language(request)):
            return self._get_schema_response(request)

    def _get_schema_response(self, request: Request) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        key = (renderer.media_type, get_language())
        with self.lock:
            if key not in self.made:
                schema = self.generator_class().get_schema(request=request, public=self.serve_public)  # type: ignore[no-untyped-call]
                self.made[key] = renderer.render(schema, renderer.media_type, {})
        disposition = f'inline; filename="{self._get_filename(request, None)}"'  # type: ignore[no-untyped-call]
        return HttpResponse(
            self.made[key], content_type=renderer.media_type, headers={"Content-Disposition": disposition}
        )


def choose_language(request: Request) -> str | None:
    """Return the language that `lang` names, where we speak it; else that of the request."""
    try:
        return get_supported_language_variant(request.GET.get("lang", ""))
    except LookupError:
        return get_language()


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from this server's own files: works offline, and under a policy that allows no other scripts."""

    metadata_class = None  # its template cannot show what OPTIONS answers elsewhere
    url_name = "api-schema"
    throttle_classes: list[Any] = []

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = DOCS_POLICY
        return response
