"""What else speaks for a product than that it is what was searched for: a small share of its score, no more.

Other apps register theirs as SQL. It is read in the statement that fetches the cards, where its setting is above 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings

from recommendations.recommendation_list import Candidate
from recommendations.statements import Extra

# By name: SQL, a scalar of the product `p` from 0 to 1 or null, and the setting that says its largest share.
PRIORS: dict[str, tuple[str, str]] = {}


def register_prior(name: str, sql: str, *, setting: str) -> None:
    """Let `sql` raise the scores of searches, each by at most the share that the setting says.

    It is asked of some hundred products in one statement: it has to be a look-up by an index on the product.
    """
    PRIORS[name] = (sql, setting)


def prior_column() -> Extra:
    """Return the column `prior` of cards: by which share the score of a product is raised."""
    parts = [
        f"{share} * least(greatest(coalesce(({sql})::float8, 0), 0), 1)"
        for sql, setting in PRIORS.values()
        if (share := float(getattr(settings, setting))) > 0
    ]
    return Extra(columns=f", {' + '.join(parts) or '0.0'} AS prior", joins="", beside="")


def raise_by_priors(found: Sequence[Candidate]) -> list[Candidate]:
    """Return what was found with scores raised: score (1 + prior)."""
    return [replace(one, score=one.score * (1.0 + one.prior)) if one.prior else one for one in found]
