"""What is asked for where a feed is fetched, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credentials:
    """What lets us in: a user's password, a bearer token, or a header of any name. Shown nowhere."""

    kind: str  # "basic", "bearer" or "header"
    name: str  # the user, or the header; nothing of a bearer token
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Validators:
    """What a server said of the content that was read last, to be asked whether it is still the same."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, kw_only=True)
class FeedRequest:
    """Which feed is wanted. Without validators it is wanted whether or not it has changed."""

    kind: str  # of Source.Kind
    address: str  # http or https, or the path of a file
    credentials: Credentials | None = None
    validators: Validators = Validators()


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed that was fetched whole."""

    reader: str  # a key of READERS
    validators: Validators
    sha256: str  # of the content, unpacked
    size: int  # bytes of it
    currency: str = ""  # of prices that name none, where the shop says it beside the feed
    shop_url: str = ""  # that pages are below which it names without it, where its address says so


class FeedError(ValueError):
    """The feed cannot be had. The message says why and what to do; a temporary failure may pass by itself."""

    def __init__(self, reason: str, *, is_temporary: bool, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.is_temporary = is_temporary
        self.retry_after_s = retry_after_s  # what the server asked for
