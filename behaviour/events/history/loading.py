"""Events of a file into the table, a few thousand at a time: what is there already costs a look at its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from behaviour.events.history.rows import Return, RowReader
from behaviour.events.history.told_lines import ToldLines
from behaviour.events.ingestion import NewEvent, record_events
from catalog.importers.report import Rejection, RowError, SourceRow
from catalog.models import Product

BATCH = 5_000  # events in a transaction: of more, a second waits for one that is interrupted
SHOWN_REJECTIONS = 50
SKUS_AT_ONCE = 10_000


@dataclass
class Loading:
    """What became of the rows."""

    on_reject: Callable[[SourceRow, str], None] | None = None
    rows: int = 0
    recorded: int = 0
    known: int = 0
    returns: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)  # the first few
    skus: set[str] = field(default_factory=set)
    told: ToldLines = field(default_factory=ToldLines)
    batch: list[tuple[SourceRow, NewEvent]] = field(default_factory=list)

    def load(self, rows: Iterable[SourceRow], *, reader: RowReader, refuses_returns: bool = False) -> None:
        """Record what the rows say. What was recorded stays when this is interrupted."""
        for row in rows:
            self.rows += 1
            try:
                event = reader.read(row)
            except Return:
                self.returns += 1
                if refuses_returns:
                    self.reject(row, "a return, which is no sale")
            except RowError as error:
                self.reject(row, str(error))
            else:
                self.skus.add(event.sku)
                self.batch.append((row, event))
                if len(self.batch) >= BATCH:
                    self.flush()
        self.flush()

    def flush(self) -> None:
        refused: set[str] = set()
        told = self.told.find([event for _, event in self.batch])
        new = len(record_events((event for _, event in self.batch if event.event_id not in told), refused=refused))
        of_erased = [row for row, event in self.batch if event.event_id in refused]
        self.recorded += new
        self.known += len(self.batch) - new - len(of_erased)
        for row in of_erased:
            self.reject(row, "of somebody who was erased")
        self.batch.clear()

    def reject(self, row: SourceRow, reason: str) -> None:
        self.rejected += 1
        if len(self.rejections) < SHOWN_REJECTIONS:
            self.rejections.append(Rejection(row.line, "", reason))
        if self.on_reject:
            self.on_reject(row, reason)

    def count_unknown_skus(self) -> int:
        """Return how many SKUs no product has."""
        skus, known = sorted(self.skus), 0
        for start in range(0, len(skus), SKUS_AT_ONCE):
            known += Product.objects.filter(sku__in=skus[start : start + SKUS_AT_ONCE]).count()
        return len(skus) - known
