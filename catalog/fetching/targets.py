"""Where a request to a stranger's URL goes, without being made to knock on doors inside the network.

The host is resolved once, every address it has must be public, and the connection goes to the very address that was
judged: a name that answers differently a moment later changes nothing. Each redirect is judged the same way.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext

from catalog.web_addresses import spell_in_ascii

UNCHANGED = "/%:=&?~+!$,;'()*@[]|"  # besides letters, digits and _.-~; what is encoded already stays so
LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
PORTS = {"http": 80, "https": 443}
# Public by the book, but they carry an IPv4 address inside that need not be: NAT64, 6to4, Teredo.
TUNNELS = [ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchError(ValueError):
    """The URL cannot be fetched. The message says why and what to do."""


class HostUnknown(FetchError):
    """Nobody knows the host: its name is misspelt, or the resolver is away for a moment."""


@dataclass(frozen=True)
class Target:
    """Where a request goes: the addresses that were judged, and the URL they were judged for."""

    url: SplitResult
    host: str
    port: int
    addresses: tuple[str, ...]  # in the order in which the system would try them

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: who of it may be told a secret."""
        return self.url.scheme, self.host.lower(), self.port

    @property
    def is_inside(self) -> bool:
        """Does every address belong to KINDRED_FETCH_NETWORKS?"""
        return all(is_allowed_inside(ipaddress.ip_address(address)) for address in self.addresses)

    @property
    def path(self) -> str:
        """The path and the query in ASCII, as they go into the request."""
        path = quote(self.url.path or "/", safe=UNCHANGED)
        query = quote(self.url.query, safe=UNCHANGED)
        return LONE_PERCENT.sub("%25", f"{path}?{query}" if query else path)


def choose_target(url: str) -> Target:
    """Resolve the host of `url` and judge all its addresses. Raises FetchError."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchError(gettext("it is not a URL")) from error
    if parts.scheme not in PORTS or not name:
        raise FetchError(gettext("only http and https URLs are fetched"))
    host = encode_host(name)
    if parts.username is not None or parts.password is not None:
        raise FetchError(gettext("URLs with a user name or password are not fetched"))
    try:
        found = socket.getaddrinfo(host, port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(gettext("the host %(host)s has no address") % {"host": host}) from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    inside = all(is_allowed_inside(address) for address in addresses)
    if not inside and not all(is_public(address) for address in addresses):
        raise FetchError(
            gettext("the host %(host)s is not on the public internet, nor in KINDRED_FETCH_NETWORKS") % {"host": host}
        )
    if not inside and port not in (None, *PORTS.values()):
        raise FetchError(gettext("only ports 80 and 443 are fetched from"))
    return Target(parts, host, port or PORTS[parts.scheme], tuple(dict.fromkeys(map(str, addresses))))


def encode_host(name: str) -> str:
    """Return a host's name in ASCII. Raises FetchError."""
    try:
        return spell_in_ascii(name)
    except (UnicodeError, ValueError) as error:  # IDNAError is the first
        raise FetchError(gettext("%(name)s is not a host's name") % {"name": name}) from error


def join_location(url: str, location: str) -> str:
    """Return where a redirect points. Headers come as Latin-1; many servers mean UTF-8, and some an older encoding."""
    sent = location.encode("latin-1", errors="replace")
    try:
        meant = sent.decode()
    except UnicodeDecodeError:
        meant = quote(sent, safe=UNCHANGED)
    try:
        return urljoin(url, meant.strip())
    except ValueError as error:
        raise FetchError(gettext("it redirects to what is not a URL")) from error


def is_public(address: Address) -> bool:
    """Can only a host on the internet have this address? Judged by the IPv4 address where one is wrapped in IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in TUNNELS):
            return False
        if address.is_site_local:  # given up as private addresses long ago, and routed inside networks still
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_allowed_inside(address: Address) -> bool:
    """Is it in KINDRED_FETCH_NETWORKS: the shop's own picture server, say?"""
    return any(address in ipaddress.ip_network(network) for network in settings.KINDRED_FETCH_NETWORKS)
