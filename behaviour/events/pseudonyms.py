"""What stands for a person, a session, an order or an event: a hash with a secret, of which nobody reads who it was.

HMAC-SHA256 (RFC 2104), its first 128 bits. Two ids that are the same in the same role have the same key, and nothing
else tells of them: whoever has the table without the secret can neither read ids there nor try likely ones.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import Literal, TypeAlias
from uuid import UUID

from django.conf import settings

Role: TypeAlias = Literal["event", "user", "session", "order"]
KEY_BYTES = 16


def make_key(role: Role, text: str) -> UUID:
    """Return the pseudonym of an id as the app sends it. The same text as a user and as a session gives two."""
    return UUID(hex=make_hex(role, text))


def make_hex(role: Role, text: str) -> str:
    """Return the same in 32 digits, as COPY takes it: of thousands at once, objects are half of the cost.

    Spaces around an id are no part of it, wherever it comes from: events, an address, a command's argument.
    """
    begun = _begin(_find_salt()).copy()
    begun.update(f"{role}:{text.strip()}".encode(errors="surrogatepass"))
    return begun.digest()[:KEY_BYTES].hex()


def _find_salt() -> str:
    """Return the secret: by default the oldest key that is known, so that people stay the same under a new one."""
    oldest = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS][-1]
    return str(settings.KINDRED_PSEUDONYM_SALT or oldest)


@lru_cache(maxsize=1)
def _begin(salt: str) -> hmac.HMAC:
    """Return a hash that has taken in the secret: half of what each pseudonym would cost."""
    return hmac.new(salt.encode(), digestmod="sha256")
