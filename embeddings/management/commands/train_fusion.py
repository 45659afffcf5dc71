"""Train the attention fusion on this catalogue and build a space with it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from embeddings.encoders.base import EncoderError
from embeddings.encoding import EncoderChanged
from embeddings.management.progress import StageBars, build_in_turn
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import SpaceError, ensure_live_space, get_space
from embeddings.spaces.training import InvalidPairs, TrainingOptions, describe_outcome, read_pairs, train_space


class Command(BaseCommand):
    help = (
        "Train the attention fusion on this catalogue alone, no labels needed, and build a space with it beside the "
        "live one. Compare it before you promote it: `spaces compare`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--space", required=True, metavar="NAME", help="name of the new space")
        parser.add_argument(
            "--like", metavar="NAME", help="take encoders and texts from this space; default: the live one"
        )
        parser.add_argument(
            "--pairs", type=Path, metavar="FILE", help="CSV of products that belong together: source_sku,target_sku"
        )
        parser.add_argument(
            "--views", type=int, default=0, metavar="N", help="augmented pictures per product (default: none)"
        )
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["views"] <= 8:
            raise CommandError("--views lies between 0 and 8.")
        try:
            self._train(options)
        except (SpaceError, EncoderError, EncoderChanged, InvalidPairs) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['pairs']}: {error.strerror}.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped: no space was made.", returncode=130) from None

    def _train(self, options: dict[str, Any]) -> None:
        like = get_space(options["like"]) if options["like"] else ensure_live_space()
        pairs = read_pairs(options["pairs"]) if options["pairs"] else []
        training = TrainingOptions(pairs=pairs, picture_views=options["views"], seed=options["seed"])
        with StageBars() as bars:
            space = train_space(options["space"], like=like, options=training, on_progress=bars.show)
        build_in_turn(lambda bars: build_space(space, on_progress=bars.show), say=self.stdout.write)
        self.stdout.write(describe_outcome(space.report["training"]))
        self.stdout.write(f"Space {space.name} is ready: compare it (`spaces compare`), then promote it.")
