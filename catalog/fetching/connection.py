"""A connection to a judged address, and the answer at the end of the redirects, however slow the server is."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.utils.translation import gettext

from catalog.fetching.targets import FetchError, Target, choose_target, join_location

MAX_REDIRECTS = 3
CONNECT_TIMEOUT_S = 5
# Many hosts answer 403 to programs that do not begin like a browser; who asks is said all the same.
USER_AGENT = "Mozilla/5.0 (compatible; Kindred)"


class Deadline:
    """Shuts the connection when the time is up, however the server drips its bytes."""

    def __init__(self, seconds: float) -> None:
        self.has_passed = False
        self.socket: socket.socket | None = None
        self.start(seconds)

    def start(self, seconds: float) -> None:
        """Give it so many seconds from now on."""
        self.timer = threading.Timer(seconds, self.shut)
        self.timer.daemon = True
        self.timer.start()

    def restart(self, seconds: float) -> None:
        """Begin anew, for a server that has sent enough meanwhile."""
        self.timer.cancel()
        self.start(seconds)

    def shut(self) -> None:
        self.has_passed = True
        if self.socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                self.socket.shutdown(socket.SHUT_RDWR)

    def cancel(self) -> None:
        self.timer.cancel()


class PinnedConnection(http.client.HTTPConnection):
    """Connects to a judged address; TLS and the Host header still speak of the host."""

    def __init__(self, target: Target, *, guard: Deadline, silence_s: float = CONNECT_TIMEOUT_S) -> None:
        """`silence_s` is how long the server may say nothing once the connection stands."""
        super().__init__(target.host, target.port, timeout=CONNECT_TIMEOUT_S)
        self.target = target
        self.guard = guard
        self.silence_s = silence_s

    def connect(self) -> None:
        plain = self._connect_to_any()
        self.sock = plain
        if self.target.url.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.target.host)
        self.sock.settimeout(self.silence_s)
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


@contextmanager
def open_answer(
    url: str,
    *,
    headers: Callable[[Target], Mapping[str, str]],
    guard: Deadline,
    silence_s: float = CONNECT_TIMEOUT_S,
) -> Iterator[tuple[Target, http.client.HTTPResponse]]:
    """Give the answer that is no redirect, and where it came from; each hop is asked with `headers(its target)`.

    Raises FetchError for a target that is refused, OSError and HTTPException for what happens on the way.
    """
    for _ in range(MAX_REDIRECTS + 1):
        target = choose_target(url)
        connection = PinnedConnection(target, guard=guard, silence_s=silence_s)
        try:
            connection.request("GET", target.path, headers={"User-Agent": USER_AGENT, **headers(target)})
            with connection.getresponse() as response:  # one that is not read to its end keeps the socket open
                location = response.headers.get("Location")
                if response.status not in (301, 302, 303, 307, 308) or not location:
                    yield target, response
                    return
        finally:
            connection.close()
        url = join_location(url, location)
    raise FetchError(gettext("it redirects more than %(most)s times") % {"most": MAX_REDIRECTS})
