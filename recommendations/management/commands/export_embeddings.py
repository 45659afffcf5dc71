"""`manage.py export_embeddings`: the vectors of a space as one Parquet file."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.management.progress import open_bar
from recommendations.evaluation.export import count_products, export_embeddings
from recommendations.management.commands.evaluate import find_spaces

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
BYTES_PER_NUMBER = 4
SUFFIX = ".parquet"


class Command(BaseCommand):
    help = (
        "Write the vectors of all embedded products to a Parquet file: sku, vector (fused), text_vector, image_vector, "
        "as lists of float32, null where a product lacks the modality. It replaces an older file when complete."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.parquet")
        parser.add_argument("--space", metavar="NAME", help="default: the live one")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["out"]
        if path.is_dir():
            raise CommandError(f"{path} is a folder: name a file, such as {path / 'embeddings.parquet'}.")
        if path.suffix != SUFFIX:
            wanted = path.with_suffix(SUFFIX).name
            raise CommandError(f"What is written is Parquet, which {path.name} would not say: name it {wanted}.")
        if not path.parent.is_dir():
            raise CommandError(f"There is no folder {path.parent}: make it first.")
        (space,) = find_spaces([options["space"]] if options["space"] else None)
        total = count_products(space)
        if not total:
            raise CommandError(f"Space {space.name} has no vectors yet: run `manage.py embed_products` first.")
        try:
            with open_bar("export", total=total) as bar:
                count = export_embeddings(space, path, advance=bar.update)
        except OSError as error:
            if error.errno in FULL:
                megabytes = total * sum(space.dims.values()) * BYTES_PER_NUMBER / 1e6
                raise CommandError(
                    f"The disk of {path.parent} is full: the file takes about {megabytes:.0f} MB. Free some space or "
                    "choose another --out. Nothing was written, an older file is unchanged."
                ) from error
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error
        self.stdout.write(f"{count} products of space {space.name} are in {path} ({path.stat().st_size / 1e6:.1f} MB).")
