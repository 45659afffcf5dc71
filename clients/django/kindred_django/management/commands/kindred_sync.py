"""Makes Kindred have what the shop has: what is queued, then whatever no signal told of."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kindred_django.api import Unavailable
from kindred_django.configuration import is_enabled
from kindred_django.counts import Counts
from kindred_django.delivery import deliver, deliver_queued
from kindred_django.models import Mirrored, Outgoing, Sweep
from kindred_django.sources import all_sources
from kindred_django.sweep import TooManyGone, compare_source, sweep_source
from kindred_django.turns import Busy, lease_left_s, take_turn

REFUSED, UNAVAILABLE, BUSY = 1, 2, 3  # exit codes
LOOK_S = 2.0  # how often --watch looks for what is queued
PROGRESS_S = 2.0
BUSY_FOR_S, BUSY_LOOK_S = 15.0, 0.2  # a thread of the web server has the turn for moments only


class Command(BaseCommand):
    help = (
        "Sends to Kindred what is queued and, comparing the whole shop, whatever changed without a signal. One "
        "that was interrupted goes on where it was. Exit codes: 0 all is there, 1 something was refused (or, with "
        "--check, differs), 2 Kindred cannot be asked now, 3 another kindred_sync is at work."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--full", action="store_true", help="send everything again, from the beginning")
        how.add_argument("--check", action="store_true", help="send nothing: count what differs, list what was refused")
        how.add_argument("--watch", action="store_true", help="do not end: send what is queued, and sweep now and then")
        parser.add_argument("--sweep-minutes", type=float, default=15.0, help="between two sweeps of --watch")
        parser.add_argument(
            "--allow-deletes", action="store_true", help="also delete where more than a fifth of a source is gone"
        )

    def handle(self, *, full: bool, check: bool, watch: bool, **options: Any) -> None:
        if not is_enabled():
            raise CommandError("The setting KINDRED is missing or not enabled: `manage.py check` says more.")
        self.stop, self.said_at = Event(), time.monotonic()
        if check:
            self.compare()
        elif watch:
            self.watch(minutes=options["sweep_minutes"], allow_deletes=options["allow_deletes"])
        else:
            self.sync(full=full, allow_deletes=options["allow_deletes"])

    def compare(self) -> None:
        counts = Counts()
        for source in all_sources().values():
            compare_source(source, counts=counts, report=self.say_progress)
        queued = Outgoing.objects.count()
        self.stdout.write(
            f"{counts.seen:,} looked at: {counts.sent:,} to be sent, {counts.deleted:,} to be deleted, "
            f"{counts.refused:,} refused; {queued:,} queued."
        )
        self.list_reasons(counts)
        if counts.sent or counts.deleted or counts.refused or queued:
            raise CommandError("Kindred does not have all of it.", returncode=REFUSED)

    def sync(self, *, full: bool = False, allow_deletes: bool = False) -> None:
        counts = Counts()
        try:
            self.run_turn(counts, full=full, allow_deletes=allow_deletes)
        except Busy:
            raise CommandError("Another kindred_sync is at work.", returncode=BUSY) from None
        except TooManyGone as error:
            raise CommandError(str(error), returncode=REFUSED) from None
        except Unavailable as error:
            self.stdout.write(f"{counts}.")
            raise CommandError(
                f"{error} Nothing is lost: kindred_sync goes on where it was.", returncode=UNAVAILABLE
            ) from None
        self.stdout.write(f"{counts}.")
        self.list_reasons(counts)
        refused = Mirrored.objects.exclude(refused="").count()
        if counts.refused or refused:
            raise CommandError(f"Kindred does not take {refused:,} products as they are.", returncode=REFUSED)

    def run_turn(self, counts: Counts, *, full: bool, allow_deletes: bool) -> None:
        """Deliver and sweep, once whoever sends just now is done or known to be dead. Raises Busy where neither."""
        deadline = time.monotonic() + max(BUSY_FOR_S, lease_left_s() + BUSY_LOOK_S)
        while True:
            try:
                with take_turn(ask_anyway=True) as turn:
                    if full:
                        Mirrored.objects.update(body_hash="", images_hash="", refused="")
                        Sweep.objects.update(cursor="")
                    deliver(turn, counts)
                    for source in all_sources().values():
                        sweep_source(
                            source, turn=turn, counts=counts, report=self.say_progress, allow_deletes=allow_deletes
                        )
                return
            except Busy:
                if counts.seen or time.monotonic() > deadline:
                    raise
                time.sleep(BUSY_LOOK_S)

    def watch(self, *, minutes: float, allow_deletes: bool) -> None:
        """Send what is queued as it comes, until a signal says stop."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stop.set())
        next_sweep = time.monotonic()
        while not self.stop.is_set():
            try:
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + 60 * minutes
                    self.sync(allow_deletes=allow_deletes)
                else:
                    deliver_queued()
            except CommandError as error:
                self.stderr.write(str(error))
            except (Busy, Unavailable):
                pass  # it is logged, and asked again when it is time
            self.stop.wait(LOOK_S)

    def say_progress(self, counts: Counts) -> None:
        if self.stop.is_set():
            raise CommandError("Stopped; kindred_sync goes on where it was.")
        if time.monotonic() - self.said_at > PROGRESS_S:
            self.said_at = time.monotonic()
            self.stdout.write(f"{counts} …")

    def list_reasons(self, counts: Counts) -> None:
        for sku, reason in counts.reasons:
            self.stdout.write(f"  {sku}: {reason}")
