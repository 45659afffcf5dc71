"""For whom a list is, and what is known of what they did: read by an app above this one, which registers how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

MAX_ID_LENGTH = 100  # of what an app calls a user or a session
MAX_RECENT = 50  # products that an app may say were looked at last


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who looks, as the app knows them, and what it says that they looked at last. Empty: nobody in particular."""

    user_id: str = ""
    session_id: str = ""
    recent: tuple[str, ...] = ()  # SKUs, the newest first
    is_private: bool = False  # there is somebody, who wants to be nobody: nothing is read of them

    @property
    def is_known(self) -> bool:
        """Whether there is anything that a list could be made for."""
        return bool(self.user_id or self.session_id or self.recent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """A product that a visitor has shown interest in, and how much."""

    product_id: int
    sku: str
    category_id: int | None = None
    weight: float = 1.0
    is_bought: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a visitor did, as lists go by it. Empty where nothing is known, or nothing may be read."""

    interests: tuple[Interest, ...] = ()  # over time, the greatest first
    latest: tuple[Interest, ...] = ()  # of this session, the newest first
    bought: tuple[Interest, ...] = ()  # what to buy again, the likeliest first
    hidden_ids: tuple[int, ...] = ()  # bought, in the cart, or put away: not to be shown again so soon
    hidden_groups: tuple[str, ...] = ()  # their variant groups
    user_key: str = ""  # pseudonym of the user, by which a profile is found


ReadHistory: TypeAlias = Callable[[Visitor, datetime], History]
readers: list[ReadHistory] = []


def register_history(read: ReadHistory) -> None:
    """Let `read` tell what a visitor did up to a moment, in one query. There is one at most."""
    readers[:] = [read]


def read_history(visitor: Visitor, *, at: datetime) -> History:
    return readers[0](visitor, at) if readers and visitor.is_known else History()
