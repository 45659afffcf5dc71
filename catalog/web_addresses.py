"""Addresses of pages and pictures on the web, as links can hold them: nothing that a browser would run or misread."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import idna
from django.utils.translation import gettext

from catalog.characters import UNSEEN
from catalog.refusals import BadValue

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
SPACE = re.compile(r"\s")
HOST = re.compile(r"(?!-)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?", re.IGNORECASE)
ESCAPED = re.compile(r"&(?:amp;|#0*38;)+")  # what text escaped for a page, once or more, has for &
MAX_HOST = 253  # characters (RFC 1035)


def clean_url(text: str) -> str:
    """Return an http or https address, its spaces as %20, or nothing. Letters of all scripts stay. Raises BadValue.

    An ampersand that feeds have escaped once too often is one: no parameter is called `amp;b`.

    What follows the host is the shop's: parameters that trace where visitors come from are kept as they are given.
    """
    text = text.strip()
    if CONTROL.search(text):  # browsers leave line ends and tabs out of addresses, and run what is left
        raise BadValue(gettext("holds a character that no address has, such as a line end"), code="invalid")
    text = ESCAPED.sub("&", SPACE.sub("%20", UNSEEN.sub("", text).strip()))
    if not text:
        return ""
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadValue(gettext("is not an address that begins with http:// or https://"), code="invalid")
    if "@" in parts.netloc:
        raise BadValue(gettext("holds a name or password, which visitors would see: leave out what is before @"),
                       code="credentials")  # fmt: skip
    if not is_host(parts.hostname or ""):
        raise BadValue(gettext("names no host as addresses have it, such as shop.example"), code="invalid")
    return text


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        return None if parts.port == 0 else parts
    except ValueError:  # brackets or a port that are none
        return None


def spell_in_ascii(name: str) -> str:
    """Return a host's name in ASCII (IDNA 2008 with the mapping of UTS 46). Raises IDNAError."""
    return name if name.isascii() else idna.encode(name, uts46=True).decode()


def is_host(name: str) -> bool:
    """Is it the name of a host, in the letters of any script, or the number of one?"""
    if ":" in name:  # of IPv6; `urlsplit` has taken its brackets
        try:
            return bool(ipaddress.IPv6Address(name))
        except ValueError:
            return False
    try:
        name = spell_in_ascii(name)
    except idna.IDNAError:
        return False
    return bool(HOST.fullmatch(name)) and len(name) <= MAX_HOST
