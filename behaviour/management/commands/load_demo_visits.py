"""`load_demo_visits`: the simulated orders and visits of the demo shop, and what is learned of them."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from api.field import current_field
from behaviour.demo.experiment import find_experiment, look_at_end_of, make_trial
from behaviour.demo.loading import is_loaded, load_events
from behaviour.demo.simulated import Simulated
from behaviour.reports.popular_searches import note_popular_searches
from behaviour.retail import nightly, slices
from behaviour.versions.lifecycle import BUILD_LOCK, promote
from behaviour.versions.version import Status, Version
from catalog.management.progress import open_bar
from embeddings.models import EmbeddingSpace
from embeddings.spaces.locks import read_holder

VERSION = "demo"
LOOK_EVERY_S = 0.5


class Command(BaseCommand):
    help = (
        "Load the simulated orders and visits of the demo shop, moved in time so that they end now, and learn from "
        "them. `up --demo` does it once; what is there stays as it is."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = current_field().folder
        if not (folder / "visits.csv.gz").exists():
            self.load_orders(folder / "orders.csv")
            return
        was_loaded = is_loaded(Simulated(folder, now=timezone.now()))
        if not was_loaded:
            self.load(now=timezone.now())
        call_command("count_events")
        note_popular_searches()
        if not was_loaded or Version.objects.live() is None:
            learn()
        nightly.make_due_forecasts()
        slices.refresh_slice_of_now()
        self.stdout.write("Bundles and personal lists are on the shop's pages, all else in the admin under Results.")

    def load_orders(self, file: Path) -> None:
        """Record the orders of a field that has nothing else, as another system's would be, and learn from them once.

        They keep their times: nothing is shown of when they were.
        """
        if not file.exists():
            self.stdout.write(f"Nothing to load: the field {current_field().name} has neither visits nor orders.")
            return
        call_command("import_events", str(file))
        if Version.objects.live() is None:
            learn()
        self.stdout.write("What goes together is on the pages.")

    def load(self, *, now: datetime) -> None:
        """Record what was simulated, with an experiment that it is part of."""
        live, experiment = EmbeddingSpace.objects.live(), find_experiment(now=now)
        trial = make_trial(experiment) if experiment else None
        simulated = Simulated(current_field().folder, now=now, space=live.name if live else "", experiment=trial)

        def look(day: datetime) -> None:
            if experiment and experiment.started_at and day >= experiment.started_at:
                look_at_end_of(day, experiment)

        self.stdout.write("Loading a year of orders and four weeks of visits; nobody bought or saw anything.")
        with open_bar("visits", total=None, unit="event") as bar:
            new = load_events(simulated, report=bar.update, after_day=look)
        self.stdout.write(f"Recorded {new} simulated events.")


def learn() -> None:
    """Serve a version of all that was loaded: a worker may have begun one when the first events came."""
    while read_holder(BUILD_LOCK) is not None:
        time.sleep(LOOK_EVERY_S)
    call_command("train_behaviour", name=VERSION)
    version = Version.objects.filter(name=VERSION, status=Status.READY).first()
    if version is not None:  # validation compared it with one of a part of the events
        promote(version)
