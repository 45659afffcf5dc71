"""`manage.py evaluate_search`: how good search is, by written queries and the products that answer them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from catalog.management.progress import open_bar
from embeddings.encoders.base import EncoderError
from recommendations.evaluation.searches import (
    JudgedSearch,
    SearchFigures,
    by_kind,
    judge_searches,
    read_searches,
)
from recommendations.evaluation.truth import TruthError
from recommendations.search.plan import HYBRID, TEXT_MODES
from recommendations.search.queries import encoded_here
from recommendations.search.services import search_text
from recommendations.search.vocabulary.learning import learn_if_due

SHOWN_REJECTIONS, LIMIT = 10, 10


class Command(BaseCommand):
    help = (
        "Measure how good search is. The file is a CSV of query, language, kind and skus (separated by |; empty: "
        "nothing answers it and nothing must be shown). Queries are asked as by a visitor, and encoded in this process."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queries", type=Path, required=True, metavar="FILE", help="CSV: query,language,kind,skus")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON, by kind")
        parser.add_argument("--mode", choices=TEXT_MODES, default=HYBRID, help="default: hybrid")
        parser.add_argument("--split", default="", metavar="NAME", help="only the queries whose column split says so")
        parser.add_argument("--worst", type=int, default=0, metavar="N", help="print the N worst queries as well")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            searches, rejected = read_searches(options["queries"])
            for line in rejected[:SHOWN_REJECTIONS]:
                self.stderr.write(f"Line {line.line} does not count: {line.reason}")
            searches = [search for search in searches if options["split"] in ("", search.split)]
            if not searches:
                raise CommandError(f"No query has the split {options['split']}.")
            learn_if_due(wait=True)
            with encoded_here(), open_bar("Searching", total=len(searches), unit="query") as bar:
                judged = []
                for one in judge_searches(searches, ask=lambda query: show(query, mode=options["mode"])):
                    judged.append(one)
                    bar.update(1)
        except (TruthError, EncoderError) as error:
            raise CommandError(str(error)) from error
        figures = by_kind(judged)
        if options["json"]:
            self.stdout.write(json.dumps({kind: one.as_json() for kind, one in figures.items()}, ensure_ascii=False))
            return
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        console.print(draw_table(figures))
        if options["worst"]:
            console.print(draw_worst(judged, options["worst"]))


def show(query: str, *, mode: str) -> list[str]:
    answer = search_text(query, limit=LIMIT, mode=mode)
    return [result.candidate.sku for result in answer.shown.results]


def draw_table(figures: dict[str, SearchFigures]) -> Table:
    table = Table("kind", "queries", "nDCG@10", "MRR", "zero-result accuracy")
    for kind, one in figures.items():
        mrr = "" if one.mrr is None else f"{one.mrr:.3f}"
        table.add_row(kind, str(one.queries), f"{one.ndcg:.3f}", mrr, f"{one.zero_result_accuracy:.3f}")
    return table


def draw_worst(judged: Sequence[JudgedSearch], count: int) -> Table:
    table = Table("query", "kind", "nDCG@10", "shown first", "wanted")
    for one in sorted(judged, key=lambda one: one.ndcg)[:count]:
        wanted = sorted(one.search.skus)
        table.add_row(
            one.search.query, one.search.kind, f"{one.ndcg:.2f}", " ".join(one.shown[:3]), " ".join(wanted[:3])
        )
    return table
