"""Encode what is stale by Spark, on one machine or many, and then fit and fuse as usual."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from embeddings.distributed.requirements import NotReady
from embeddings.distributed.services import Encoded, Order, count_stale, encode_stale, export_inputs
from embeddings.distributed.spark import JobFailed
from embeddings.encoders.base import EncoderError
from embeddings.encoding import EncoderChanged
from embeddings.models import EmbeddingSpace
from embeddings.spaces.lifecycle import SpaceError, ensure_live_space, get_space

GO_ON = "Run it again to go on: what is encoded stays."
SHOWN_REASONS = 10
SOURCES = ("postgres", "parquet")


class Command(BaseCommand):
    help = "Encode by Spark what is stale, then fit and fuse as usual. May be stopped and started again at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--master",
            default="",
            metavar="URL",
            help="local[*], local-cluster[n,cores,MiB], spark://host:7077, yarn, k8s://...; "
            "without it, what spark-submit was given",
        )
        parser.add_argument("--space", metavar="NAME", help="another than the live one")
        parser.add_argument("--partitions", type=int, default=0, metavar="N", help="default: four for each core")
        parser.add_argument(
            "--source",
            nargs="+",
            default=["postgres"],
            metavar="SOURCE",
            help="`postgres` (the default), or `parquet DIR`: a folder, or its URL in object storage",
        )
        parser.add_argument("--media", default="", metavar="URL", help="where executors fetch files by HTTP")
        parser.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="a setting of Spark")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="only count what there is to encode")
        what.add_argument("--export", default="", metavar="DIR", help="only write what there is to encode as Parquet")

    def handle(self, *args: Any, **options: Any) -> None:
        order = read_order(options)
        try:
            space = get_space(options["space"]) if options["space"] else ensure_live_space()
            self._run(space, order, options)
        except (NotReady, SpaceError, EncoderError, EncoderChanged) as error:
            raise CommandError(str(error)) from error
        except JobFailed as error:
            raise CommandError(f"Spark has given up: {error}\n{GO_ON}") from error
        except OperationalError as error:
            raise CommandError(f"The database went away: {str(error).strip()}\n{GO_ON}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {GO_ON}", returncode=130) from None

    def _run(self, space: EmbeddingSpace, order: Order, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            found = count_stale(space, order)
            if not found:
                self.stdout.write("Nothing is stale: there is nothing to encode.")
            for (modality, is_known), count in sorted(found.items()):
                self.stdout.write(f"{modality}: {count} {'have a vector' if is_known else 'to encode'}")
            return
        if options["export"]:
            export_inputs(space, order, options["export"])
            self.stdout.write(f"Written to {options['export']}: embed_distributed --source parquet reads it.")
            return
        self._report(encode_stale(space, order))
        named = {"space": options["space"]} if options["space"] else {}
        call_command("embed_products", **named, stdout=self.stdout)

    def _report(self, encoded: Encoded) -> None:
        tally = encoded.tally
        for modality in tally.list_modalities():
            counts = {what: tally.count(what, modality) for what in ("encoded", "reused", "failed")}
            busy_s = tally.sum_seconds("encoded", modality)
            rate = f", {counts['encoded'] / busy_s:.1f} a second for each core" if busy_s else ""
            said = ", ".join(f"{count} {what}" for what, count in counts.items())
            self.stdout.write(f"{modality}: {said}{rate}")
        for modality, reason, count in tally.list_failures()[:SHOWN_REASONS]:
            self.stdout.write(f"  {count} failed ({modality}): {reason}")
        if waited_s := tally.sum_seconds("waited"):
            self.stdout.write(f"  Waited {waited_s:.0f} s for a connection to the database, all processes together.")
        self.stdout.write(
            f"{tally.count('encoded')} inputs by {encoded.cores} cores in {encoded.wall_s:.0f} s: "
            f"{encoded.per_core:.1f} a second for each, by the clock."
        )


def read_order(options: dict[str, Any]) -> Order:
    """Return how to go about it. Raises CommandError for what makes no sense."""
    kind, *folder = options["source"]
    if kind not in SOURCES or len(folder) != (kind == "parquet"):
        raise CommandError("--source is `postgres`, or `parquet DIR`.")
    if options["partitions"] < 0:
        raise CommandError("--partitions is a number from 1 on.")
    settings = dict(setting.partition("=")[::2] for setting in options["conf"])
    if strange := [name for name, value in settings.items() if not name.startswith("spark.") or not value]:
        raise CommandError(f"--conf {strange[0]}: settings of Spark are written spark.NAME=VALUE.")
    return Order(
        master=options["master"],
        partitions=options["partitions"],
        parquet=folder[0] if folder else "",
        media=options["media"],
        settings=settings,
    )
