"""The name of a list, which says where the list came from: what an event that brings it back is attributed by.

Signed, not secret: all that a token says of a list is in its answer too, but for the time, a digest of the rules and
which of two rankings each place is from. Nobody's id is in it. Who changes a letter has a name of nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from django.conf import settings
from django.utils.crypto import salted_hmac

MAX_LENGTH = 300  # characters, as many as an event has room for
CACHED_FOR = timedelta(hours=1)  # a list that caches keep has one name for so long; much longer than they keep it
FORMAT = 1
HEAD = struct.Struct(">BI6s")  # format, seconds since 1970, what tells the list from others
SIGNATURE_BYTES = 16
MAX_BYTES = MAX_LENGTH * 3 // 4 - SIGNATURE_BYTES
SALT = "recommendations.tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says of its list. Texts are empty where there is nothing to say."""

    strategy: str
    placement: str = ""
    space: str = ""
    experiment: str = ""
    arm: str = ""
    rules: str = ""  # digest of the rules that were in force
    at: datetime
    teams: str = ""  # of two rankings in one list: which of them, "0" or "1", each place is from, the first place first


def make_token(token: Token, *, cached: bool, of: object = "") -> str:
    """Return it signed, URL-safe, at most 300 characters.

    `cached`: the list may be kept and shared, so that the same list, which is told from others by `of`, has the same
    name for an hour; else each name is another one. Names that are too long together are cut, the longest first.
    """
    at, part = token.at, secrets.token_bytes(6)
    if cached:
        at = datetime.fromtimestamp(at.timestamp() // CACHED_FOR.total_seconds() * CACHED_FOR.total_seconds(), UTC)
        part = hashlib.sha256(repr(of).encode()).digest()[:6]
    teams = pack_teams(token.teams)
    head = HEAD.pack(FORMAT, int(at.timestamp()), part) + teams
    names = [token.strategy, token.placement, token.space, token.experiment, token.arm, token.rules]
    payload = head + join_names(names, room=MAX_BYTES - len(head))
    return urlsafe_b64encode(payload + sign(payload, settings.SECRET_KEY)).decode().rstrip("=")


def read_token(text: str) -> Token | None:
    """Return what a token says; None for an id of another kind, such as those of earlier versions, or not of ours."""
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        sent = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    payload, signature = sent[:-SIGNATURE_BYTES], sent[-SIGNATURE_BYTES:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(compare_digest(signature, sign(payload, key)) for key in keys) or payload[:1] != bytes([FORMAT]):
        return None
    _, seconds, _ = HEAD.unpack_from(payload)
    rest = payload[HEAD.size :]
    count, size = rest[0], 1 + (rest[0] + 7) // 8
    strategy, placement, space, experiment, arm, rules = rest[size:].decode().split("\0")
    return Token(
        strategy=strategy,
        placement=placement,
        space=space,
        experiment=experiment,
        arm=arm,
        rules=rules,
        at=datetime.fromtimestamp(seconds, UTC),
        teams="".join(f"{byte:08b}" for byte in rest[1:size])[:count],
    )


def sign(payload: bytes, key: str | bytes) -> bytes:
    return salted_hmac(SALT, payload, secret=key, algorithm="sha256").digest()[:SIGNATURE_BYTES]


def pack_teams(teams: str) -> bytes:
    """Return how many there are, one byte, and a bit for each."""
    packed = [int(teams[start : start + 8].ljust(8, "0"), 2) for start in range(0, len(teams), 8)]
    return bytes([len(teams), *packed])


def join_names(names: list[str], *, room: int) -> bytes:
    """Return them separated by null, in so many bytes at most."""
    encoded = [name.replace("\0", "").encode() for name in names]
    while (over := sum(map(len, encoded)) + len(encoded) - 1 - room) > 0:
        longest = max(range(len(encoded)), key=lambda number: len(encoded[number]))
        others = sorted(map(len, encoded))[-2]
        keep = max(len(encoded[longest]) - over, min(others, len(encoded[longest]) - 1))
        encoded[longest] = encoded[longest][:keep].decode(errors="ignore").encode()  # no half of a character
    return b"\0".join(encoded)
