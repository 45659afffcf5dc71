"""`manage.py doctor`: what is amiss with the catalogue, and what to do about it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from catalog.doctor.remarks import examine
from catalog.doctor.summary import summarise


class Command(BaseCommand):
    help = "Look at the catalogue and say what makes its lists and searches worse than they could be. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        for examination in [*examine(), *summarise()]:
            if not examination.remarks:
                self.stdout.write(f"{examination.title}: nothing found.")
                continue
            self.stdout.write(f"{examination.title}:")
            for remark in examination.remarks:
                self.stdout.write(f"  {remark.message}\n    {remark.advice}")
                for link in remark.links:
                    self.stdout.write(f"    {link.label}: {link.url}")
