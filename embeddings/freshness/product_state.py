"""What staff want to know of one product: is its vector what the product is now, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from catalog.models import Product
from catalog.retelling import retell
from embeddings.inputs import read_fingerprints
from embeddings.modalities.registry import DECLARED, FUSED, IMAGE, TEXT, find_modality
from embeddings.models import EmbeddingSpace, PendingEmbedding, PlaceholderPicture, ProductEmbedding

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

STATES = {
    "current": gettext_lazy("Up to date"),
    "waiting": gettext_lazy("Embedded"),
    "stale": gettext_lazy("Out of date"),
}


@dataclass(frozen=True)
class State:
    """Whether a product has a vector in the live space, and its row in the queue."""

    is_embedded: bool
    pending: PendingEmbedding | None

    @property
    def failure(self) -> str:
        """Why the last attempt gave no vector; empty where none failed."""
        return describe_reason(self.pending) if self.pending else ""

    @property
    def next_try_at(self) -> datetime | None:
        """When one that failed is tried again; None where it has not, or waits for a change."""
        return self.pending.retry_at if self.pending and self.pending.reason else None


@dataclass(frozen=True)
class SpaceCoverage:
    """Of what a product has vectors in one space."""

    space: str
    is_live: bool
    modalities: Mapping[str, bool]  # by name, of those that the space has: whether the product has it
    is_complete: bool
    updated_at: datetime


@dataclass(frozen=True)
class ProductState:
    """All that is known of a product's vectors."""

    state: State
    sentence: str
    spaces: tuple[SpaceCoverage, ...]

    @property
    def modalities(self) -> list[tuple[str, StrPromise]]:
        """Return name and label of those that any of the spaces has."""
        return [(name, one.label) for name, one in DECLARED.items() if any(name in s.modalities for s in self.spaces)]

    @property
    def table(self) -> list[tuple[SpaceCoverage, list[bool | None]]]:
        """Return each space with whether the product has each of `modalities` there; None where the space has not."""
        names = [name for name, _label in self.modalities]
        return [(space, [space.modalities.get(name) for name in names]) for space in self.spaces]


def read_states(product_ids: Sequence[int]) -> Mapping[int, State]:
    """Return the state of each of a few products: what the queue says, without comparing fingerprints."""
    live = EmbeddingSpace.objects.live()
    fused = ProductEmbedding.objects.filter(product__in=product_ids, space=live, modality=FUSED)
    embedded = set(fused.values_list("product_id", flat=True)) if live else set()
    pending = PendingEmbedding.objects.in_bulk(list(product_ids))
    return {number: State(number in embedded, pending.get(number)) for number in product_ids}


def read_product_state(product: Product) -> ProductState:
    """Return what the page of a product shows."""
    return ProductState(
        state=read_states([product.pk])[product.pk],
        sentence=describe_product(product),
        spaces=tuple(_read_coverage(product)),
    )


def _read_coverage(product: Product) -> list[SpaceCoverage]:
    """Return the spaces in which a product has vectors, the live one first. By the index of its products."""
    columns = ("space__name", "space__status", "space__modalities", "modality", "fingerprint", "updated_at")
    rows = ProductEmbedding.objects.filter(product=product).order_by("space_id", "modality").values_list(*columns)
    by_space: dict[tuple[bool, str, tuple[str, ...]], dict[str, tuple[str, datetime]]] = {}
    for name, status, further, modality, fingerprint, updated_at in rows:
        is_live = status == EmbeddingSpace.Status.LIVE
        by_space.setdefault((not is_live, name, tuple(further)), {})[modality] = fingerprint, updated_at
    return [
        SpaceCoverage(
            space=name,
            is_live=not is_other,
            modalities={name: name in known for name in (TEXT, IMAGE, *further)},
            is_complete=all(fingerprint for fingerprint, _at in known.values()),
            updated_at=max(at for _fingerprint, at in known.values()),
        )
        for (is_other, name, further), known in sorted(by_space.items())
    ]


def name_sources(modalities: Sequence[str]) -> str:
    """Return what a vector is made from, in words."""
    nouns = [str(find_modality(name).noun) for name in modalities]
    if not nouns:
        return gettext("what is not kept any more")  # such as after vectors were deleted by hand
    if len(nouns) == 1:
        return gettext("its %s") % nouns[0]
    return gettext("its %(first)s and %(last)s") % {"first": gettext(", ").join(nouns[:-1]), "last": nouns[-1]}


def describe_product(product: Product) -> str:
    """Return the state of a product's vector in the live space, in a sentence."""
    live = EmbeddingSpace.objects.live()
    if live is None:
        return gettext("There is no live space yet: the worker makes one, or `manage.py embed_products`.")
    rows = ProductEmbedding.objects.filter(product=product, space=live)
    known = {row.modality: row for row in rows.defer("vector")}
    fused = known.get(FUSED)
    waiting = _describe_waiting(PendingEmbedding.objects.filter(product=product).first())
    if fused is None:
        missing = gettext("No vector in space %s yet.") % live.name
        return f"{missing} {waiting or gettext('The worker finds it within a minute.')}"
    is_current = fused.fingerprint in ("", read_fingerprints([product.pk]).get(product.pk))
    state = STATES["current" if is_current and not waiting else "waiting" if is_current else "stale"]
    said = gettext("%(state)s: from %(sources)s, in space %(space)s, %(at)s.") % {
        "state": state,
        "sources": name_sources([name for name in live.list_modalities() if name in known]),
        "space": live.name,
        "at": date_format(timezone.localtime(fused.updated_at), "DATETIME_FORMAT"),
    }
    return " ".join(filter(None, [said, _describe_placeholders(product), waiting]))


def _describe_placeholders(product: Product) -> str:
    placeholders = PlaceholderPicture.objects.values("sha256")
    if not product.images.filter(sha256__in=placeholders).exists():
        return ""
    return gettext("A picture that products of many other designs have, too, counts as missing.")


def _describe_waiting(pending: PendingEmbedding | None) -> str:
    if pending is None:
        return ""
    if pending.retry_at is None:
        return f"{describe_reason(pending)} {gettext('It is tried again when the product changes.')}"
    if pending.retry_at > timezone.now():
        at = f"{timezone.localtime(pending.retry_at):%H:%M:%S}"
        return f"{describe_reason(pending)} {gettext('It is tried again at %s.') % at}"
    return gettext("It waits for the worker.")


def describe_reason(pending: PendingEmbedding) -> str:
    """Return why the last attempt gave no vector. Workers have written it down in English."""
    return gettext("; ").join(map(retell, pending.reason.split("; ")))
