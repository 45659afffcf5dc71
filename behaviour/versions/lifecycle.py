"""The states of a version: declared, promoted, rolled back to, dropped, and when each is allowed.

How one is built is in `building`, how two are compared in `agreement`. The words are those of spaces.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext

from behaviour.events.event import settled_id
from behaviour.versions.version import VECTORS_SETTLE, Neighbours, Profile, Ranking, Status, Version
from embeddings.free_names import find_free_name
from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.locks import lock_until_commit, read_holder

BUILD_LOCK = "behaviour:build"
PROMOTE_LOCK = "behaviour:promote"
BUILD_COMMAND = "manage.py train_behaviour --version"
DROP_SLICE = 5_000  # rows deleted in one transaction
ROWS: tuple[type[models.Model], ...] = (Neighbours, Ranking, Profile)


class VersionError(Exception):
    """What was asked of a version cannot be done now. The message says why and what to do."""


class BuildRunning(VersionError):
    """Another version is being built: wait until it is done (manage.py behaviour list)."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def create_version(name: str = "") -> Version:
    """Declare a version of all events up to now, named for the day unless it is named. Raises VersionError."""
    if name and Version.objects.filter(name=name).exists():
        raise VersionError(gettext("There is a version %s already: choose another name.") % name)
    now, live = timezone.now(), EmbeddingSpace.objects.live()
    last_event_id = settled_id()
    return Version.objects.create(
        name=name or find_free_name(f"{now:%Y-%m-%d}", taken=Version.objects.values_list("name", flat=True)),
        space_id=live.pk if live else None,
        facts_until=now,
        last_event_id=last_event_id,
        stepped_to=last_event_id,
        borrowed_to=find_last_vector(live.pk) if live else 0,
    )


def find_last_vector(space_id: int) -> int:
    """Return the last vector that a build will surely read, 0 without any: steps look at those that come after it.

    From the first on, they would search for the neighbours of the whole catalogue, which the build has done.
    """
    settled = ProductEmbedding.objects.filter(
        space_id=space_id, modality=FUSED, updated_at__lt=timezone.now() - VECTORS_SETTLE
    )
    return settled.aggregate(last=Max("pk"))["last"] or 0


def get_version(name: str) -> Version:
    """Return the version of that name. Raises VersionError with the names there are."""
    version = Version.objects.filter(name=name).first()
    if version is None:
        names = ", ".join(Version.objects.values_list("name", flat=True)) or "none yet"
        raise VersionError(f"There is no version {name!r}. Versions: {names}.")
    return version


def check_built(version: Version) -> None:
    """Raise VersionError where a version was never built to the end, so that it can be neither served nor compared."""
    told = {"name": version.name, "failure": version.failure, "command": f"{BUILD_COMMAND} {version.name}"}
    if version.status == Status.FAILED:
        said = gettext(
            "Version %(name)s is not built: the build failed (%(failure)s). Mend that, then run %(command)s again."
        )
        raise VersionError(said % told)
    if version.status == Status.BUILDING:
        raise VersionError(gettext("Version %(name)s is not built yet: build it first (%(command)s).") % told)


def promote(version: Version, *, instead_of: Version | None = None, is_rollback: bool = False) -> Version | None:
    """Serve `version` from now on, in one transaction; return the version that was served until now.

    With `instead_of` only if that one is live still: what it was compared with. A version that is rolled back to keeps
    the moment of its promotion: what came after it is not what was before it. Raises VersionError.
    """
    with transaction.atomic():
        lock_until_commit(PROMOTE_LOCK)
        version.refresh_from_db(fields=["status", "failure", "promoted_at"])
        if version.status == Status.LIVE:
            raise VersionError(gettext("Version %s is live already.") % version.name)
        check_built(version)
        live, now = Version.objects.live(), timezone.now()
        if instead_of is not None and live != instead_of:
            raise VersionError(gettext("Version %s is live no longer: compare again.") % instead_of.name)
        Version.objects.filter(status=Status.LIVE).update(status=Status.RETIRED, retired_at=now)
        version.status = Status.LIVE
        version.promoted_at = version.promoted_at if is_rollback else now
        version.save(update_fields=["status", "promoted_at"])
    return live


def roll_back() -> Version:
    """Serve again the version that was served before the live one; return it. Raises VersionError where there is none.

    A second time goes one further back, never forward.
    """
    target = Version.objects.rollback_target()
    if target is None:
        raise VersionError(gettext("There is no version to roll back to: none was served before the live one."))
    promote(target, is_rollback=True)
    return target


def drop_version(version: Version) -> None:
    """Delete a version with all its rows, slice by slice. Raises VersionError for the live one, and one being built.

    The version itself goes last: what is cut off in the middle is dropped by the next who asks.
    """
    with transaction.atomic():
        lock_until_commit(PROMOTE_LOCK)  # what is dropped is not promoted meanwhile
        version.refresh_from_db(fields=["status"])
        if version.status == Status.LIVE:
            raise VersionError(gettext("Version %s is live: promote another one first.") % version.name)
        if version.status == Status.BUILDING and read_holder(BUILD_LOCK):
            raise VersionError(gettext("Version %s is being built: wait, or stop the build first.") % version.name)
        version.status, version.failure = Status.FAILED, gettext("It is being dropped.")
        version.save(update_fields=["status", "failure"])
    for model in ROWS:
        while _delete_slice(model._default_manager.filter(version_id=version.pk)):
            pass
    version.delete()


def _delete_slice(rows: models.QuerySet[Any]) -> int:
    """Return how many of the rows were deleted, at most a slice."""
    return rows.filter(pk__in=rows.values("pk")[:DROP_SLICE]).delete()[0]
