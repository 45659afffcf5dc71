"""Fetching what a stranger's URL names, without being made to knock on doors inside the network.

The host is resolved once, every address it has must be public, and the connection goes to the very address that was
judged: a name that answers differently a moment later changes nothing. Each redirect is judged the same way.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import zlib
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna
from django.conf import settings

MAX_REDIRECTS = 3
CONNECT_TIMEOUT_S = 5
UNCHANGED = "/%:=&?~+!$,;'()*@[]|"  # besides letters, digits and _.-~; what is encoded already stays so
LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Many hosts answer 403 to programs that do not begin like a browser; who asks is said all the same.
USER_AGENT = "Mozilla/5.0 (compatible; Kindred)"
GZIP_WINDOW, ZLIB_WINDOW, RAW_WINDOW = 31, 15, -15  # as zlib takes them; "deflate" is either of the last two
PACKINGS = {"gzip": [GZIP_WINDOW], "x-gzip": [GZIP_WINDOW], "deflate": [ZLIB_WINDOW, RAW_WINDOW]}
PORTS = {"http": 80, "https": 443}
# Public by the book, but they carry an IPv4 address inside that need not be: NAT64, 6to4, Teredo.
TUNNELS = [ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchError(ValueError):
    """The URL cannot be fetched. The message says why and what to do."""


@dataclass(frozen=True)
class Target:
    """Where a request goes: the addresses that were judged, and the URL they were judged for."""

    url: SplitResult
    host: str
    port: int
    addresses: tuple[str, ...]  # in the order in which the system would try them

    @property
    def path(self) -> str:
        """The path and the query in ASCII, as they go into the request."""
        path = quote(self.url.path or "/", safe=UNCHANGED)
        query = quote(self.url.query, safe=UNCHANGED)
        return LONE_PERCENT.sub("%25", f"{path}?{query}" if query else path)


def fetch_public(url: str, *, max_bytes: int, deadline_s: float) -> bytes:
    """Return what is at `url`. Raises FetchError for anything but a 200 of at most `max_bytes` within `deadline_s`."""
    guard = Deadline(deadline_s)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            target = choose_target(url)
            found = request_once(target, max_bytes=max_bytes, guard=guard)
            if isinstance(found, bytes):
                return found
            url = join_location(url, found)
    except (OSError, http.client.HTTPException) as error:
        if guard.has_passed:
            raise FetchError(f"it took longer than {deadline_s:g} s") from error
        raise FetchError(f"the server could not be reached ({error.__class__.__name__})") from error
    finally:
        guard.cancel()
    raise FetchError(f"it redirects more than {MAX_REDIRECTS} times")


def choose_target(url: str) -> Target:
    """Resolve the host of `url` and judge all its addresses. Raises FetchError."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchError("it is not a URL") from error
    if parts.scheme not in PORTS or not name:
        raise FetchError("only http and https URLs are fetched")
    host = encode_host(name)
    if parts.username is not None or parts.password is not None:
        raise FetchError("URLs with a user name or password are not fetched")
    try:
        found = socket.getaddrinfo(host, port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"the host {host} has no address") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    inside = all(is_allowed_inside(address) for address in addresses)
    if not inside and not all(is_public(address) for address in addresses):
        raise FetchError(f"the host {host} is not on the public internet")
    if not inside and port not in (None, *PORTS.values()):
        raise FetchError("only ports 80 and 443 are fetched from")
    return Target(parts, host, port or PORTS[parts.scheme], tuple(dict.fromkeys(map(str, addresses))))


def encode_host(name: str) -> str:
    """Return a host's name in ASCII (IDNA 2008 with the mapping of UTS 46). Raises FetchError."""
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except (UnicodeError, ValueError) as error:  # IDNAError is the first
        raise FetchError(f"{name} is not a host's name") from error


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
        raise FetchError("it redirects to what is not a URL") from error


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


class Deadline:
    """Shuts the connection when the time is up, however the server drips its bytes."""

    def __init__(self, seconds: float) -> None:
        self.has_passed = False
        self.socket: socket.socket | None = None
        self.timer = threading.Timer(seconds, self.shut)
        self.timer.daemon = True
        self.timer.start()

    def shut(self) -> None:
        self.has_passed = True
        if self.socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                self.socket.shutdown(socket.SHUT_RDWR)

    def cancel(self) -> None:
        self.timer.cancel()


class PinnedConnection(http.client.HTTPConnection):
    """Connects to a judged address; TLS and the Host header still speak of the host."""

    def __init__(self, target: Target, *, guard: Deadline) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_TIMEOUT_S)
        self.target = target
        self.guard = guard

    def connect(self) -> None:
        plain = self._connect_to_any()
        self.sock = plain
        if self.target.url.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.target.host)
        self.guard.socket = self.sock
        if self.guard.has_passed:
            raise TimeoutError

    def _connect_to_any(self) -> socket.socket:
        """Many hosts have an address of IPv6 as well, which leads nowhere from many networks."""
        *others, last = self.target.addresses
        for address in others:
            with contextlib.suppress(OSError):
                return socket.create_connection((address, self.target.port), timeout=CONNECT_TIMEOUT_S)
        return socket.create_connection((last, self.target.port), timeout=CONNECT_TIMEOUT_S)


def request_once(target: Target, *, max_bytes: int, guard: Deadline) -> bytes | str:
    """Ask once. Return the body, or where a redirect points."""
    connection = PinnedConnection(target, guard=guard)
    try:
        headers = {"User-Agent": USER_AGENT, "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}
        connection.request("GET", target.path, headers=headers)
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308) and response.headers.get("Location"):
            return str(response.headers["Location"])
        if response.status != 200:
            raise FetchError(f"the server answered {response.status}")
        body = response.read(max_bytes + 1)
        missing = response.length or 0
        packing = response.headers.get("Content-Encoding", "").strip().lower()
    finally:
        connection.close()
    if guard.has_passed:
        raise TimeoutError
    if len(body) <= max_bytes:
        body = unpack_body(body, packing=packing, max_bytes=max_bytes)
    if len(body) > max_bytes:
        raise FetchError(f"it is larger than {max_bytes // 1024**2} MiB")
    if missing:
        raise FetchError("the server broke off before the picture was whole")
    return body


def unpack_body(body: bytes, *, packing: str, max_bytes: int) -> bytes:
    """Return what a body holds that a server has packed although nobody asked it to; at most one byte too many."""
    if packing in ("", "identity"):
        return body
    if packing not in PACKINGS:
        raise FetchError(f"the server packs it as {packing[:20]}, which was not asked for")
    for window in PACKINGS[packing]:
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj(window).decompress(body, max_bytes + 1)
    return body  # some say so of what they have not packed: whether it is a picture, its check finds out
