"""For whom a placement is, and whether who asks may know.

Whoever knows a session's id is in that session: apps make it up, and nobody can guess it. A user's id is no secret: to
all who know it would be open what the user bought. So it counts with a secret key, which servers have, or with the word
of a server that knows who has signed in: `user_token`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext
from rest_framework.request import Request

from api.models import ApiKey
from api.problems import RequestError
from recommendations.visitors import Visitor


def read_visitor(values: Mapping[str, Any], *, request: Request) -> Visitor:
    """Return for whom it is: of a request with Global Privacy Control, only what it brings itself.

    Raises RequestError for a user's id that who asks may not name.
    """
    user_id, recent = values.get("user_id", ""), values.get("recent", ())
    if user_id and not may_name_users(request):
        check_user_token(values.get("user_token", ""), user_id=user_id)
    if request.headers.get("Sec-GPC") == "1":
        return Visitor(recent=recent, is_private=True)
    return Visitor(user_id=user_id, session_id=values.get("session_id", ""), recent=recent)


def may_name_users(request: Request) -> bool:
    return isinstance(request.auth, ApiKey) and request.auth.may_write


def check_user_token(token: str, *, user_id: str) -> None:
    """Raise RequestError unless the token says that the user is who `user_id` says, and still holds.

    It is `EXPIRES.SIGNATURE`: the second since 1970 up to which it holds, and HMAC-SHA256 of `EXPIRES.USER_ID` in hex,
    with KINDRED_USER_TOKEN_KEY, which the shop's server knows too.
    """
    if not token or not settings.KINDRED_USER_TOKEN_KEY:
        raise RequestError(
            "user_id", gettext("Naming a user needs a secret key, or a user_token that your server has signed.")
        )
    expires, _, signature = token.partition(".")
    expected = sign_user(user_id, expires=expires)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise RequestError("user_token", gettext("This is not signed with KINDRED_USER_TOKEN_KEY for this user_id."))
    if not re.fullmatch("[0-9]{1,12}", expires) or int(expires) < time.time():
        raise RequestError("user_token", gettext("This has expired: have your server sign a new one."))


def sign_user(user_id: str, *, expires: str) -> str:
    key = str(settings.KINDRED_USER_TOKEN_KEY).encode()
    return hmac.new(key, f"{expires}.{user_id}".encode(), hashlib.sha256).hexdigest()
