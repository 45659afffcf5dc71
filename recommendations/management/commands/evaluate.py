"""`manage.py evaluate`: how good the recommendations are, by an answer key, with confidence intervals."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from catalog.management.progress import open_bar
from embeddings.encoders.base import EncoderError
from embeddings.encoding import EncoderChanged
from embeddings.modalities.registry import FUSED, list_searched
from embeddings.models import EmbeddingSpace, ProductEmbedding
from recommendations.evaluation.comparison import Evaluation, evaluate
from recommendations.evaluation.contenders import Contender, ContenderResult, EvaluationOptions
from recommendations.evaluation.index_recall import measure_index_recall
from recommendations.evaluation.photos import (
    EncodedPhotos,
    PhotoResult,
    Photos,
    evaluate_photos,
    modalities_of_photos,
    read_photos,
)
from recommendations.evaluation.rankings import DISTANCES
from recommendations.evaluation.report import Report, format_estimate, write_report
from recommendations.evaluation.truth import DECLARATIONS, Truth, TruthError, derive_truth
from recommendations.golden.truth import find_truth

SHOWN_REJECTIONS = 10
COLUMNS = 3  # contenders side by side in 80 characters
MAX_K = 1_000

HELP = """\
Measure how good the recommendations are. The answer key is a file (--truth, with source_sku,target_sku,grade; a higher
grade is a better match, pairs that are not listed are unrelated), what staff have judged (--truth golden; of pairs that
are not judged nothing is known), or a declaration (--by category: products of one leaf category are related). Spaces,
modalities and metrics may be given several times and are judged side by side; the others are compared with the first.
--out DIR writes evaluation.json and evaluation.html.

Rankings are exact and come from the stored vectors; nothing is encoded, except photos (--queries)."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        key = parser.add_mutually_exclusive_group(required=True)
        key.add_argument("--truth", type=Path, metavar="FILE", help="CSV: source_sku,target_sku,grade; or golden")
        key.add_argument("--by", choices=list(DECLARATIONS), help="products that share it are related")
        parser.add_argument("--space", action="append", metavar="NAME", help="default: the live one")
        parser.add_argument(
            "--modality",
            action="append",
            choices=list_searched(),
            help="default: all of the first space, fused of others",
        )
        parser.add_argument("--metric", action="append", choices=list(DISTANCES), help="default: cosine")
        parser.add_argument("--out", type=Path, metavar="DIR", help="write the report here")
        parser.add_argument("--queries", type=Path, metavar="FILE", help="CSV of photos: file,sku")
        parser.add_argument(
            "--images", type=Path, metavar="DIR", help="where the photos are; default: beside --queries"
        )
        parser.add_argument("--k", type=int, default=10, help="products shown (default: 10)")
        parser.add_argument("--min-grade", type=float, default=1.0, metavar="G", help="related from here (default: 1)")
        parser.add_argument("--max-anchors", type=int, default=2_000, metavar="N", help="drawn if more (default: 2000)")
        parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (default: 0)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._evaluate(options)
        except (TruthError, EncoderError, EncoderChanged) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or options['out']}: {error.strerror}.") from error

    def _evaluate(self, options: dict[str, Any]) -> None:
        settings = read_options(options)
        contenders = self._find_contenders(options)
        truth = derive_truth(options["by"]) if options["by"] else find_truth(options["truth"])
        photos = read_query_photos(options)
        evaluation = self._judge(contenders, truth, settings)
        report = Report(
            evaluation=evaluation,
            index_recalls=tuple(
                measure_index_recall(space, modality, anchor_ids=evaluation.questions.anchor_ids, k=settings.k)
                for space, modality in dict.fromkeys((item.space, item.modality) for item in contenders)
            ),
            photos=self._search_photos(contenders, photos),
            rejected_photos=tuple(f"photos, line {line.line}: {line.reason}" for line in photos.rejected),
        )
        self._warn_of_rejected(report.rejected)
        self._show(report)
        if options["out"]:
            for path in write_report(report, options["out"]):
                self.stdout.write(f"Written: {path}")

    def _find_contenders(self, options: dict[str, Any]) -> list[Contender]:
        """Return space by space what has vectors; say what has none."""
        contenders: list[Contender] = []
        for space in find_spaces(options["space"]):
            # Spaces that share encoders share the vectors of text and picture: once is enough unless asked for.
            wanted = options["modality"] or ([FUSED] if contenders else space.dims)
            rows = ProductEmbedding.objects.filter(space=space).order_by().values_list("modality", flat=True)
            stored = set(rows.distinct())
            for modality in dict.fromkeys(wanted):
                if modality in stored:
                    metrics = dict.fromkeys(options["metric"] or ["cosine"])
                    contenders += [Contender(space, modality, metric) for metric in metrics]
                else:
                    self.stderr.write(f"Space {space.name} has no {modality} vectors: left out.")
        if not contenders:
            raise CommandError("There are no vectors to evaluate: run `manage.py embed_products` first.")
        return contenders

    def _judge(self, contenders: Sequence[Contender], truth: Truth, settings: EvaluationOptions) -> Evaluation:
        total = min(len(truth.judgements), settings.max_anchors) * len(contenders)
        with open_bar("rank", total=total, unit="anchor") as bar:
            return evaluate(contenders, truth=truth, options=settings, advance=bar.update)

    def _search_photos(self, contenders: Sequence[Contender], photos: Photos) -> tuple[PhotoResult, ...]:
        if not photos.paths:
            return ()
        asked: dict[EmbeddingSpace, list[str]] = {}
        for contender in contenders:
            asked.setdefault(contender.space, []).append(contender.modality)
        encoded: EncodedPhotos = {}
        with open_bar("encode", total=len(photos.paths), unit="photo") as bar:
            return tuple(
                evaluate_photos(space, photos, modality=modality, encoded=encoded, advance=bar.update)
                for space, modalities in asked.items()
                for modality in modalities_of_photos(modalities)
            )

    def _warn_of_rejected(self, rejected: Sequence[str]) -> None:
        for line in rejected[:SHOWN_REJECTIONS]:
            self.stderr.write(f"Does not count: {line}")
        if len(rejected) > SHOWN_REJECTIONS:
            self.stderr.write(f"{len(rejected)} lines or photos do not count; --out lists them.")

    def _show(self, report: Report) -> None:
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]  # has write() and isatty()
        evaluation = report.evaluation
        asked = f"{len(evaluation.anchor_skus)} anchors of {evaluation.product_count} products"
        console.print(f"{asked}, judged by {evaluation.questions.truth.description}")
        for table in (*make_tables(report.evaluation), *make_side_tables(report)):
            console.print(table)


def read_options(options: dict[str, Any]) -> EvaluationOptions:
    """Return the options of an evaluation. Raises CommandError where one is out of bounds."""
    if not 1 <= options["k"] <= MAX_K:
        raise CommandError(f"--k lies between 1 and {MAX_K}.")
    if options["min_grade"] <= 0:
        raise CommandError("--min-grade lies above 0, which is the grade of the unrelated.")
    if options["max_anchors"] < 1:
        raise CommandError("--max-anchors is 1 or more.")
    return EvaluationOptions(
        k=options["k"], min_grade=options["min_grade"], max_anchors=options["max_anchors"], seed=options["seed"]
    )


def read_query_photos(options: dict[str, Any]) -> Photos:
    """Return the photos of --queries, none without it."""
    if not options["queries"]:
        return Photos((), np.zeros(0, dtype=np.int64))
    return read_photos(options["queries"], images=options["images"] or options["queries"].parent)


def find_spaces(names: Sequence[str] | None) -> list[EmbeddingSpace]:
    """Return the spaces of these names, each once, or the live one. Raises CommandError where one does not exist."""
    if not names:
        live = EmbeddingSpace.objects.live()
        if live is None:
            raise CommandError("There is no live space yet: run `manage.py embed_products` first.")
        return [live]
    spaces = {space.name: space for space in EmbeddingSpace.objects.filter(name__in=names)}
    for name in names:
        if name not in spaces:
            known = ", ".join(EmbeddingSpace.objects.order_by("name").values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no space {name}. Spaces: {known}.")
    return [spaces[name] for name in dict.fromkeys(names)]


def make_tables(evaluation: Evaluation) -> list[Table]:
    """Return the tables of figures, a column for each contender, three to a table so that they fit a terminal."""
    results = evaluation.results
    tables = []
    for start in range(0, len(results), COLUMNS):
        shown = results[start : start + COLUMNS]
        table = _make_table("", ["", *(result.label for result in shown)])
        for name in results[0].estimates:
            table.add_row(name, *(format_estimate(result.estimates[name]) for result in shown))
        for name, row in _pair_rows(evaluation, shown).items():
            table.add_row(name, *row)
        table.add_row("anchors answered", *(str(int(result.answered.sum())) for result in shown))
        tables.append(table)
    return [*tables, _make_differences(evaluation)] if len(results) > 1 else tables


def _pair_rows(evaluation: Evaluation, results: Sequence[ContenderResult]) -> dict[str, list[str]]:
    """Return the figures of pair classification as rows of a table."""
    reports = [evaluation.pair_report(result) for result in results]
    fields = {"roc_auc": "ROC AUC", "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1"}
    return {
        f"pairs: {name}": [f"{getattr(report, field):.3f}" if report else "-" for report in reports]
        for field, name in fields.items()
    }


def make_side_tables(report: Report) -> list[Table]:
    """Return the tables of search by photo and of what the index finds, where there is something in them."""
    photos = _make_table("search by photo", ["contender", "recall@1", "recall@5", "MRR", "photos"])
    for found in report.photos:
        photos.add_row(found.label, *map(format_estimate, found.estimates.values()), str(len(found.paths)))
    index = _make_table("index against exact search", ["space and modality", "recall", "ef_search"])
    for measured in report.index_recalls:
        if measured.recall:
            name = f"{measured.space} · {measured.modality}"
            index.add_row(name, format_estimate(measured.recall), str(measured.ef_search))
    return [table for table in (photos, index) if table.rows]


def _make_differences(evaluation: Evaluation) -> Table:
    first, headline = evaluation.results[0], evaluation.headline
    table = _make_table(f"compared with {first.label}", ["contender", headline, f"overlap@{evaluation.options.k}"])
    for result in evaluation.results[1:]:
        difference = evaluation.differences(result)[headline]
        mark = " *" if difference.excludes_zero else ""
        overlap = format_estimate(evaluation.overlap(first, result))
        table.add_row(
            result.label, f"{difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f}){mark}", overlap
        )
    table.caption = "* more than chance: the 95 % interval of the difference does not hold 0"
    table.caption_justify = "left"
    return table


def _make_table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title or None, title_justify="left")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left")
    return table
