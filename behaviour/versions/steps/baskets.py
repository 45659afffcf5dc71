"""The rows of products that were in new orders or sessions: what was learned of them, and what is new, by weight.

A row that rests on e baskets says of each neighbour how often it is with the product, in proportion. With n more of
which some hold both, what all of them say is (e * row + n * new) / (e + n): the same mean that the nightly build takes,
of baskets that it has not seen. What only all baskets of the shop together tell (how a pair fares beside all others,
how old a basket is) is left as it was until the next night.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import permutations

from django.db import connection

from behaviour.events.event import Event
from behaviour.learners.item_rows import RowSettings
from behaviour.versions.chosen import read_settings
from behaviour.versions.steps.rows import find_barred, upsert_rows
from behaviour.versions.version import Neighbours, Ranking, Version

MAX_BASKET = 60  # products: more is a crawler or a stock-take
LOOKS = (Event.Kind.CLICK, Event.Kind.VIEW, Event.Kind.CART, Event.Kind.WISHLIST)
# What makes a basket, of which events, and the rows that it is in.
BASKETS = (
    ("order_key", (Event.Kind.PURCHASE,), (Neighbours.Kind.BUNDLE, Neighbours.Kind.CART)),
    ("session_key", LOOKS, (Neighbours.Kind.VIEWED,)),
)
# Products of each basket that has something new, and whether the product is what is new in it.
FIND_MEMBERS = """
SELECT member.key, product.id, bool_or(member.id > %(after)s) FROM (
    SELECT DISTINCT {key} AS wanted FROM behaviour_event
    WHERE id > %(after)s AND id <= %(upto)s AND type = ANY(%(types)s) AND {key} IS NOT NULL
) AS basket, LATERAL (
    SELECT id, sku, {key} AS key FROM behaviour_event
    WHERE {key} = wanted AND type = ANY(%(types)s) AND id <= %(upto)s LIMIT %(most)s
) AS member JOIN catalog_product AS product ON product.sku = member.sku
GROUP BY member.key, product.id
"""
Row = dict[int, tuple[float, float]]  # by neighbour: its score, and the part of it that is behaviour


@dataclass
class Fresh:
    """What new baskets say of one product."""

    baskets: int = 0
    together: Counter[int] = field(default_factory=Counter)  # in how many of them another product is with it


def take_up_baskets(version: Version, *, after: int, upto: int) -> int:
    """Write the rows that the events after one, up to another, change; return how many there are."""
    written = 0
    for key, types, kinds in BASKETS:
        fresh = count_fresh(read_members(key, [str(one) for one in types], after=after, upto=upto))
        written += sum(_update_rows(version, kind, fresh) for kind in kinds)
    return written


def read_members(key: str, types: list[str], *, after: int, upto: int) -> dict[object, list[tuple[int, bool]]]:
    """Return the products of each basket that has a new event, and whether they are new in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            FIND_MEMBERS.format(key=key), {"after": after, "upto": upto, "types": types, "most": 4 * MAX_BASKET}
        )
        found: dict[object, list[tuple[int, bool]]] = defaultdict(list)
        for basket, product_id, is_new in cursor.fetchall():
            found[basket].append((product_id, is_new))
    return found


def count_fresh(baskets: Mapping[object, list[tuple[int, bool]]]) -> dict[int, Fresh]:
    """Count pairs of which at least one product is new in its basket: the others were counted before."""
    found: dict[int, Fresh] = defaultdict(Fresh)
    for members in baskets.values():
        if not 1 < len(members) <= MAX_BASKET:
            continue
        for product_id, _ in members:
            found[product_id].baskets += 1
        for (one, one_is_new), (other, other_is_new) in permutations(members, 2):
            if one_is_new or other_is_new:
                found[one].together[other] += 1
    return found


def _update_rows(version: Version, kind: str, fresh: Mapping[int, Fresh]) -> int:
    known = Neighbours.objects.filter(version_id=version.pk, kind=kind, product_id__in=list(fresh))
    rows = {row.product_id: row for row in known}
    barred = find_barred(version, [(one, other) for one in fresh for other in fresh[one].together], kind=kind)
    mixing = Mixing.of(version, kind, {other for one in fresh.values() for other in one.together})
    changed = []
    for product_id, news in sorted(fresh.items()):
        row = rows.get(product_id) or Neighbours(version_id=version.pk, kind=kind, product_id=product_id)
        for other in [other for other in news.together if (product_id, other) in barred]:
            del news.together[other]
        if news.together:
            mixing.mix(row, news)
            changed.append(row)
    upsert_rows(changed)
    return len(changed)


@dataclass(frozen=True)
class Mixing:
    """How what is new goes into rows of one kind."""

    settings: RowSettings
    support: Mapping[int, int]  # in how many orders products were
    usual_best: float  # the best score of a row, on average

    @classmethod
    def of(cls, version: Version, kind: str, product_ids: Iterable[int]) -> Mixing:
        usual_best = version.figures.get("steps", {}).get("best_scores", {}).get(kind, 1.0)
        settings: RowSettings = getattr(read_settings(version), kind)
        return cls(settings, read_support(version, product_ids), float(usual_best))

    def mix(self, row: Neighbours, news: Fresh) -> None:
        """Give a row what new baskets say, stretched so that its best is as good as the row's best.

        Scores are kept sharpened: they are mixed as they were before.
        """
        power = self.settings.sharpness
        said = {
            other: count / self.support.get(other, 1) ** self.settings.popularity_power
            for other, count in news.together.items()
        }
        stretch = (row.scores[0] if row.scores else self.usual_best) ** (1 / power) / max(said.values())
        old_weight = row.evidence + self.settings.prior.prior_count
        old, new = (weight / (old_weight + news.baskets) for weight in (old_weight, news.baskets))
        mixed: Row = {
            other: (old * score ** (1 / power), old * score ** (1 / power) * share)
            for other, score, share in zip(row.neighbour_ids or [], row.scores or [], row.shares or [], strict=True)
        }
        for other, score in said.items():
            before, behaviour = mixed.get(other, (0.0, 0.0))
            mixed[other] = (before + new * score * stretch, behaviour + new * score * stretch)
        counted = [item for item in mixed.items() if item[1][0] > 0]  # what was borrowed may count for nothing now
        kept = sorted(counted, key=lambda item: (-item[1][0], item[0]))[: self.settings.length]
        row.neighbour_ids = [other for other, _ in kept]
        row.scores = [score**power for _, (score, _) in kept]
        row.shares = [min(behaviour / score, 1.0) for _, (score, behaviour) in kept]
        row.evidence += news.baskets


def read_support(version: Version, product_ids: Iterable[int]) -> dict[int, int]:
    """Return in how many orders products were, at least 1, as far as they were in any."""
    ranked = Ranking.objects.filter(version_id=version.pk, kind=Ranking.Kind.POPULAR, product_id__in=list(product_ids))
    return {product_id: max(support, 1) for product_id, support in ranked.values_list("product_id", "support")}
