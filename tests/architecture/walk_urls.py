"""Ask every URL for an answer, by GET and by POST, and print which heavy modules that has brought in.

Run by test_web_process.py in a process of its own: `walk_urls.py TOKEN MODULE...`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import django
from django.urls import URLPattern, URLResolver

VALUES = {"sku": "A", "int": "1", "str": "x", "slug": "x", "path": "1", "uuid": "0" * 32}


def walk(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Yield a concrete path for each route."""
    for pattern in patterns:
        route = str(pattern.pattern)
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            route = route.replace(f"<{kind}:{name}>", VALUES[kind]).replace(f"<{name}>", VALUES["str"])
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, before + route)
        elif "(?P" not in route:
            yield before + route.removeprefix("^").removesuffix("$")


def main(token: str, *heavy: str) -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import get_resolver

    import config.wsgi  # noqa: F401  (what a web server imports)

    staff = Client(raise_request_exception=False)
    staff.force_login(User.objects.get(username="root"))
    shop = Client(raise_request_exception=False, headers={"X-Api-Key": token})
    answered: dict[str, list[int]] = {}
    for path in walk(get_resolver().url_patterns):
        if "logout" in path:
            continue
        caller = shop if path.startswith("/api/") else staff
        answers = [caller.get(path, headers={"Accept": "*/*"}), caller.post(path, {}, content_type="application/json")]
        answered[path] = [answer.status_code for answer in answers]
    crashed = [path for path, statuses in answered.items() if any(status == 500 for status in statuses)]
    imported = [name for name in heavy if name in sys.modules]
    sys.stdout.write(json.dumps({"answered": sorted(answered), "failed": crashed, "imported": imported}))


if __name__ == "__main__":
    main(*sys.argv[1:])
