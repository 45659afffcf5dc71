"""Make the parameters that new shops start with. For those who release Kindred."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from embeddings.models import EmbeddingSpace
from embeddings.spaces.starting import DEFAULT_PARAMETERS, fit_starting_pipeline, is_default_recipe


class Command(BaseCommand):
    help = (
        "Fit what an empty shop starts with on the texts and pictures of the catalogue, which is to be the demo, and "
        "write it to embeddings/spaces/default_parameters.safetensors."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        live = EmbeddingSpace.objects.live()
        if live is None or not live.fitted_on or not is_default_recipe(live):
            raise CommandError(
                "There is no live space of the default recipe fitted on a catalogue: run embed_products."
            )
        pipeline, count = fit_starting_pipeline(live)
        DEFAULT_PARAMETERS.write_bytes(pipeline.to_bytes())
        self.stdout.write(f"{DEFAULT_PARAMETERS.name}: fitted on {count} products.")
