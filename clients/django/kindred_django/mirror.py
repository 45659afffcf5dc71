"""Makes Kindred have what a source says of some products. Only what is not as Kindred was last told is sent."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kindred_django.api import Refused, Unavailable, ask, product_path, read_reason, to_json
from kindred_django.configuration import configuration
from kindred_django.counts import Counts
from kindred_django.models import Mirrored
from kindred_django.pictures import send_pictures
from kindred_django.sources import ProductSource
from kindred_django.turns import HeldTurn

logger = logging.getLogger("kindred_django")


LONGEST_SKU = 100  # characters
COLUMNS = ("sku", "body_hash", "images_hash", "refused")  # of `Mirrored`, which a run may change


@dataclass
class Draft:
    """A product as its source has it now, and what becomes of it."""

    key: str
    sku: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    images: list[str] | None = None
    body_hash: str = ""
    images_hash: str = ""
    problem: str = ""


def hash_text(text: str) -> str:
    """Return the fingerprint of what is sent; of another Kindred it is another one."""
    return hashlib.sha256(f"{configuration().url}\n{text}".encode()).hexdigest()


def draft_product(source: ProductSource, product: Any) -> Draft:
    """Return what is to be sent. Whatever the shop's own code raises is the problem of this product alone."""
    draft = Draft(key=source.key(product))
    draft.sku = draft.key  # until it is known
    try:
        sku = str(source.sku(product))
        if not 0 < len(sku) <= LONGEST_SKU or "\0" in sku:
            raise ValueError(f"a SKU has 1 to {LONGEST_SKU} characters, not {sku[:LONGEST_SKU]!r}")
        draft.sku = sku
        body = dict(source.to_kindred(product))
        images = body.pop("images", None)
        draft.images = None if images is None else [str(address) for address in images]
        draft.body = body | {"sku": draft.sku}
        draft.body_hash = hash_text(to_json(draft.body))
        draft.images_hash = hash_text(to_json(draft.images)) if draft.images else ""
    except Exception as error:
        logger.exception("%s cannot say what %s is.", source.name, draft.key)
        draft.problem = f"{type(source).__name__}: {type(error).__name__}: {error}"
    return draft


def draft_products(source: ProductSource, products: Iterable[Any]) -> list[Draft]:
    """Return what is to be sent of a batch. Of two products that are called alike only the first one is."""
    drafts, taken = [draft_product(source, product) for product in products], dict[str, str]()
    for draft in drafts:
        other = draft.key if draft.problem else taken.setdefault(draft.sku, draft.key)
        if other != draft.key:
            draft.problem, draft.body_hash = f"Product {other} is called {draft.sku} too.", ""
    return drafts


def mirror_products(
    source: ProductSource, products: Iterable[Any], *, keys: Sequence[str], turn: HeldTurn, counts: Counts
) -> None:
    """Send those of the products that changed, and delete those of the keys that are not among them.

    Raises Unavailable, whatever has been sent until then being known, and Busy.
    """
    drafts = {draft.key: draft for draft in draft_products(source, products)}
    known = remember_products(source, [*drafts, *keys], drafts=drafts)
    counts.seen += len(drafts)
    changed = [draft for draft in drafts.values() if is_changed(draft, known[draft.key])]
    send_bodies([draft for draft in changed if not draft.problem], turn=turn)
    in_use = {draft.sku for draft in drafts.values()}
    for draft in changed:
        note_outcome(draft, known[draft.key], in_use=in_use, turn=turn, counts=counts)
    if changed:
        Mirrored.objects.bulk_update((known[draft.key] for draft in changed), COLUMNS)
    for draft in drafts.values():
        row = known[draft.key]
        if not row.refused and draft.images is not None and row.images_hash != draft.images_hash:
            is_all = send_pictures(draft.sku, draft.images, turn=turn, counts=counts)
            row.images_hash = draft.images_hash if is_all else "unfinished"
            row.save(update_fields=["images_hash"])
    delete_products([row for key, row in known.items() if key not in drafts], turn=turn, counts=counts)


def remember_products(source: ProductSource, keys: Iterable[str], *, drafts: dict[str, Draft]) -> dict[str, Mirrored]:
    """Return the rows of these keys, made for drafts that are new: before Kindred hears of a product we know of it."""
    rows = Mirrored.objects.filter(source=source.name, key__in=set(keys))
    known = {row.key: row for row in rows}
    new = [draft for key, draft in drafts.items() if key not in known]
    if new:
        Mirrored.objects.bulk_create(Mirrored(source=source.name, key=draft.key, sku=draft.sku) for draft in new)
        known = {row.key: row for row in rows.all()}
    return known


def is_changed(draft: Draft, row: Mirrored) -> bool:
    """Is it not as Kindred was last told, or was last told that it cannot be taken?"""
    if draft.problem:
        return row.refused != draft.problem
    return (draft.body_hash, draft.sku) != (row.body_hash, row.sku)


def send_bodies(drafts: Sequence[Draft], *, turn: HeldTurn) -> None:
    """Send products, in two halves where Kindred does not take so much or so ill-formed a body; note the problems."""
    if not drafts:
        return
    turn.renew()
    try:
        results = ask("POST", "products/bulk/", body={"products": [draft.body for draft in drafts]})["results"]
        outcomes = [(result["outcome"], read_reason(result)) for result in results]
    except Refused as error:
        if len(drafts) == 1:
            drafts[0].problem = str(error)
            return
        middle = len(drafts) // 2
        send_bodies(drafts[:middle], turn=turn)
        send_bodies(drafts[middle:], turn=turn)
        return
    except (KeyError, TypeError):
        outcomes = []
    if len(outcomes) != len(drafts):
        raise Unavailable(f"{configuration().url} answers products in a way that is not Kindred's.")
    for draft, (outcome, reason) in zip(drafts, outcomes, strict=True):
        draft.problem = reason or "refused" if outcome == "rejected" else ""


def note_outcome(draft: Draft, row: Mirrored, *, in_use: set[str], turn: HeldTurn, counts: Counts) -> None:
    """Note in the row what Kindred has now. The sku that it had before is deleted there, unless another one took it."""
    if draft.problem:
        counts.refuse(draft.sku, draft.problem)
    else:
        counts.sent += 1
        if row.sku != draft.sku:
            if row.sku not in in_use:
                delete_sku(row.sku, but_not=row, turn=turn)
            row.sku, row.images_hash = draft.sku, "of another sku"
    row.body_hash, row.refused = draft.body_hash, draft.problem


def delete_products(rows: Iterable[Mirrored], *, turn: HeldTurn, counts: Counts) -> None:
    """Delete products in Kindred, and forget them."""
    for row in rows:
        delete_sku(row.sku, but_not=row, turn=turn)
        row.delete()
        counts.deleted += 1


def delete_sku(sku: str, *, but_not: Mirrored, turn: HeldTurn) -> None:
    """Delete a product that is called so, unless another one of the shop is called so too."""
    if Mirrored.objects.filter(sku=sku).exclude(pk=but_not.pk).exists():
        return
    turn.renew()
    try:
        ask("DELETE", product_path(sku))
    except Refused as error:
        if error.status != 404:
            logger.warning("Kindred does not delete %s: %s", sku, error)
