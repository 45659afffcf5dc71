"""`clean_pictures`: takes metadata out of files that earlier versions stored as they came."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from catalog.pictures.stored import clean_stored_pictures


class Command(BaseCommand):
    help = (
        "Take EXIF (places, times, cameras), XMP and IPTC out of the pictures that versions before 1.1 stored as they "
        "came, and have their sizes made again. It can be interrupted, and goes on where it was."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        cleaned = 0
        for sha256, problem in clean_stored_pictures():
            if problem:
                self.stderr.write(f"{sha256}: {problem}")
            else:
                cleaned += 1
            if cleaned and cleaned % 1000 == 0:
                self.stdout.write(f"{cleaned} pictures ...")
        self.stdout.write(f"{cleaned} pictures are clean now.")
