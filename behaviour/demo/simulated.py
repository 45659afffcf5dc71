"""The simulated orders and visits of demo/ as events. The files are of 2025 and 2026: all of it is moved to end now."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from behaviour.events.event import Consent, Event
from behaviour.events.ingestion import NewEvent
from recommendations.tokens import Token, make_token

SIMULATED_UNTIL = datetime(2026, 10, 1, tzinfo=UTC)  # where both files end (demo/homeware/orders.py)
EXPERIMENT_DAYS = 14  # the last ones, of which visits.csv.gz has a column `arm`
TRIED_LIST = "similar"
TRIED = "tried"  # what happened only to those who saw the other arm


class Place(NamedTuple):
    """Where a simulated list was shown, and by which strategy: as the storefront shows it."""

    strategy: str
    placement: str


PLACES = {
    "similar": Place("similar", "widget"),
    "substitutes": Place("substitutes", "widget"),
    "bundle": Place("bundle", "product-bundle"),
    "cart": Place("bundle", "cart"),
    "for-you": Place("personal", "for-you"),
    "trending": Place("trending", "trending"),
    "search": Place("search", ""),
}


class Price(NamedTuple):
    """What one piece costs."""

    amount: Decimal
    currency: str


class Trial(NamedTuple):
    """An experiment in progress, of lists of similar products: its name, since when, and which arm a visit sees."""

    name: str
    since: datetime
    find_arm: Callable[[str, str], str]  # of a user and a session
    tried_arm: str


class Simulated:
    """Reads the files of a folder."""

    def __init__(self, folder: Path, *, now: datetime, space: str = "", experiment: Trial | None = None) -> None:
        self.folder, self.space, self.experiment = folder, space, experiment
        self.shift: timedelta = now.replace(second=0, microsecond=0) - SIMULATED_UNTIL
        with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.prices = {row["sku"]: Price(Decimal(row["price"]), row["currency"]) for row in rows if row["price"]}

    def read_orders(self) -> Iterator[NewEvent]:
        """Yield each line of an order as a purchase."""
        with (self.folder / "orders.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                price = self.prices[row["sku"]]
                yield NewEvent(
                    event_id=f"demo:{row['order_id']}:{row['sku']}",
                    type=Event.Kind.PURCHASE.value,
                    sku=row["sku"],
                    user_id=row["customer_id"],
                    order_id=row["order_id"],
                    quantity=int(row["quantity"]),
                    price=price.amount,
                    currency=price.currency,
                    consent=Consent.PERSONALISATION.value,
                    occurred_at=self.move(row["ordered_at"]),
                )

    def read_visits(self) -> Iterator[NewEvent]:
        """Yield what visitors did, in the order of time; a list that was shown is an event for each of its products."""
        for number, row in enumerate(self.read_rows()):
            yield from self.read_row(number, row)

    def read_rows(self) -> Iterator[dict[str, str]]:
        """Yield the rows of the file of visits."""
        with gzip.open(self.folder / "visits.csv.gz", "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def last_event_id(self) -> str:
        """Return the id of the last event that everybody's visits have, whatever arm they see."""
        number, row = [(number, row) for number, row in enumerate(self.read_rows()) if not row["arm"]][-1]
        return name_event(number, row["skus"].split("|")[-1])

    def read_row(self, number: int, row: Mapping[str, str]) -> Iterator[NewEvent]:
        """Yield the events of one row."""
        at = self.move(row["at"])
        session_id = f"demo-visit-{row['visit']}"
        experiment, arm = self.find_arm(row, session_id=session_id, at=at)
        if row["arm"] == TRIED and (self.experiment is None or arm != self.experiment.tried_arm):
            return
        if row["list"] != TRIED_LIST:
            experiment = arm = ""
        place = PLACES.get(row["list"], Place("", ""))
        token = self.make_token(row, place=place, experiment=experiment, arm=arm, at=at) if row["list"] else ""
        for position, sku in enumerate(row["skus"].split("|"), start=int(row["position"] or 1)):
            price = self.prices.get(sku)
            yield NewEvent(
                event_id=name_event(number, sku),
                type=row["type"],
                sku=sku,
                user_id=row["customer"],
                session_id=session_id,
                order_id=row["order"],
                quantity=int(row["quantity"] or 1),
                price=price.amount if price and row["quantity"] else None,
                currency=price.currency if price and row["quantity"] else "",
                recommendation_id=token,
                strategy=place.strategy,
                placement=place.placement,
                space=self.space if token else "",
                experiment=experiment,
                arm=arm,
                position=position if token and row["type"] != Event.Kind.DISMISS else None,
                query=row["query"],
                consent=row["consent"],
                occurred_at=at,
            )

    def find_arm(self, row: Mapping[str, str], *, session_id: str, at: datetime) -> tuple[str, str]:
        """Return the experiment that the visit is part of, and its arm; nothing before it, nor without consent."""
        if self.experiment is None or at < self.experiment.since or row["consent"] == Consent.NONE:
            return "", ""
        return self.experiment.name, self.experiment.find_arm(row["customer"], session_id)

    def make_token(self, row: Mapping[str, str], *, place: Place, experiment: str, arm: str, at: datetime) -> str:
        """Return the name of the list that the event is of."""
        token = Token(
            strategy=place.strategy,
            placement=place.placement,
            space=self.space,
            experiment=experiment,
            arm=arm,
            at=at,
        )
        return make_token(token, cached=True, of=(row["visit"], row["list"]))

    def move(self, said: str) -> datetime:
        """Return a moment of the files as one that ends with now."""
        return datetime.fromisoformat(said) + self.shift


def name_event(number: int, sku: str) -> str:
    """Return the id of a visit's event: the same however often the file is read."""
    return f"demo:{number}:{sku}"
