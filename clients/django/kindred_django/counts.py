"""What a run came to."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

logger = logging.getLogger("kindred_django")

SHOWN = 50  # refused products that a run lists; the rest are in the table `Mirrored`


@dataclass
class Counts:
    """Numbers of products and events. `reasons` are (sku, Kindred's reason)."""

    seen: int = 0
    sent: int = 0
    deleted: int = 0
    refused: int = 0
    pictures: int = 0
    events: int = 0
    events_refused: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, sku: str, reason: str) -> None:
        """A product, or a picture of it, was refused: the others go on."""
        self.refused += 1
        if len(self.reasons) < SHOWN:
            self.reasons.append((sku, reason))
        logger.warning("Kindred does not take %s: %s", sku, reason)

    def lose_event(self, event: Any, reason: str) -> None:
        """An event cannot be changed, so that it is not sent again."""
        self.events_refused += 1
        logger.warning("Kindred does not take a %s of %s: %s", event.get("type"), event.get("sku"), reason)

    def __str__(self) -> str:
        said = f"{self.seen:,} looked at, {self.sent:,} sent, {self.deleted:,} deleted, {self.refused:,} refused"
        said += f", {self.pictures:,} pictures" if self.pictures else ""
        said += f", {self.events:,} events" if self.events else ""
        return said + (f", {self.events_refused:,} events refused" if self.events_refused else "")
