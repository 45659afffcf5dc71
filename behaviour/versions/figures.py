"""What is kept of a build beside its rows: how much it was, and what steps through the day need to go on from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import connection

from behaviour.learners.facts import Floats
from behaviour.versions.material import Material
from behaviour.versions.version import Profile, Version


def count_evidence(material: Material) -> dict[str, Floats]:
    """Return by kind in how many orders or sessions each product was, (products,)."""
    count = len(material.catalogue)
    orders, views = (
        np.bincount(facts.basket_lines().items, minlength=count).astype(np.float32)
        for facts in (material.orders, material.views)
    )
    return {"bundle": orders, "cart": orders, "viewed": views, "personal": orders + views}


def describe_build(version: Version, material: Material) -> dict[str, Any]:
    """Return the figures of a version whose rows are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, count(*), avg(scores[1]) FROM behaviour_neighbours WHERE version_id = %s GROUP BY kind",
            [version.pk],
        )
        kinds = cursor.fetchall()
    profiles = Profile.objects.filter(version_id=version.pk).count()
    return {
        "facts": {"orders": len(material.orders), "views": len(material.views)},
        "rows": {kind: count for kind, count, _ in kinds} | {"profiles": profiles},
        "steps": {
            "order_lines": len(material.orders.basket_lines().items),
            "last_day": material.orders.last_day,
            "best_scores": {kind: round(float(best), 6) for kind, _, best in kinds},
        },
    }
