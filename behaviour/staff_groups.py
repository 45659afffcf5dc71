"""The groups of staff that a shop starts with, and what each may do. A migration makes them; staff may change them.

Nobody needs more than one: each has what its work needs, and all but keys, users and the events of people may be seen.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

SHOP = ("catalog", "embeddings", "recommendations", "behaviour")
PERSONAL = {"behaviour.event", "catalog.viewrecord"}  # what single people did: for who works with it
# Rows that are written by programs alone and shown nowhere: no group needs them.
EVERYTHING = ("add", "change", "delete")
CURATED = {  # by model: what may be done beside looking
    "catalog.product": EVERYTHING,
    "catalog.productimage": EVERYTHING,
    "catalog.productaudio": EVERYTHING,
    "catalog.category": EVERYTHING,
    "catalog.wording": EVERYTHING,
    "catalog.source": ("change",),
    "recommendations.rule": EVERYTHING,
    "recommendations.searchrule": EVERYTHING,
    "recommendations.goldenpair": EVERYTHING,
    "recommendations.goldenjudgement": EVERYTHING,
    "recommendations.blindvote": ("add",),
    "embeddings.pendingembedding": ("change",),
    "embeddings.embeddingspace": ("change",),  # the dial; a promotion is asked about first
    "behaviour.shortstock": ("change",),
}
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    gettext_noop("viewer"): {},
    gettext_noop("merchandiser"): CURATED,
    gettext_noop("analyst"): {
        "behaviour.experiment": EVERYTHING,
        "behaviour.event": ("view",),
        "recommendations.goldenpair": EVERYTHING,
        "recommendations.goldenjudgement": EVERYTHING,
        "recommendations.blindvote": ("add",),
    },
    gettext_noop("operator"): {
        "api.apikey": ("view", *EVERYTHING),
        "catalog.source": EVERYTHING,
        "embeddings.embeddingspace": ("add", "change"),
        "embeddings.pendingembedding": ("change",),
        "behaviour.version": ("change",),
        "behaviour.event": ("view",),
    },
}


def list_rights(group: str, *, models: list[str]) -> set[tuple[str, str]]:
    """Return (model label, action) of all that a group may do with `models`, each as `app.model`."""
    own = GROUPS[group]
    seen = {(model, "view") for model in models if model.split(".")[0] in SHOP and model not in PERSONAL}
    return seen | {(model, action) for model in models for action in own.get(model, ())}


def make_groups(apps: Any) -> None:
    """Make the groups, or give those of that name what they lack. `apps` has the tables, as migrations have them."""
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    known = permission_model.objects.select_related("content_type")
    by_right = {
        (f"{one.content_type.app_label}.{one.content_type.model}", one.codename.split("_")[0]): one for one in known
    }
    models = sorted({model for model, _action in by_right})
    for name in GROUPS:
        group, _ = group_model.objects.get_or_create(name=name)
        group.permissions.add(*[by_right[right] for right in list_rights(name, models=models) if right in by_right])
