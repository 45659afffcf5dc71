"""`manage.py evaluate_behaviour`: how good the behaviour models are, on what came after a cut in time."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from behaviour.evaluation.contenders import OURS
from behaviour.evaluation.evaluation import Evaluation, evaluate_shop
from behaviour.evaluation.figures import LISTS, to_json, write_lists
from behaviour.evaluation.names import read_names
from behaviour.evaluation.reading import read_shop
from behaviour.evaluation.report import write_html
from behaviour.evaluation.split import default_cut
from behaviour.events.history.columns import read_mapping
from catalog.importers.report import ImportFileError
from recommendations.evaluation.report import format_estimate

MAX_K = 200
EPOCH = date(1970, 1, 1)


class Command(BaseCommand):
    help = (
        "Learn from what was before --cut (default: the last fifth of the time) and see what came after it: the next "
        "basket of known customers, new products, and what goes with what; beside popularity, nearest neighbours, "
        "EASE, ALS and content alone. Nothing that is served changes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cut", type=date.fromisoformat, metavar="DATE", help="events before it are learned from")
        parser.add_argument("--k", type=int, default=20, help="products listed for a customer (default: 20)")
        parser.add_argument("--out", type=Path, metavar="DIR", help=f"write behaviour.json, behaviour.html and {LISTS}")
        parser.add_argument(
            "--ids", type=Path, metavar="FILE", help=f"the file that was imported: {LISTS} has its ids, not pseudonyms"
        )
        parser.add_argument("--map", nargs="+", action="extend", default=[], metavar="FIELD=COLUMN", help="of --ids")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")
        parser.add_argument("--leave-last", action="store_true", help="judge each customer's last basket as well")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["k"] <= MAX_K:
            raise CommandError(f"--k lies between 1 and {MAX_K}.")
        names = self._read_names(options)
        evaluation = self._evaluate(options)
        figures = to_json(evaluation)
        if options["out"]:
            try:
                self._write(evaluation, figures, options["out"], names)
            except OSError as error:
                raise CommandError(f"{error.filename or options['out']}: {error.strerror}.") from error
        if options["json"]:
            self.stdout.write(json.dumps(figures, indent=2))
        else:
            self._show(evaluation)

    def _read_names(self, options: dict[str, Any]) -> dict[str, str]:
        """Return what pseudonyms are called, before anything that takes minutes."""
        path: Path | None = options["ids"]
        if path is None:
            return {}
        if options["out"] is None:
            raise CommandError(f"--ids is for {LISTS}: say where to write it with --out DIR.")
        try:
            return read_names(path, said=read_mapping(options["map"]))
        except (ImportFileError, LookupError, OSError) as error:
            raise CommandError(f"{path}: {error}") from None

    def _evaluate(self, options: dict[str, Any]) -> Evaluation:
        self._tell("Reading events")
        shop = read_shop()
        if not len(shop.facts):
            raise CommandError("No purchases are recorded: import orders with `manage.py import_events FILE` first.")
        cut = options["cut"]
        day = default_cut(shop.facts) if cut is None else float((cut - EPOCH).days)
        if shop.facts.days.min() == shop.facts.last_day:
            raise CommandError(
                "All orders came at one moment, so that none is later than another: import them with their times."
            )
        if not shop.facts.days.min() < day <= shop.facts.last_day:
            first, last = (np.datetime64(int(value), "D") for value in (shop.facts.days.min(), shop.facts.last_day))
            raise CommandError(f"--cut lies between {first} and {last}, when the first and the last order came.")
        return evaluate_shop(shop, cut=day, k=options["k"], with_last=options["leave_last"], report=self._tell)

    def _tell(self, text: str) -> None:
        self.stderr.write(text)

    def _write(self, evaluation: Evaluation, figures: dict[str, Any], directory: Path, names: dict[str, str]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "behaviour.json").write_text(json.dumps(figures, indent=2) + "\n")
        write_lists(evaluation, directory / LISTS, names=names)
        write_html(evaluation, directory / "behaviour.html")
        self._tell(f"Written: {directory}")
        if not names:
            self._tell(f"Users and baskets in {LISTS} are pseudonyms: --ids FILE, as imported, writes their ids.")

    def _show(self, evaluation: Evaluation) -> None:
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]  # has write() and isatty()
        for task, result in evaluation.results[OURS].items():
            table = Table(title=task, title_justify="left")
            table.add_column("")
            for name in result.values:
                table.add_column(name, justify="right")
            for contender, found in evaluation.results.items():
                if task in found:
                    table.add_row(contender, *map(format_estimate, found[task].estimates.values()))
            console.print(table)
