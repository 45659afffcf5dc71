"""`manage.py report_performance`: what lists of recommendations brought in, in the terminal, as JSON or as CSV."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from behaviour.reports.answers import build_table, render_performance
from behaviour.reports.attribution import read_window
from behaviour.reports.performance import GROUPS, MAX_DAYS, USUAL_DAYS, Figures, Performance, Period, read_performance
from behaviour.reports.rates import Rate
from behaviour.reports.totals import count_all
from catalog.management.progress import open_bar
from catalog.rest.answers import render_price


class Command(BaseCommand):
    help = "Report what lists of recommendations were shown, clicked, and brought in. Counts first what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=USUAL_DAYS, metavar="N", help="up to today (default: 28)")
        parser.add_argument("--by", choices=GROUPS, default="placement")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="as the REST API answers")
        form.add_argument("--csv", action="store_true", help="for spreadsheets, a column for each number")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= MAX_DAYS:
            raise CommandError(f"--days has to be between 1 and {MAX_DAYS}.")
        with open_bar("count", unit="event") as bar:
            count_all(report=bar.update)
        found = read_performance(Period.last(options["days"]), by=options["by"])
        if options["json"]:
            self.stdout.write(json.dumps(render_performance(found), ensure_ascii=False, indent=2))
        elif options["csv"]:
            csv.writer(self.stdout).writerows(build_table(found))
        else:
            self.print_tables(found)

    def print_tables(self, found: Performance) -> None:
        self.stdout.write(f"{found.period.since} to {found.period.until}, credit for {describe_window()}")
        if not found.rows:
            self.stdout.write(
                "Nothing happened on these days. Send events, or import them: `manage.py import_events FILE`."
            )
            return
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]  # has write() and isatty()
        for table in (show_counts(found), show_money(found)):
            console.print(table)
        for code in found.currencies:
            share = found.totals.money[code].share
            if share is not None:
                self.stdout.write(f"Of all revenue in {code} {share:.1%} came after a click in a list.")


def describe_window() -> str:
    return f"{read_window() / timedelta(hours=1):g} h after a click"


def show_counts(found: Performance) -> Table:
    table = Table(found.by, title=None, box=None)
    for name in ("shown", "clicked", "rate (95 %)", "in carts", "orders", "clicked", "only seen"):
        table.add_column(name, justify="right")
    for name, figures in lines_of(found):
        counts = figures.counts
        numbers = (
            counts["attributed_carts"],
            counts["orders"],
            counts["attributed_orders"],
            counts["viewthrough_orders"],
        )
        table.add_row(
            name,
            f"{counts['impressions']:,}",
            f"{counts['clicks']:,}",
            describe_rate(figures.ctr),
            *(f"{n:,}" for n in numbers),
        )
    return table


def show_money(found: Performance) -> Table:
    table = Table(found.by, "currency", box=None)
    for name in ("revenue", "after a click", "only seen"):
        table.add_column(name, justify="right")
    for name, figures in lines_of(found):
        for code, money in sorted(figures.money.items()):
            amounts = (money.revenue, money.attributed_revenue, money.viewthrough_revenue)
            table.add_row(name, code, *(render_price(amount) for amount in amounts))
    return table


def lines_of(found: Performance) -> list[tuple[str, Figures]]:
    return [*((name or "(none)", figures) for name, figures in found.rows.items()), ("all", found.totals)]


def describe_rate(rate: Rate | None) -> str:
    return "" if rate is None else f"{rate.value:.2%} ({rate.low:.2%}-{rate.high:.2%})"
