"""`find_duplicates`: listings that are probably the same product."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from catalog.management.progress import open_bar
from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.comparison_notes import ComparisonNotes, NotesError
from recommendations.duplicate_thresholds import Thresholds, find_thresholds
from recommendations.near_duplicates import Compared, DuplicateGroup, Pair, find_near_duplicates


class Command(BaseCommand):
    help = "List groups of listings that are probably the same product, most certain first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--image", type=float, help="least picture similarity")
        parser.add_argument("--text", type=float, help="least text similarity")
        parser.add_argument("--gap", type=float, help="least gap to the next nearest design")
        parser.add_argument(
            "--notes",
            type=Path,
            metavar="FILE",
            help="note here what was compared, and go on from there if interrupted",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object for each group instead of a table")

    def handle(self, **options: Any) -> None:
        space = EmbeddingSpace.objects.live()
        if space is None:
            raise CommandError("There is no live space yet: run `manage.py embed_products` first.")
        asked = {name: options[name] for name in ("image", "text", "gap") if options[name] is not None}
        thresholds = replace(find_thresholds(space), **asked)
        groups = self.compare(space, thresholds, notes=options["notes"])
        listed = {number for group in groups for number in group.product_ids}
        products = Product.objects.only("sku", "title").in_bulk(listed)
        # What was deleted since it was compared is no listing any more.
        groups = [group for group in groups if products.keys() >= set(group.product_ids)]
        if options["json"]:
            for group in groups:
                self.stdout.write(json.dumps(describe(group, products)))
            return
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]  # has write() and isatty()
        console.print(make_table(groups, products))

    def compare(self, space: EmbeddingSpace, thresholds: Thresholds, *, notes: Path | None) -> list[DuplicateGroup]:
        """Compare all listings, showing how far it is. Notes are of no use once it is done, and go."""
        try:
            kept = ComparisonNotes(notes, of={"space": space.name, **asdict(thresholds)}) if notes else None
        except (NotesError, OSError) as error:
            raise CommandError(str(error)) from error
        done = kept.done if kept else Compared()
        listings = space.embeddings.filter(modality="fused", product__is_active=True)
        with open_bar("compare", total=listings.filter(product_id__gt=done.after).count()) as bar:

            def note(listings: Sequence[int], pairs: Sequence[Pair]) -> None:
                bar.update(len(listings))
                if kept:
                    kept.add(listings, pairs)

            groups = find_near_duplicates(space, thresholds=thresholds, done=done, progress=note)
        if notes:
            notes.unlink()
        return groups


def describe(group: DuplicateGroup, products: dict[int, Product]) -> dict[str, Any]:
    best = group.pairs[0]
    return {
        "skus": [products[number].sku for number in group.product_ids],
        "text_similarity": None if best.text is None else round(best.text, 4),
        "image_similarity": None if best.image is None else round(best.image, 4),
    }


def make_table(groups: list[DuplicateGroup], products: dict[int, Product]) -> Table:
    table = Table("SKU", "Title", "Text", "Picture", title=f"{len(groups)} groups of listings of the same product")
    for group in groups:
        best = group.pairs[0]
        numbers = ["–" if value is None else f"{value:.2f}" for value in (best.text, best.image)]
        for row, number in enumerate(group.product_ids):
            product = products[number]
            table.add_row(product.sku, product.title, *(numbers if row == 0 else ("", "")))
        table.add_section()
    return table
