"""`manage.py count_events`: bring daily counts and reports up to date now; a worker does the same every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from behaviour.reports.totals import count_all
from catalog.management.progress import open_bar


class Command(BaseCommand):
    help = "Count all events that are not counted yet, by day: what reports read. A worker does it every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        with open_bar("count", unit="event") as bar:
            counted, days = count_all(report=bar.update)
        self.stdout.write(f"{counted} events counted; totals of {days} days made.")
