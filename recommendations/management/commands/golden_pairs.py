"""`manage.py golden_pairs`: what staff have judged, in and out as CSV, and what it says of the spaces."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from embeddings.models import EmbeddingSpace
from recommendations.evaluation.report import format_estimate
from recommendations.golden.exchange import UnreadableFile, list_rows, take_file
from recommendations.golden.judging import judge_space, load_golden
from recommendations.golden.pair import GoldenPair
from recommendations.golden.staff import read_agreement

Status = EmbeddingSpace.Status


class Command(BaseCommand):
    help = "Golden pairs, which staff judge in the admin: as CSV in and out, and what they say of the spaces."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("figures", help="how staff agree, and how well each space orders the pairs")
        taken = actions.add_parser("import", help="take pairs of a file as the answers of one of the staff")
        taken.add_argument(
            "file", type=Path, metavar="FILE", help="CSV: source_sku,target_sku,grade (0, 1, 2 or empty)"
        )
        taken.add_argument("--user", required=True, metavar="NAME", help="whose answers they are")
        written = actions.add_parser("export", help="write all pairs with the grade that counts")
        written.add_argument("file", type=Path, nargs="?", metavar="FILE", help="default: to the terminal")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            {"figures": self._show, "import": self._take, "export": self._write}[action](options)
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or options.get('file')}: {error.strerror}.") from error

    def _take(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        with options["file"].open(encoding="utf-8-sig", newline="") as file:
            taken = take_file(file, user=user)
        for line in taken.rejected:
            self.stdout.write(f"Does not count: {line}")
        self.stdout.write(f"{taken.graded} pairs are judged, {taken.asked} wait to be judged.")

    def _write(self, options: dict[str, Any]) -> None:
        rows = list_rows(GoldenPair.objects.all())
        if options["file"] is None:
            csv.writer(self.stdout).writerows(rows)
            return
        with options["file"].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        self.stdout.write(f"Written: {options['file']}")

    def _show(self, options: dict[str, Any]) -> None:
        golden = load_golden()
        alpha = read_agreement().alpha
        self.stdout.write(f"{len(golden)} pairs are judged, {alpha.count} by several: alpha {format_estimate(alpha)}")
        table = Table("Space", "Right order", "Called rightly", "nDCG@10", "Pairs", box=None, pad_edge=False)
        for space in EmbeddingSpace.objects.filter(status__in=[Status.LIVE, Status.READY, Status.RETIRED]):
            figures = judge_space(space, golden=golden)
            estimates = (figures.concordance, figures.accuracy, figures.ndcg)
            table.add_row(space.name, *map(format_estimate, estimates), str(figures.pair_count))
        Console(file=self.stdout, highlight=False).print(table)  # type: ignore[arg-type]  # has write() and isatty()
