"""What staff are asked before a version is promoted, rolled back to, or dropped, and what follows from a yes."""

from __future__ import annotations

from django.utils.translation import gettext

from behaviour.versions.promotion import find_objection
from behaviour.versions.version import Version
from embeddings.spaces.consequences import Question


def ask_promote(version: Version) -> Question:
    """What serving `version` from now on means, and what speaks against it."""
    live = Version.objects.live()
    consequences = [gettext("What shoppers see of bundles, trends and personal lists comes from it at once.")]
    if live is None:
        consequences.append(gettext("No version is served now."))
    else:
        kept = gettext("%(name)s, which is served now, is kept, and can be rolled back to.")
        consequences.append(kept % {"name": live.name})
        if objection := find_objection(version, live):
            consequences.append(gettext("By itself it would not be promoted: %s") % objection)
    return Question(
        question=gettext("Serve the version %(name)s from now on?") % {"name": version.name}, consequences=consequences
    )


def ask_drop(version: Version) -> Question:
    """What is lost with `version`."""
    return Question(
        question=gettext("Drop the version %(name)s?") % {"name": version.name},
        consequences=[
            gettext("All that it has learned is deleted. The events stay: another version learns from them again.")
        ],
    )
