"""`manage.py forecast_demand`: what will be bought in the coming weeks, and how good such forecasts would have been."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from behaviour.forecast.accuracy import Accuracy
from behaviour.forecast.answers import render_forecast
from behaviour.forecast.backtest import Backtest, run_backtest
from behaviour.forecast.making import build_rows, find_start, learn_outlook
from behaviour.forecast.past import Past
from behaviour.forecast.reading import read_shop
from behaviour.forecast.sales import Counts, Measure
from behaviour.retail.nightly import make_due_forecasts
from catalog.management.progress import open_bar

MAX_WEEKS = 52
SHOWN = 40  # products in the terminal; --json has all
NOTHING_SOLD = (
    "Nothing was sold before today, so nothing can be forecast yet. Import earlier orders: "
    "`manage.py import_events FILE`."
)

HELP = """\
Forecast weekly demand: of products that are sold by their own sales, of new ones by what their neighbours sell. A
worker does so each night and stores it for the admin and the API; --store does so now.

--backtest forecasts what is known already, as if each week were the present, and says how far it was off: of products
first sold at or after the cut, in their first weeks, by what was known at their launch; and of those sold before."""


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--weeks", type=int, metavar="N", help="how far ahead (default: KINDRED_FORECAST_WEEKS, 8)")
        parser.add_argument("--sku", nargs="+", action="extend", metavar="SKU", help="of these products alone")
        parser.add_argument("--measure", choices=["orders", "units"], help="default: units; in a back-test orders")
        parser.add_argument("--backtest", action="store_true", help="against what was sold")
        parser.add_argument("--cut", type=date.fromisoformat, metavar="DATE", help="judge from here on (YYYY-MM-DD)")
        parser.add_argument("--store", action="store_true", help="store those of all products that have none of today")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        weeks = options["weeks"] or settings.KINDRED_FORECAST_WEEKS
        if not 1 <= weeks <= MAX_WEEKS:
            raise CommandError(f"--weeks has to be between 1 and {MAX_WEEKS}.")
        if options["cut"] and not options["backtest"]:
            raise CommandError("--cut goes with --backtest.")
        start = find_start()
        if start is None:
            raise CommandError(NOTHING_SOLD)
        if options["backtest"]:
            self._judge(options, start=start, weeks=weeks)
        elif options["store"]:
            with open_bar("forecast", unit="product") as bar:
                self.stdout.write(f"{make_due_forecasts(report=bar.update)} forecasts stored, from {start} on.")
        else:
            self._forecast(options, start=start, weeks=weeks)

    def _forecast(self, options: dict[str, Any], *, start: date, weeks: int) -> None:
        shop, measure = read_shop(until=start), _read_measure(options, usual="units")
        items = np.arange(len(shop.catalogue), dtype=np.int32)
        if options["sku"]:
            places = {sku: place for place, sku in enumerate(shop.catalogue.skus)}
            if unknown := [sku for sku in options["sku"] if sku not in places]:
                raise CommandError(f"No product has the SKU {', '.join(unknown)}.")
            items = np.array([places[sku] for sku in options["sku"]], dtype=np.int32)
        outlook = learn_outlook(shop, today=start, weeks=weeks, measure=measure)
        rows = [
            (shop.catalogue.skus[item], row)
            for item, row in zip(items, build_rows(shop, outlook, items, today=start), strict=True)
        ]
        if options["json"]:
            products = [render_forecast(sku, row) for sku, row in rows]
            said = {"measure": measure, "weeks": weeks, "starts_on": start.isoformat(), "products": products}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        table = Table(
            "SKU", "Rests on", "Expected", "80 % band", "By week", title=f"{measure} in {weeks} weeks from {start} on"
        )
        for sku, row in sorted(rows, key=lambda pair: -pair[1].total)[:SHOWN]:
            band = f"{row.total_low:.0f}-{row.total_high:.0f}"
            table.add_row(
                sku, str(row.get_basis_display()), f"{row.total:.1f}", band, " ".join(f"{x:.1f}" for x in row.expected)
            )
        Console(file=self.stdout, highlight=False).print(table)  # type: ignore[arg-type]  # has write() and isatty()
        if len(rows) > SHOWN:
            self.stdout.write(f"{SHOWN} of {len(rows)} products; --json has all.")

    def _judge(self, options: dict[str, Any], *, start: date, weeks: int) -> None:
        shop, measure = read_shop(until=start), _read_measure(options, usual="orders")
        past = Past(Counts.of(shop.sales, measure=measure), shop.content, shop.categories, weeks)
        try:
            found = run_backtest(past, measure=measure, cut=options["cut"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(found.to_json(), indent=2))
        else:
            self._show(found)

    def _show(self, found: Backtest) -> None:
        table = Table("", "Products", "WAPE", "In the 80 % band", "Bias", "Spearman")
        table.title = f"{found.measure} of {found.weeks} weeks, judged from {found.cut} on"
        rows = {"new products": found.new, **found.baselines, "existing products": found.existing}
        for name, accuracy in rows.items():
            table.add_row(name, str(accuracy.count), *_words(accuracy))
        Console(file=self.stdout, highlight=False).print(table)  # type: ignore[arg-type]  # has write() and isatty()


def _read_measure(options: dict[str, Any], *, usual: Measure) -> Measure:
    chosen: Measure | None = options["measure"]
    return chosen or usual


def _words(accuracy: Accuracy) -> list[str]:
    numbers = (accuracy.wape, accuracy.coverage80, accuracy.bias, accuracy.spearman)
    return ["–" if number is None else f"{number:.3f}" for number in numbers]
