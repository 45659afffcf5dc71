"""Asking the server of a feed: with credentials for it alone, and within bounds of size, time and patience."""

from __future__ import annotations

import base64
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

from catalog.fetching.connection import Deadline, open_answer
from catalog.fetching.targets import FetchError, HostUnknown, Target
from catalog.sources.answers import judge_answer
from catalog.sources.feed import Credentials, FeedError, FeedRequest, Validators
from catalog.sources.unpacking import BROKE_OFF, GzipStream, too_large, write_piece

# Feeds are often made while one waits for them. Then at least so much of them has to come in each such span: 1 KiB/s.
PATIENCE_S = 60.0
LEAST_BYTES = 60 * 1024
PIECE = 256 * 1024  # bytes
ACCEPT = {"Accept": "application/xml,text/csv,application/json,*/*;q=0.5", "Accept-Encoding": "gzip"}
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADER_VALUE = re.compile(r"[\x20-\x7e]+")
OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Answer:
    """A feed, or a page of one, that is in its file now: where it came from, and how it is recognised."""

    target: Target
    validators: Validators


class FeedServer:
    """The server of one feed. The first host that is asked gets the credentials, and no other one does."""

    def __init__(self, request: FeedRequest, *, max_bytes: int) -> None:
        """No answer may be larger. Raises FeedError for an address or credentials that nobody should send."""
        self.validators = request.validators
        self.max_bytes = max_bytes
        self.secret = write_secret(request.credentials) if request.credentials else {}
        self.ends_at = time.monotonic() + settings.KINDRED_FEED_TIMEOUT_S
        self._origin: tuple[str, str, int] | None = None
        refuse_named_user(request.address)

    def download(self, url: str, *, into: IO[bytes], on_progress: Progress) -> Answer | None:
        """Write what is at `url` into the file; None where it has not changed. Raises FeedError."""
        with self._open(url) as (target, response, guard):
            if response.status == 304 and self.validators != Validators():
                return None
            judge_answer(response, target=target, is_credited=bool(self.secret) and target.origin == self._origin)
            body = Body(response, guard=guard, ends_at=self.ends_at)
            body.write(into, max_bytes=self.max_bytes, on_progress=on_progress)
            etag, moment = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
            return Answer(target, Validators(etag=etag, last_modified=moment))

    @contextmanager
    def _open(self, url: str) -> Iterator[tuple[Target, HTTPResponse, Deadline]]:
        """Ask, and turn what can go wrong on the way into a FeedError."""
        guard = Deadline(PATIENCE_S)
        try:
            with open_answer(url, headers=self._write_headers, guard=guard, silence_s=PATIENCE_S) as (target, response):
                yield target, response, guard
        except FetchError as error:
            said = gettext("The feed cannot be fetched: %(error)s.") % {"error": error}
            raise FeedError(said, is_temporary=isinstance(error, HostUnknown)) from error
        except ssl.SSLCertVerificationError as error:
            said = gettext("The server's certificate is not valid (%(why)s): have it renewed.") % {
                "why": error.verify_message
            }
            raise FeedError(said, is_temporary=False) from error
        except (OSError, HTTPException) as error:
            raise FeedError(_describe_failure(error, guard), is_temporary=True) from error
        finally:
            guard.cancel()

    def _write_headers(self, target: Target) -> dict[str, str]:
        """Return what this host is told. Raises FetchError where a secret would go over the net in clear."""
        headers = dict(ACCEPT)
        if self.validators.etag:
            headers["If-None-Match"] = self.validators.etag
        if self.validators.last_modified:
            headers["If-Modified-Since"] = self.validators.last_modified
        self._origin = self._origin or target.origin
        if not self.secret or target.origin != self._origin:
            return headers
        if target.url.scheme != "https" and not target.is_inside:
            raise FetchError(
                gettext("credentials are sent over https alone, so give the address that begins with https")
            )
        return headers | self.secret


class Body:
    """What a server sends, as it comes: unpacked, counted, and given up where it is too large or too slow."""

    def __init__(self, response: HTTPResponse, *, guard: Deadline, ends_at: float) -> None:
        self.response = response
        self.guard = guard
        self.ends_at = ends_at
        self.expected = response.length  # bytes as they are sent; None where the server does not say
        self.received = 0
        self.packing = response.headers.get("Content-Encoding", "").strip().lower()
        self.gzip = GzipStream() if self.packing in ("gzip", "x-gzip") else None

    def write(self, into: IO[bytes], *, max_bytes: int, on_progress: Progress) -> None:
        """Write all of it. Raises FeedError, OSError and HTTPException."""
        if not self.gzip and self.packing not in ("", "identity"):
            said = gettext("The server packs the feed as %(packing)s, which was not asked for: have it send gzip.") % {
                "packing": self.packing[:20]
            }
            raise FeedError(said, is_temporary=False)
        written = 0
        for piece in self._read():
            on_progress(self.received, self.expected)
            for plain in self.gzip.unpack(piece) if self.gzip else [piece]:
                written += len(plain)
                if written > max_bytes:
                    raise too_large(max_bytes)
                write_piece(into, plain)
        if (self.gzip and self.received and not self.gzip.is_whole) or self.received < (self.expected or 0):
            raise FeedError(gettext(BROKE_OFF), is_temporary=True)

    def _read(self) -> Iterator[bytes]:
        """Yield pieces as they come, as long as enough of them do."""
        counted, began = 0, time.monotonic()
        while self.expected is None or self.received < self.expected:
            wanted = PIECE if self.expected is None else min(PIECE, self.expected - self.received)
            piece = self.response.read1(wanted)
            if self.guard.has_passed:
                raise TimeoutError
            if not piece:
                return
            self.received += len(piece)
            counted += len(piece)
            yield piece
            now = time.monotonic()
            if now > self.ends_at:
                raise FeedError(
                    gettext(
                        "The feed took longer than %(seconds)s s: it is tried again. KINDRED_FEED_TIMEOUT_S says how "
                        "long it may take."
                    )
                    % {"seconds": f"{settings.KINDRED_FEED_TIMEOUT_S:g}"},
                    is_temporary=True,
                )
            if counted >= LEAST_BYTES and now - began >= 1:
                self.guard.restart(PATIENCE_S)
                counted, began = 0, now


def refuse_named_user(address: str) -> None:
    """Raise FeedError where an address holds a password, which would then stand in logs and lists."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return  # that it is no URL is said where it is fetched
    if parts.username is not None or parts.password is not None:
        raise FeedError(
            gettext(
                "The address holds a user name or password: take them out of it, and give them as the source's "
                "credentials, which are kept encrypted."
            ),
            is_temporary=False,
        )


def write_secret(credentials: Credentials) -> dict[str, str]:
    """Return the header that shows the credentials. Raises FeedError for what no header can hold."""
    name, value = "Authorization", credentials.secret
    if credentials.kind == "basic":
        both = f"{credentials.name}:{credentials.secret}".encode()
        value = f"Basic {base64.b64encode(both).decode()}"
    elif credentials.kind == "bearer":
        value = f"Bearer {credentials.secret}"
    else:
        name = credentials.name
    if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS or not HEADER_VALUE.fullmatch(value):
        raise FeedError(
            gettext(
                "The source's credentials cannot be sent: a token and the name of a header are letters, digits and "
                "signs "
                "of ASCII, in one line. Give them again."
            ),
            is_temporary=False,
        )
    return {name: value}


def _describe_failure(error: Exception, guard: Deadline) -> str:
    if guard.has_passed or isinstance(error, TimeoutError):
        return gettext("The server sent less than %(least)s KiB in %(seconds)s s: it is tried again.") % {
            "least": LEAST_BYTES // 1024,
            "seconds": f"{PATIENCE_S:g}",
        }
    if isinstance(error, HTTPException):
        return gettext(BROKE_OFF)
    return gettext("The server could not be reached (%(name)s): it is tried again.") % {
        "name": error.__class__.__name__
    }
