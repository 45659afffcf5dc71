"""Bring the vectors of the catalogue up to date, with progress."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from catalog.management.progress import open_bar
from catalog.models import Product
from embeddings import services
from embeddings.encoders.base import EncoderError
from embeddings.freshness import bell
from embeddings.freshness.placeholders import settle_all_placeholders
from embeddings.freshness.refresh import refresh_products
from embeddings.management.progress import build_in_turn
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces import maintenance
from embeddings.spaces.building import build_space, fit_first_space
from embeddings.spaces.lifecycle import SpaceError, ensure_live_space, get_space
from embeddings.spaces.proposing import find_lacking
from embeddings.spaces.refitting import describe_refit

POLL_S = 0.5  # between looks at what another worker has taken
ROUND_S = 1.0  # between two moves of the progress bar, at least one batch
SHOWN_REASONS = 10
GO_ON = "Run it again to go on: what is embedded stays."


class Command(BaseCommand):
    help = "Embed the products whose text, pictures or category changed. May be stopped and started again at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--stale", action="store_true", help="only what changed since (the default)")
        which.add_argument("--all", action="store_true", help="every product, from what encoders have said before")
        parser.add_argument("--space", metavar="NAME", help="a space that is not live: the same as `spaces build NAME`")
        which.add_argument(
            "--wait", action="store_true", help="what changed; workers encode it, this shows how far they are"
        )
        parser.add_argument("--batch-size", type=int, metavar="N", help="products at once; default: 64, 512 with a GPU")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch_size"] is None:
            options["batch_size"] = services.choose_batch_size()
        if not 1 <= options["batch_size"] <= 1000:
            raise CommandError("--batch-size lies between 1 and 1000.")
        try:
            self._embed(options)
        except (SpaceError, EncoderError) as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError(f"The database went away: {str(error).strip()}\n{GO_ON}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {GO_ON}", returncode=130) from None

    def _embed(self, options: dict[str, Any]) -> None:
        space = get_space(options["space"]) if options["space"] else ensure_live_space()
        if space.status != EmbeddingSpace.Status.LIVE:
            build_in_turn(lambda bars: build_space(space, on_progress=bars.show), say=self.stdout.write)
            self.stdout.write(f"Space {space.name} is {space.status}.")
            return
        settle_all_placeholders()
        if options["all"]:
            self._refresh_all(space, options["batch_size"])
        services.refresh_stale(is_complete=True)
        PendingEmbedding.objects.unpark()
        if options["wait"]:
            bell.ring()
            self._drain_queue(by=lambda: 0)
            self._report(ensure_live_space())
            return
        self._drain_queue(
            by=lambda: services.refresh_pending(batch_size=options["batch_size"], max_seconds=ROUND_S).settled
        )
        build_in_turn(lambda bars: fit_first_space(on_progress=bars.show), say=self.stdout.write)
        build_in_turn(lambda bars: maintenance.index_live_space(on_progress=bars.show), say=self.stdout.write)
        self._report(ensure_live_space())

    def _refresh_all(self, space: EmbeddingSpace, batch_size: int) -> None:
        ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
        with open_bar("all", total=len(ids)) as bar:
            for start in range(0, len(ids), batch_size):
                batch = ids[start : start + batch_size]
                refresh_products(space, batch, force=True)
                bar.update(len(batch))

    def _drain_queue(self, *, by: Callable[[], int]) -> None:
        """Have what is queued by now embedded `by` us and whichever workers run; done when nobody holds any of it.

        What is saved meanwhile is the workers' to do: in a busy shop there is always something.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            queued = PendingEmbedding.objects.filter(retry_at__lte=cursor.fetchone()[0])
        total = queued.count()
        with open_bar("embed", total=total) as bar:
            while left := queued.count():
                bar.update(max(0, total - left - bar.n))
                if not by():
                    time.sleep(POLL_S)
            bar.update(max(0, total - bar.n))

    def _report(self, space: EmbeddingSpace) -> None:
        products = Product.objects.count()
        embedded = space.embeddings.filter(modality=FUSED).count()
        self.stdout.write(f"{embedded} of {products} products are embedded in space {space.name}.")
        reasons = Counter(PendingEmbedding.objects.exclude(reason="").values_list("reason", flat=True))
        for reason, count in reasons.most_common(SHOWN_REASONS):
            skus = PendingEmbedding.objects.filter(reason=reason).values_list("product__sku", flat=True)[:5]
            self.stdout.write(f"  {count} waiting: {reason} ({', '.join(skus)}{', ...' if count > 5 else ''})")
        for name, error in find_lacking().items():
            self.stdout.write(
                f"Products are compared without {name}: {error} Then `spaces create NAME --build` and `spaces promote "
                f"NAME` make a space that has it; all else works as it is."
            )
        if said := describe_refit(space, product_count=products):
            self.stdout.write(f"{said} `spaces create`, `spaces build` and `spaces promote` do that.")
