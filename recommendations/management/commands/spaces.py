"""`manage.py spaces`: the recipes of vectors, from creation to promotion."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from catalog.management.progress import open_bar
from catalog.models import Product
from embeddings.encoders.base import EncoderError
from embeddings.encoding import EncoderChanged
from embeddings.management.progress import build_in_turn
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.building import build_space
from embeddings.spaces.coverage import describe_gaps
from embeddings.spaces.lifecycle import (
    BUILD_COMMAND,
    PromotionRefused,
    SpaceError,
    check_built,
    count_unready,
    create_space,
    drop_space,
    get_space,
    promote,
    roll_back,
)
from embeddings.spaces.overlap import measure_overlap
from embeddings.spaces.recipe import find_ignored_settings
from embeddings.spaces.refitting import describe_refit
from embeddings.spaces.verdicts import describe_verdicts
from recommendations.evaluation.comparison import compare_spaces
from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.evaluation.report import format_estimate
from recommendations.evaluation.truth import DECLARATIONS, Truth, TruthError, derive_truth
from recommendations.golden.truth import find_truth

RECIPE = ("text_encoder", "image_encoder", "fusion", "text_weight", "dim", "modalities")


class Command(BaseCommand):
    help = "Spaces: recipes of vectors, built beside the live one, compared, promoted and rolled back at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("list", help="what there is, and whether the live space still fits the catalogue")
        create = actions.add_parser("create", help="declare a space: the live one's recipe with what is said otherwise")
        create.add_argument("name")
        create.add_argument("--like", metavar="NAME", help="take the recipe of this space; default: the live one")
        create.add_argument("--text-encoder", metavar="SPEC", help="such as packaged:e5-small or packaged:bge-small-en")
        create.add_argument("--image-encoder", metavar="SPEC", help="such as packaged:efficientnet-lite2")
        create.add_argument("--fusion", help="concat, weighted or attention")
        create.add_argument("--text-weight", type=float, metavar="W", help="0 (picture only) to 1 (text only)")
        create.add_argument("--dim", type=int, metavar="N", help="of the fused vectors")
        create.add_argument("--composition", type=Path, metavar="FILE", help="JSON: the parts of the text")
        create.add_argument(
            "--modalities",
            type=json.loads,
            metavar="JSON",
            help='beyond text and picture: {"audio": {"encoder": SPEC}}',
        )
        create.add_argument("--build", action="store_true", help="and build it")
        for name, help_text in [
            ("build", "encode what is new, fit, fuse and index; may be stopped and started again"),
            ("drop", "delete a space with its vectors"),
        ]:
            actions.add_parser(name, help=help_text).add_argument("name")
        promotion = actions.add_parser("promote", help="serve this space from now on")
        promotion.add_argument("name")
        promotion.add_argument("--force", default="", metavar="REASON", help="whatever the gate objects; kept with it")
        actions.add_parser("rollback", help="serve again the space that was served before")
        compare = actions.add_parser("compare", help="labelled metrics and shared neighbours, side by side")
        compare.add_argument(
            "names", nargs="*", metavar="NAME", help="default: the live space and those that are ready"
        )
        labels = compare.add_mutually_exclusive_group()
        labels.add_argument("--truth", type=Path, metavar="FILE", help="CSV: source_sku,target_sku,grade; or golden")
        labels.add_argument("--by", choices=list(DECLARATIONS), help="products that share it are related")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except PromotionRefused as error:
            raise CommandError(f"{error} --force REASON promotes it all the same.") from error
        except (SpaceError, EncoderError, EncoderChanged, TruthError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. The same command goes on where it stopped.", returncode=130) from None

    def _list(self, options: dict[str, Any]) -> None:
        product_count = Product.objects.count()
        spaces = list(EmbeddingSpace.objects.all())
        table = Table("Space", "Status", "Products", "Recipe", "Fitted on", box=None, pad_edge=False)
        for space in spaces:
            embedded = ProductEmbedding.objects.filter(space=space, modality="fused").count()
            covered = f"{embedded} of {product_count}"
            table.add_row(space.name, describe_status(space), covered, space.describe_recipe(), f"{space.fitted_on}")
        self._print(table)
        for space in spaces:
            self._tell_gaps(space, product_count=product_count)
            is_live = space.status == EmbeddingSpace.Status.LIVE
            if is_live and (said := describe_refit(space, product_count=product_count)):
                self.stdout.write(f"{said} `spaces create NAME --build` builds one.")
        for ignored in find_ignored_settings():
            self.stdout.write(f"{ignored.message} {ignored.hint}")

    def _create(self, options: dict[str, Any]) -> None:
        recipe = {name: options[name] for name in RECIPE if options[name] is not None}
        if options["composition"]:
            recipe["text_composition"] = read_composition(options["composition"])
        like = get_space(options["like"]) if options["like"] else None
        space = create_space(options["name"], like=like, **recipe)
        if options["build"]:
            self.stdout.write(f"Space {space.name} is declared.")
            self._build(options)
        else:
            self.stdout.write(f"Space {space.name} is declared. `{BUILD_COMMAND} {space.name}` builds it.")

    def _build(self, options: dict[str, Any]) -> None:
        space = get_space(options["name"])
        build_in_turn(lambda bars: build_space(space, on_progress=bars.show), say=self.stdout.write)
        embedded = ProductEmbedding.objects.filter(space=space, modality="fused").count()
        self.stdout.write(f"Space {space.name} is {space.status}: {embedded} products.")
        space.refresh_from_db()
        for verdict in describe_verdicts(space):
            self.stdout.write(verdict)
        self._tell_gaps(space, product_count=Product.objects.count())

    def _compare(self, options: dict[str, Any]) -> None:
        names = options["names"] or [
            space.name
            for space in sorted(EmbeddingSpace.objects.all(), key=lambda space: space.status != "live")
            if space.status in ("live", "ready")
        ]
        spaces = [get_space(name) for name in names]
        if len(spaces) < 2:
            raise CommandError("Name two spaces or more: `spaces list` shows them.")
        product_count = Product.objects.count()
        for space in spaces:
            check_built(space)
            self._tell_gaps(space, product_count=product_count)
        rows = []
        if labels := read_labels(options):
            with open_bar("rank", unit="anchor") as bar:
                rows = compare_spaces(spaces, truth=labels, advance=bar.update).label_rows()
        self._print(make_comparison_table(spaces, [*rows, measure_overlaps(spaces)]))

    def _promote(self, options: dict[str, Any]) -> None:
        space = get_space(options["name"])
        if space.status != EmbeddingSpace.Status.LIVE and space.is_fitted and count_unready(space):
            self._build(options)
        before = promote(space, reason=options["force"])
        self.stdout.write(f"Space {space.name} is live{f', {before.name} can be rolled back to' if before else ''}.")

    def _rollback(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"Space {roll_back().name} is live again.")

    def _tell_gaps(self, space: EmbeddingSpace, *, product_count: int) -> None:
        for sentence in describe_gaps(space, product_count=product_count):
            self.stdout.write(sentence)

    def _drop(self, options: dict[str, Any]) -> None:
        drop_space(get_space(options["name"]))
        self.stdout.write(f"Space {options['name']} is gone.")

    def _print(self, table: Table) -> None:
        Console(file=self.stdout, highlight=False).print(table)  # type: ignore[arg-type]  # has write() and isatty()


def describe_status(space: EmbeddingSpace) -> str:
    """Return the status, and how far a build is; a space that is only declared says so."""
    if space.status == EmbeddingSpace.Status.BUILDING:
        step = space.progress
        return f"building: {step['stage']} {step['done']} of {step['total']}" if step else "declared"
    return str(space.status)


def read_composition(path: Path) -> Any:
    """Return the JSON of a file. Raises CommandError."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no JSON file: {error}") from error


def read_labels(options: dict[str, Any]) -> Truth | None:
    """Return the answer key that was named. Raises TruthError, CommandError."""
    if options["by"]:
        return derive_truth(options["by"])
    try:
        return find_truth(options["truth"]) if options["truth"] else None
    except OSError as error:
        raise CommandError(f"{options['truth']}: {error.strerror}.") from error


def measure_overlaps(spaces: Sequence[EmbeddingSpace]) -> tuple[str, list[Estimate]]:
    """Return a row: how much each space shares with the first, as the admin measures it. Raises SpaceError."""
    shares = [measure_overlap(spaces[0], space).shares for space in spaces]
    return f"overlap@10 with {spaces[0].name}", [estimate_mean(values) for values in shares]


def make_comparison_table(spaces: Sequence[EmbeddingSpace], rows: Sequence[tuple[str, list[Estimate]]]) -> Table:
    """Return a table with a column for each space and a row for each figure."""
    table = Table("", *(space.name for space in spaces), box=None, pad_edge=False)
    for what, estimates in rows:
        table.add_row(what, *(format_estimate(estimate) for estimate in estimates))
    return table
