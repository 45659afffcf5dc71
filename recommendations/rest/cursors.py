"""Cursors: where a list goes on. Signed, so that they cannot be made up; stateless, so that nothing has to be kept.

A cursor names what the earlier pages have shown. The next page is the best of the rest, whatever was added, removed or
changed in between: nothing comes twice and nothing that may be shown is passed over.
"""

from __future__ import annotations

import hashlib
from itertools import accumulate, pairwise

from django.core.signing import BadSignature, Signer

from api.problems import RequestError
from recommendations.recommendation_list import RecommendationList
from recommendations.requests import Page

SIGNER = Signer(salt="recommendations.cursor")


def make_cursor(shown: RecommendationList, *, page: Page, asked: str) -> str | None:
    """Return the cursor of the page after `shown`, None at the end. `asked` identifies the parameters of the list."""
    if not shown.more:
        return None
    ids = sorted({*page.shown_ids, *(item.candidate.product_id for item in shown)})
    steps = [after - before for before, after in pairwise([0, *ids])]  # smaller numbers, shorter URLs
    return SIGNER.sign_object([shown.recommendation_id, fingerprint(asked), steps], compress=True)


def read_cursor(cursor: str, *, asked: str) -> Page:
    """Return the page that the cursor points to. Raises RequestError."""
    try:
        recommendation_id, parameters, steps = SIGNER.unsign_object(cursor)
    except (BadSignature, ValueError, TypeError) as error:
        raise RequestError("cursor", "This is not a cursor of this server. Start again without a cursor.") from error
    if parameters != fingerprint(asked):
        raise RequestError(
            "cursor", "This cursor belongs to a list with other parameters. Start again without a cursor."
        )
    return Page(shown_ids=tuple(accumulate(steps)), recommendation_id=recommendation_id)


def fingerprint(asked: str) -> str:
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
