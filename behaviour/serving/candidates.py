"""The SQL of what was learned: neighbours of products, a user's profile, rankings. All of the version that is live."""

from __future__ import annotations

from collections.abc import Sequence

from behaviour.learners.merging import count_summed
from behaviour.versions.version import Neighbours, Ranking
from recommendations.strategies import Brought
from recommendations.visitors import Interest

LIVE = "(SELECT id FROM behaviour_version WHERE status = 'live')"
STRICT_SHARE = 0.5  # of a score that has to be behaviour, where nothing else is wanted
PROFILE_WEIGHT = 1.0  # of the nightly profile, beside what the visitor did: the best of each counts the same
WEIGHED_PLACES = 500  # of a ranking, which a visitor's categories may reorder

# Sums over what a list goes by; `because` is what gave the most. A comparison of arrays finds it without a sort.
NEIGHBOURS = """
SELECT id AS product_id, sum(weight * score) AS score,
    sum(weight * score * share) / nullif(sum(weight * score), 0) AS share,
    -(max(ARRAY[weight * score, -anchor_id]))[2]::bigint AS because
FROM (SELECT w.id AS anchor_id, w.weight,
        unnest(r.neighbour_ids[:%(bring_each)s]) AS id, unnest(r.scores[:%(bring_each)s])::float8 AS score,
        unnest(r.shares[:%(bring_each)s])::float8 AS share
    FROM unnest(%(bring_ids)s::bigint[], %(bring_weights)s::float8[]) w(id, weight)
    JOIN behaviour_neighbours r ON r.version_id = {live} AND r.kind = '{kind}' AND r.product_id = w.id) n
WHERE share >= {least}
GROUP BY id"""
PROFILE = """
SELECT product_id, score, share, NULL::bigint AS because
FROM (SELECT unnest(r.product_ids) AS product_id, unnest(r.scores)::float8 AS score, unnest(r.shares)::float8 AS share
    FROM behaviour_profile r WHERE r.version_id = {live} AND r.user_key = %(bring_user)s::uuid) n
WHERE share >= {least}"""
BEST_ONE = "SELECT product_id, score / max(score) OVER () AS score, share, because FROM ({part}) part WHERE score > 0"
# Joined, and not grouped once more, which takes as much memory again as the neighbours do.
JOINED = """
SELECT product_id, coalesce(near.score, 0) + coalesce({weight} * own.score, 0) AS score,
    (coalesce(near.score * near.share, 0) + coalesce({weight} * own.score * own.share, 0))
        / (coalesce(near.score, 0) + coalesce({weight} * own.score, 0)) AS share, near.because
FROM ({near}) near FULL JOIN ({own}) own USING (product_id)"""
OWN = """
SELECT id AS product_id, weight AS score, 1.0::float8 AS share, NULL::bigint AS because
FROM unnest(%(bring_ids)s::bigint[], %(bring_weights)s::float8[]) w(id, weight)"""
RANKING = """
SELECT r.product_id, r.place FROM behaviour_ranking r WHERE r.version_id = {live} AND r.kind = '{kind}'"""
WEIGHED = """
SELECT r.product_id, r.place / (1 + coalesce(w.weight, 0)) AS place
FROM behaviour_ranking r JOIN catalog_product c ON c.id = r.product_id
LEFT JOIN unnest(%(bring_ids)s::bigint[], %(bring_weights)s::float8[]) w(id, weight) ON w.id = c.category_id
WHERE r.version_id = {live} AND r.kind = '{kind}' AND r.place <= {places}"""


def bring_neighbours(kind: Neighbours.Kind, weights: dict[int, float], *, is_strict: bool = False) -> Brought | None:
    """Bring the neighbours of products, which weigh as much as is said; None where there are no products."""
    if not weights:
        return None
    return Brought(sql=write_neighbours(kind, is_strict=is_strict), params=bind_weights(weights))


def bring_for_person(weights: dict[int, float], *, user_key: str, is_strict: bool = False) -> Brought | None:
    """Bring what goes with a person's interests, joined with the nightly profile where they have one."""
    if not user_key:
        return bring_neighbours(Neighbours.Kind.PERSONAL, weights, is_strict=is_strict)
    near = write_neighbours(Neighbours.Kind.PERSONAL, is_strict=is_strict)
    own = PROFILE.format(live=LIVE, least=least_share(is_strict))
    parts = {"near": BEST_ONE.format(part=near), "own": BEST_ONE.format(part=own)}
    sql = JOINED.format(weight=PROFILE_WEIGHT, **parts)
    return Brought(sql=sql, params={**bind_weights(weights), "bring_user": user_key})


def bring_own(interests: Sequence[Interest]) -> Brought:
    """Bring these products themselves, nothing where there are none."""
    return Brought(sql=OWN, params=bind_weights({interest.product_id: interest.weight for interest in interests}))


def bring_ranking(kind: Ranking.Kind, category_weights: dict[int, float] | None = None) -> Brought:
    """Bring a ranking of all products; a place of `p` in a category of weight `w` counts as `p / (1 + w)`."""
    ranking = RANKING.format(live=LIVE, kind=kind)
    if not category_weights:
        return Brought(sql=ranking, is_ranking=True)
    first = WEIGHED.format(live=LIVE, kind=kind, places=WEIGHED_PLACES)
    rest = f"{ranking} AND r.place > {WEIGHED_PLACES}"
    return Brought(sql=rest, params=bind_weights(category_weights), first=first, is_ranking=True)


def write_neighbours(kind: Neighbours.Kind, *, is_strict: bool) -> str:
    return NEIGHBOURS.format(live=LIVE, kind=kind, least=least_share(is_strict))


def least_share(is_strict: bool) -> float:
    return STRICT_SHARE if is_strict else 0.0


def bind_weights(weights: dict[int, float]) -> dict[str, object]:
    each = list(map(float, weights.values()))
    return {"bring_ids": list(weights), "bring_weights": each, "bring_each": count_summed(len(weights))}
