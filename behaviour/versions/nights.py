"""What happens without being asked: a version is built each night, serves if it is no worse, and old ones go."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from behaviour.events.event import settled_id
from behaviour.versions.lifecycle import BUILD_LOCK, drop_version
from behaviour.versions.version import Status, Version
from embeddings.spaces.locks import read_holder

GROWTH = 10  # times as many events as the live version was learned from: the night is not waited for
UNFINISHED_KEPT = timedelta(hours=20)  # what was interrupted goes on as long as its facts are of the day


def is_due() -> bool:
    """Return whether a version is to be built now: cheap, for it is asked every few minutes.

    The first as soon as anything happened; then each day after the hour of the settings, if anything happened since.
    """
    if read_holder(BUILD_LOCK):
        return False
    if find_unfinished():
        return True
    newest, last = Version.objects.order_by("-pk").first(), settled_id()
    if newest is None or last <= newest.last_event_id:
        return newest is None and last > 0
    return newest.created_at < find_last_hour(timezone.now()) or last >= GROWTH * newest.last_event_id


def find_last_hour(now: datetime) -> datetime:
    """Return when it was last the hour at which versions are built, in the time zone of the settings."""
    local = timezone.localtime(now)
    today = local.replace(hour=settings.KINDRED_BEHAVIOUR_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= local else today - timedelta(days=1)


def find_unfinished() -> Version | None:
    """Return the version whose build was interrupted not long ago, None where there is none."""
    since = timezone.now() - UNFINISHED_KEPT
    return Version.objects.filter(status=Status.BUILDING, created_at__gt=since).order_by("-pk").first()


def drop_outdated() -> list[str]:
    """Drop what nobody goes back to; return the names.

    Kept are the live version, the one that was served before it and the one that was served last; the newest that waits
    to be promoted, the newest that failed, for its reason, and what is being built or will be gone on with.
    """
    of = Version.objects.filter
    kept = [
        Version.objects.live(),
        Version.objects.rollback_target(),
        of(status=Status.RETIRED).order_by("-retired_at").first(),
        of(status=Status.READY).order_by("-pk").first(),
        of(status=Status.FAILED).order_by("-pk").first(),
        find_unfinished(),
    ]
    outdated = Version.objects.exclude(pk__in=[version.pk for version in kept if version])
    if read_holder(BUILD_LOCK):
        outdated = outdated.exclude(status__in=[Status.BUILDING, Status.FAILED])
    names = []
    for version in outdated:
        drop_version(version)
        names.append(version.name)
    return names
