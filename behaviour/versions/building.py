"""Build a version: read the facts, choose settings, learn, write. May be stopped and started again.

What is written stays: rows go in by blocks, each with the place where it ends. Facts are read anew, up to the same last
event, and settings that were chosen are kept: so what is learned after an interruption is what was learned before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings as django_settings
from django.utils import timezone

from behaviour.learners import recipe
from behaviour.learners.facts import Facts, Floats
from behaviour.learners.recipe import Learned
from behaviour.versions.catalogue import Catalogue
from behaviour.versions.chosen import read_settings, write_settings
from behaviour.versions.figures import count_evidence, describe_build
from behaviour.versions.lifecycle import BUILD_LOCK, BuildRunning, VersionError
from behaviour.versions.material import Material, read_material
from behaviour.versions.progress import BuildProgress, OnProgress
from behaviour.versions.validation import validate
from behaviour.versions.version import Status, Version
from behaviour.versions.writing import write_neighbours, write_profiles, write_ranking
from embeddings.spaces.locks import try_lock

BLOCK = 2_000  # products or users in one transaction: some megabytes, some seconds


@dataclass(frozen=True)
class Writer:
    """What was learned, on its way into the tables."""

    version: Version
    learned: Learned
    catalogue: Catalogue
    progress: BuildProgress


def build_version(version: Version, *, on_progress: OnProgress | None = None) -> None:
    """Bring a version that was declared to its end, so that it can be promoted. Touches no other version.

    One build runs at a time. One that fails says why in `failure`; one that is interrupted goes on where it stopped
    when it is started again. Raises BuildRunning where another build runs, VersionError where this one is built
    already, and whatever made the build fail.
    """
    with hold_build(version.name):
        version.refresh_from_db()
        if version.status not in (Status.BUILDING, Status.FAILED):
            raise VersionError(f"Version {version.name} is built already, and a version never changes: name a new one.")
        _save(version, status=Status.BUILDING, failure="")
        try:
            _build(version, BuildProgress(version, on_progress))
        except Exception as error:
            _save(version, status=Status.FAILED, failure=f"{type(error).__name__}: {error}")
            raise
        _save(version, status=Status.READY, progress={}, finished_at=timezone.now())


@contextmanager
def hold_build(name: str) -> Iterator[None]:
    """Be the only one who builds. Raises BuildRunning where another one does."""
    with try_lock(BUILD_LOCK, purpose=f"version {name}") as is_free:
        if not is_free:
            raise BuildRunning
        yield


def _build(version: Version, progress: BuildProgress) -> None:
    material = read_material(version, progress)
    if not version.settings:
        _choose(version, material, progress)
    progress.start("learn", 1)
    orders, views, content = material.orders, material.views, material.content
    learned = recipe.learn(orders, views, settings=read_settings(version), content=content)
    progress.advance()
    writer = Writer(version, learned, material.catalogue, progress)
    for kind, evidence in count_evidence(material).items():
        _write_kind(kind, writer, evidence=evidence)
    _write_rankings(writer)
    _write_profiles(writer, orders)
    _save(version, figures=version.figures | describe_build(version, material))


def _choose(version: Version, material: Material, progress: BuildProgress) -> None:
    """Choose the settings of a version, and measure them: both are kept at once."""
    progress.start("choose", 1)
    chosen = recipe.choose_settings(material.orders, material.views, content=material.content)
    progress.start("validate", 1)
    figures = validate(chosen, Version.objects.live(), material=material)
    _save(version, settings=write_settings(chosen), figures=figures)
    progress.advance()


def _write_kind(kind: Any, writer: Writer, *, evidence: Floats) -> None:
    """Write the neighbours of one kind, from the first product after those that are written."""
    ids, progress = writer.catalogue.product_ids, writer.progress
    begin = int(np.searchsorted(ids, progress.written.get(kind, 0), side="right"))
    progress.start(kind, len(ids))
    progress.advance(begin)
    for start in range(begin, len(ids), BLOCK):
        stop = min(start + BLOCK, len(ids))
        rows = writer.learned.rows(kind, start, stop)
        with progress.writing(kind) as end_at:
            write_neighbours(
                writer.version.pk,
                kind,
                (
                    (int(ids[item]), float(evidence[item]), (ids[near], scores, shares))
                    for item, near, scores, shares in rows
                ),
            )
            end_at(int(ids[stop - 1]))
        progress.advance(stop - start)


def _write_rankings(writer: Writer) -> None:
    """Write the orders of all products; they are few rows, and written anew by a build that goes on."""
    rankings, progress = writer.learned.rankings(), writer.progress
    progress.start("rankings", len(rankings))
    for kind, (items, scores, support) in rankings.items():
        product_ids = writer.catalogue.product_ids[items]
        with progress.writing(kind) as end_at:
            write_ranking(writer.version.pk, kind, product_ids, scores=scores.tolist(), support=support)
            end_at(len(items))
        progress.advance()


def _write_profiles(writer: Writer, orders: Facts) -> None:
    """Write what is for those who were there last, in the order of their keys."""
    chosen, progress = choose_users(orders, most=django_settings.KINDRED_BEHAVIOUR_PROFILES), writer.progress
    done_to = progress.written.get("profiles", "")
    users = [(key, number) for key, number in chosen if key > done_to]
    progress.start("profiles", len(chosen))
    progress.advance(len(chosen) - len(users))
    for start in range(0, len(users), BLOCK):
        block = dict((number, key) for key, number in users[start : start + BLOCK])
        rows = [
            (block[user], (writer.catalogue.product_ids[items], scores, shares))
            for user, items, scores, shares in writer.learned.profiles(list(block))
        ]
        with progress.writing("profiles") as end_at:
            write_profiles(writer.version.pk, rows)
            end_at(users[start + len(block) - 1][0])
        progress.advance(len(block))


def choose_users(orders: Facts, *, most: int) -> list[tuple[str, int]]:
    """Return (key, number) of the users who bought last, at most so many, by ascending key.

    Of anybody else the lists are made when they are asked for.
    """
    last = np.full(orders.user_count, -np.inf)
    known = orders.users >= 0
    np.maximum.at(last, orders.users[known], orders.days[known])
    latest = np.argsort(-last, kind="stable")[:most]
    return sorted((str(orders.user_keys[number]), int(number)) for number in latest if np.isfinite(last[number]))


def _save(version: Version, **values: object) -> None:
    """Write some fields of a version and nothing else of it."""
    for name, value in values.items():
        setattr(version, name, value)
    version.save(update_fields=list(values))
