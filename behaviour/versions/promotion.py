"""Whether a version that was built may serve by itself: not where it is worse, and not where people have a say."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from behaviour.versions.lifecycle import VersionError, promote
from behaviour.versions.version import Version

NOISE = 0.006  # two measures that differ by less are taken to be the same
LEAST_SHARE = 0.5  # of the rows of each kind that the live version has: with fewer, something is missing


def promote_by_itself(version: Version) -> str:
    """Promote a version that is ready, unless a person has to; return in one sentence what happened and why."""
    live = Version.objects.live()
    if live is not None and (objection := find_objection(version, live)):
        return gettext("%(name)s waits to be promoted: %(objection)s") % {"name": version.name, "objection": objection}
    try:
        before = promote(version, instead_of=live)
    except VersionError as error:
        return str(error)
    if before is None:
        return gettext("%s is live.") % version.name
    return gettext("%(name)s is live; %(before)s can be rolled back to.") % {
        "name": version.name,
        "before": before.name,
    }


def find_objection(version: Version, live: Version) -> str:
    """Return why a person has to promote `version` in the place of `live`, empty where nothing speaks against it."""
    if settings.KINDRED_BEHAVIOUR_PROMOTE == "ask":
        return gettext("KINDRED_BEHAVIOUR_PROMOTE is ask.")
    if live.retired_at is not None:
        return gettext("%s was rolled back to, and stays until a person promotes another one.") % live.name
    for name, (ours, theirs) in pair_measures(version.figures).items():
        if ours < theirs - NOISE:
            said = gettext("%(measure)s is %(ours).3f, with the settings of %(live)s %(theirs).3f.")
            return said % {"measure": name, "ours": ours, "theirs": theirs, "live": live.name}
    for kind, count in live.figures.get("rows", {}).items():
        ours = version.figures.get("rows", {}).get(kind, 0)
        if ours < LEAST_SHARE * count:
            said = gettext("it has %(ours)d rows of the kind %(kind)s, %(live)s has %(count)d.")
            return said % {"ours": ours, "kind": kind, "live": live.name, "count": count}
    return ""


def pair_measures(figures: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return what validation measured with a version's settings and with those of the live one, on the same events."""
    ours, theirs = figures.get("validation", {}), figures.get("validation_of_live", {})
    return {name: (ours[name], theirs[name]) for name in ours if name in theirs}
