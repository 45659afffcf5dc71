"""How far two versions agree: what their lists share, and their figures side by side."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext

from behaviour.versions.lifecycle import VersionError, check_built
from behaviour.versions.version import Neighbours, Version

COMPARED_PRODUCTS = 1_000


@dataclass(frozen=True)
class Agreement:
    """What two versions share of the first k neighbours of one kind."""

    kind: str
    k: int
    mean: float  # of |A's first k and B's first k| / the longer of both, over the compared products; 0 without any
    product_count: int  # that were compared: those with a row in either, at most 1,000


def measure_agreement(left: Version, right: Version, *, kind: str, k: int = 10) -> Agreement:
    """Compare the neighbours of up to 1,000 products, spread over all that have a row in either version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH compared AS (SELECT product_id FROM (SELECT product_id FROM behaviour_neighbours "
            "WHERE kind = %(kind)s AND version_id = ANY(%(versions)s) GROUP BY product_id) AS known "
            "ORDER BY hashint8(product_id), product_id LIMIT %(most)s) "
            "SELECT count(*), coalesce(avg(shared::float8 / greatest(array_length(ours, 1), array_length(theirs, 1), 1)"
            "), 0) FROM (SELECT (SELECT neighbour_ids[:%(k)s] FROM behaviour_neighbours WHERE version_id = %(left)s "
            "AND kind = %(kind)s AND product_id = compared.product_id) AS ours, "
            "(SELECT neighbour_ids[:%(k)s] FROM behaviour_neighbours WHERE version_id = %(right)s "
            "AND kind = %(kind)s AND product_id = compared.product_id) AS theirs FROM compared) AS pairs, "
            "LATERAL (SELECT count(*) AS shared FROM unnest(ours) AS id WHERE id = ANY(theirs)) AS counted",
            {
                "kind": kind,
                "versions": [left.pk, right.pk],
                "left": left.pk,
                "right": right.pk,
                "k": k,
                "most": COMPARED_PRODUCTS,
            },
        )
        count, mean = cursor.fetchone() or (0, 0)
    return Agreement(kind=kind, k=k, mean=float(mean), product_count=int(count))


def compare_versions(left: Version, right: Version) -> list[Agreement]:
    """Compare two versions by each kind of neighbours. Raises VersionError where one of them is not built."""
    for version in (left, right):
        check_built(version)
    if left == right:
        raise VersionError(gettext("Name two versions: %s is one.") % left.name)
    return [measure_agreement(left, right, kind=kind) for kind in Neighbours.Kind.values]
