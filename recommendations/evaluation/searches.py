"""How good search is: written queries with the products that answer them, asked as a visitor asks.

Measures, over the first ten results of a query with truth T: nDCG@10 is the sum of 1 / log2(1 + rank) over the results
in T, divided by what it would be were the first min(10, |T|) all in T (Järvelin and Kekäläinen, TOIS 2002, binary
gains). Of a query that nothing answers it is 1 where nothing is shown, else 0. MRR is the mean of 1 / rank of the first
result in T, 0 where there is none; such queries have none and do not count. Zero-result accuracy is the share of
queries of which nothing is shown just where nothing answers them.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.models import Product
from recommendations.evaluation.truth import RejectedLine, TruthError

CUT = 10
REQUIRED = ("query", "skus")
MAX_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class WrittenSearch:
    """A query and what answers it; empty: nothing does."""

    query: str
    language: str
    kind: str
    skus: frozenset[str]
    split: str = ""


@dataclass(frozen=True)
class JudgedSearch:
    """What was shown for a query, and what that is worth."""

    search: WrittenSearch
    shown: tuple[str, ...]

    @property
    def ndcg(self) -> float:
        if not self.search.skus:
            return float(not self.shown)
        gains = (1 / math.log2(1 + rank) for rank, sku in enumerate(self.shown[:CUT], 1) if sku in self.search.skus)
        ideal = sum(1 / math.log2(1 + rank) for rank in range(1, 1 + min(CUT, len(self.search.skus))))
        return sum(gains) / ideal

    @property
    def reciprocal_rank(self) -> float | None:
        if not self.search.skus:
            return None
        return next((1 / rank for rank, sku in enumerate(self.shown, 1) if sku in self.search.skus), 0.0)

    @property
    def is_emptiness_right(self) -> bool:
        return bool(self.shown) == bool(self.search.skus)


@dataclass(frozen=True)
class SearchFigures:
    """The measures of some queries."""

    queries: int
    ndcg: float
    mrr: float | None
    zero_result_accuracy: float

    def as_json(self) -> dict[str, float | int | None]:
        return {
            "queries": self.queries,
            "ndcg@10": round(self.ndcg, 4),
            "mrr": None if self.mrr is None else round(self.mrr, 4),
            "zero_result_accuracy": round(self.zero_result_accuracy, 4),
        }


def read_searches(path: Path) -> tuple[list[WrittenSearch], list[RejectedLine]]:
    """Read `query,language,kind,skus` with the SKUs separated by |. Raises TruthError where nothing can be used.

    A line without a query, or with a SKU that no product has, is rejected and the rest counts.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in REQUIRED if name not in (reader.fieldnames or [])]:
                raise TruthError(f"{path} has no column {', '.join(missing)}: it needs query, language, kind and skus.")
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TruthError(f"{path} cannot be read: {error}") from error
    named = {sku for _, row in rows for sku in split_skus(row["skus"])}
    known = set(Product.objects.filter(sku__in=named).values_list("sku", flat=True))
    searches, rejected = [], []
    for line, row in rows:
        skus = split_skus(row["skus"])
        if unknown := sorted(skus - known):
            rejected.append(RejectedLine(line, f"No product has the SKU {', '.join(unknown[:5])}."))
        elif not (query := (row["query"] or "").strip()):
            rejected.append(RejectedLine(line, "It has no query."))
        else:
            kind, language = row.get("kind") or "all", row.get("language") or ""
            searches.append(WrittenSearch(query, language, kind, frozenset(skus), row.get("split") or ""))
    if not searches:
        raise TruthError(f"{path} has no query that can be asked.")
    return searches, rejected


def split_skus(text: str | None) -> set[str]:
    return {sku.strip() for sku in (text or "").split("|") if sku.strip()}


def judge_searches(searches: Iterable[WrittenSearch], *, ask: Callable[[str], Sequence[str]]) -> Iterator[JudgedSearch]:
    """Ask each query; `ask` returns the SKUs that are shown, best first."""
    for search in searches:
        yield JudgedSearch(search, tuple(ask(search.query)))


def summarise(judged: Sequence[JudgedSearch]) -> SearchFigures:
    ranks = [one.reciprocal_rank for one in judged if one.reciprocal_rank is not None]
    return SearchFigures(
        queries=len(judged),
        ndcg=sum(one.ndcg for one in judged) / len(judged),
        mrr=sum(ranks) / len(ranks) if ranks else None,
        zero_result_accuracy=sum(one.is_emptiness_right for one in judged) / len(judged),
    )


def by_kind(judged: Sequence[JudgedSearch]) -> dict[str, SearchFigures]:
    """Return the figures of each kind, and of all as `overall`."""
    kinds: dict[str, list[JudgedSearch]] = defaultdict(list)
    for one in judged:
        kinds[one.search.kind].append(one)
    return {"overall": summarise(judged), **{kind: summarise(some) for kind, some in sorted(kinds.items())}}
