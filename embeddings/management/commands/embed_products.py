"""Bring the vectors of the catalogue up to date, with progress."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from embeddings import services
from embeddings.models import PendingEmbedding


class Command(BaseCommand):
    help = "Embed the products whose text, pictures or place in the catalogue changed. May be stopped and started again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch-size", type=int, default=services.BATCH_SIZE)

    def handle(self, *args: Any, **options: Any) -> None:
        services.refresh_stale()
        total = PendingEmbedding.objects.due().count()
        with tqdm(total=total, unit="product") as bar:
            while True:
                result = services.refresh_pending(batch_size=options["batch_size"], max_seconds=0.1)
                if not result.settled:
                    break
                bar.update(result.settled)
