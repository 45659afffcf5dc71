"""Credentials at rest: encrypted (Fernet: AES-128-CBC with HMAC-SHA256) by a key that is made of SECRET_KEY.

After a change of SECRET_KEY they are read as long as the old one is in SECRET_KEY_FALLBACKS. They are sealed together
with the name of the server that they are for: who writes another address into their row does not get to see them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext

from catalog.sources.feed import Credentials

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

PURPOSE = b"sources"  # the same key never serves two ends


class SealBroken(ValueError):
    """The credentials cannot be read any more. The message says why and what to do."""


def seal_credentials(credentials: Credentials, *, server: str) -> str:
    """Return the credentials, encrypted. `server` is whom they are for: `name_server`."""
    said = json.dumps([server, credentials.kind, credentials.name, credentials.secret])
    return _open_box().encrypt(said.encode()).decode()


def unseal_credentials(sealed: str, *, server: str) -> Credentials:
    """Return what `seal_credentials` was given. Raises SealBroken, also where they are for another server."""
    from cryptography.fernet import InvalidToken

    try:
        sealed_for, kind, name, secret = json.loads(_open_box().decrypt(sealed.encode()))
    except (InvalidToken, ValueError):
        raise SealBroken(
            gettext(
                "The credentials cannot be read: SECRET_KEY is another one than when they were saved. Give them again, "
                "or put the old key into SECRET_KEY_FALLBACKS."
            )
        ) from None
    if sealed_for != server:
        said = gettext("The credentials were given for %s, and are shown to no other server: give them again.")
        raise SealBroken(said % (sealed_for or gettext("a file")))
    return Credentials(kind=kind, name=name, secret=secret)


def _open_box() -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet  # 10 MB of memory, which no process needs that reads no feeds

    return MultiFernet([Fernet(_derive_key(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derive_key(secret_key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.blake2b(secret_key.encode(), digest_size=32, person=PURPOSE).digest())
