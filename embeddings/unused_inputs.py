"""What encoders said of inputs that no product has any more, in any space.

A round looks at all products and notes which inputs they have, as every space reads them; then it looks at all inputs,
and those go that were not in use for KINDRED_INPUTS_KEPT_DAYS when it began: one that is gone on with weeks later, as
of a backup that was restored, would else take all for unused. What went too early would be encoded once more, so
nothing has to be locked against saves, builds and workers meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.chore import Chore, take_turn
from catalog.models import Product
from catalog.pruning import register_pruner
from embeddings.composition import parse_composition
from embeddings.inputs import load_inputs
from embeddings.modalities.registry import find_modality
from embeddings.models import EmbeddingSpace

PRODUCTS_AT_ONCE = 500
INPUTS_AT_ONCE = 5000
CHORE = "inputs"

# A day is as precise as it has to be: what is noted already costs a look.
NOTE_USE = """
INSERT INTO embeddings_inputuse AS noted (input_id, used_on)
SELECT id, %s FROM embeddings_encodedinput WHERE encoder = ANY(%s) AND sha256 = ANY(%s) ORDER BY id
ON CONFLICT (input_id) DO UPDATE SET used_on = excluded.used_on WHERE noted.used_on < excluded.used_on
"""
# From one to the next by the index: there are a handful, of millions of rows.
ENCODERS = """
WITH RECURSIVE named(encoder) AS (
    SELECT min(encoder) FROM embeddings_encodedinput UNION ALL
    SELECT (SELECT min(encoder) FROM embeddings_encodedinput AS more WHERE more.encoder > named.encoder)
    FROM named WHERE encoder IS NOT NULL
) SELECT encoder FROM named WHERE encoder IS NOT NULL
"""
UNUSED = """
WITH batch AS (
    SELECT id, coalesce(used_on, created_at::date) < %s AS is_unused
    FROM embeddings_encodedinput LEFT JOIN embeddings_inputuse ON input_id = id WHERE id > %s ORDER BY id LIMIT %s
)"""
COUNT = UNUSED + "SELECT max(id), count(*), count(*) FILTER (WHERE is_unused) FROM batch"
DELETE = (
    UNUSED
    + """,
gone AS (DELETE FROM embeddings_encodedinput WHERE id IN (SELECT id FROM batch WHERE is_unused) RETURNING 1),
noted AS (DELETE FROM embeddings_inputuse WHERE input_id IN (SELECT id FROM batch WHERE is_unused) RETURNING 1)
SELECT max(id), count(*), (SELECT count(*) FROM gone) FROM batch
"""
)


@register_pruner(CHORE, title="What encoders said of texts, pictures and sounds that are gone", every=timedelta(days=7))
def prune_inputs(dry_run: bool) -> Iterator[int]:
    """Go on with the round where it is, to its end. A dry run notes what is in use, too, and then only counts."""
    if not settings.KINDRED_INPUTS_KEPT_DAYS:
        return
    state: dict[str, Any] = {"phase": "products"}
    while state.get("phase", "products") == "products":
        with take_turn(CHORE) as chore:
            if chore.state.get("phase", "products") == "products":
                note_use(chore)
            state = chore.state
        yield 0
    if dry_run:
        yield from _count_unused(_unused_before(state))
        return
    while state:
        with take_turn(CHORE) as chore:
            count = _delete_unused(chore) if chore.state.get("phase") == "inputs" else 0
            state = chore.state if chore.state.get("phase") == "inputs" else {}
        yield count


def note_use(chore: Chore) -> None:
    """Note what the next products use and move the chore on; after the last, to the inputs."""
    after, began = chore.state.get("after", 0), chore.state.get("began") or str(timezone.now().date())
    ids = list(Product.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:PRODUCTS_AT_ONCE])
    today = timezone.now().date()
    with connection.cursor() as cursor:
        cursor.execute(ENCODERS)
        encoders = [encoder for (encoder,) in cursor.fetchall()]
        for identity, hashes in read_used(ids).items():
            cursor.execute(NOTE_USE, [today, [identity] if identity else encoders, sorted(hashes)])
    is_last = len(ids) < PRODUCTS_AT_ONCE
    chore.state = {"phase": "inputs", "after": 0} if is_last else {"phase": "products", "after": ids[-1]}
    chore.state["began"] = began


def read_used(product_ids: list[int]) -> dict[str, set[str]]:
    """Return the hashes of all inputs of these products by the identity of the encoder, as the spaces read them.

    A space that was fitted on none of the shop's products does not know what its encoders are called: "".
    """
    used: dict[str, set[str]] = defaultdict(set)
    for space in EmbeddingSpace.objects.filter(text_dim__gt=0):
        chosen = {name: choice for name, choice in space.list_modalities().items() if not find_modality(name).is_fitted}
        for product in load_inputs(
            product_ids, parts=parse_composition(space.text_composition), modalities=tuple(chosen)
        ):
            for name, choice in chosen.items():
                used[choice.identity].update(one.sha256 for one in product.list_inputs(name))
    return used


def _delete_unused(chore: Chore) -> int:
    """Delete what is unused of the next inputs; after the last the round is over."""
    last, seen, count = _ask(DELETE, chore.state["after"], before=_unused_before(chore.state))
    chore.state = chore.state | {"after": last} if seen == INPUTS_AT_ONCE else {}
    return count


def _count_unused(before: date) -> Iterator[int]:
    last, seen = 0, INPUTS_AT_ONCE
    while seen == INPUTS_AT_ONCE:
        last, seen, count = _ask(COUNT, last, before=before)
        yield count


def _ask(statement: str, after: int, *, before: date) -> tuple[int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [before, after, INPUTS_AT_ONCE])
        last, seen, count = cursor.fetchone()
    return last or after, seen, count


def _unused_before(state: dict[str, Any]) -> date:
    return date.fromisoformat(state["began"]) - timedelta(days=settings.KINDRED_INPUTS_KEPT_DAYS)
