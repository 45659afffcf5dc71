"""What is asked of the tables of spaces and vectors: what is live, what is known, and the one way to store a vector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from django.db import connection, models, transaction
from django.db.models import Q
from pgvector import HalfVector

from embeddings.inputs import read_fingerprints

if TYPE_CHECKING:
    from embeddings.models import EmbeddingSpace, EncodedInput, ProductEmbedding  # noqa: F401  (read by mypy)

Array = npt.NDArray[np.float32]

STORERS_LOCK = 0x4B494E44  # the class of their advisory locks; the objects are product ids
READ_BATCH = 2_000  # vectors held at once, 8 MB
UNIT_TOLERANCE = 1e-3  # of a vector's length; float32 sums of 2,000 squares stay well within it


class InvalidVector(ValueError):
    """A vector cannot be stored. The message says what is wrong with it."""


@dataclass(frozen=True)
class ProductVectors:
    """The vectors of one product, ready to be stored, and what they were made from."""

    product_id: int
    fingerprint: str
    vectors: Mapping[str, Array]  # by modality, each float32 (dim of the modality,), unit length; absent where missing
    text_weight: float | None = None  # what the fusion dial said
    is_complete: bool = True  # False where some picture or text could not be encoded


class SpaceManager(models.Manager["EmbeddingSpace"]):
    """Leaves the parameters, some megabytes, in the database until they are asked for."""

    def get_queryset(self) -> models.QuerySet[EmbeddingSpace]:
        return super().get_queryset().defer("parameters")


class SpaceQuerySet(models.QuerySet["EmbeddingSpace"]):
    def live(self) -> EmbeddingSpace | None:
        """Return the space that is served, None before there is one."""
        return self.filter(status="live").first()

    def rollback_target(self) -> EmbeddingSpace | None:
        """Return the space that was served before the live one; one that was promoted after it is none."""
        live = self.live()
        before = Q() if live is None or live.promoted_at is None else Q(promoted_at__lt=live.promoted_at)
        retired = self.filter(before | Q(promoted_at=None), status="retired")
        return retired.order_by("-retired_at", "-pk").first()

    def kept_fresh(self) -> list[EmbeddingSpace]:
        """Return the fitted spaces that every save reaches, the live one first.

        Beside it those that are being built or wait to be promoted, and the one to roll back to: so a promotion and a
        rollback find their vectors up to date.
        """
        target = self.rollback_target()
        spaces = self.filter(Q(status__in=["live", "building", "ready"]) | Q(pk=target.pk if target else None))
        return sorted(spaces.filter(text_dim__gt=0), key=lambda space: (space.status != "live", space.pk))


class EncodedInputQuerySet(models.QuerySet["EncodedInput"]):
    def find(self, hashes: Iterable[str], *, encoder: str) -> dict[str, Array]:
        """Return what the encoder has said before, by sha256: float32 (dim,)."""
        rows = self.filter(encoder=encoder, sha256__in=set(hashes)).values_list("sha256", "vector")
        return {sha256: np.asarray(vector, dtype=np.float32) for sha256, vector in rows}

    def keep(self, vectors: Mapping[str, Array], *, encoder: str) -> None:
        """Keep what the encoder said, by sha256; what another worker kept first stays.

        In order of hash, as everybody who writes here does: two who keep the same then wait, and never for each other.
        """
        rows = [
            self.model(encoder=encoder, sha256=sha256, vector=HalfVector(vector))
            for sha256, vector in sorted(vectors.items())
        ]
        self.bulk_create(rows, ignore_conflicts=True, batch_size=500)


class ProductEmbeddingQuerySet(models.QuerySet["ProductEmbedding"]):
    def read_vectors(self) -> Iterator[tuple[int, list[float]]]:
        """Yield (product id, vector) of the rows of one space and modality, ascending, a batch at a time in memory.

        By the last id that was read rather than by a cursor, which a pooler would lose.
        """
        rows, last = self.order_by("product_id").values_list("product_id", "vector"), 0
        while batch := list(rows.filter(product_id__gt=last)[:READ_BATCH]):
            yield from batch
            last = batch[-1][0]

    def store(self, batch: Sequence[ProductVectors], *, space: EmbeddingSpace) -> set[int]:
        """Store the vectors of products that are still what they were made from; return the ids of these products.

        Compare and swap: storers of one product take turns, and each compares the fingerprint under its lock, so a slow
        worker never overwrites a newer vector. Modalities that a product no longer has are deleted.
        Raises InvalidVector, and stores nothing, where a vector is not finite, not of unit length or of another dim.
        """
        for product in batch:
            _check_vectors(product, dims=space.dims)
        with transaction.atomic():
            ids = _lock_existing([product.product_id for product in batch])
            _lock_storers(ids)
            current = read_fingerprints(ids)
            unchanged = [product for product in batch if current.get(product.product_id) == product.fingerprint]
            _upsert(unchanged, space_id=space.pk)
            _delete_gone(unchanged, space_id=space.pk)
        return {product.product_id for product in unchanged}


def _check_vectors(product: ProductVectors, *, dims: Mapping[str, int]) -> None:
    for modality, vector in product.vectors.items():
        if vector.dtype != np.float32 or vector.shape != (dims[modality],):
            raise InvalidVector(
                f"Product {product.product_id}: the {modality} vector is {vector.dtype} {vector.shape}, this space "
                f"holds float32 ({dims[modality]},): create a new space."
            )
        length = float(np.linalg.norm(vector))
        if not abs(length - 1) <= UNIT_TOLERANCE:  # also where it is not a number
            raise InvalidVector(f"Product {product.product_id}: the {modality} vector has length {length:.6f}, not 1.")


def _lock_existing(product_ids: Sequence[int]) -> list[int]:
    """Return those products that exist, kept from being deleted until the transaction ends. Saving them goes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM catalog_product WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE SKIP LOCKED",
            [list(product_ids)],
        )
        return [row[0] for row in cursor.fetchall()]


def _lock_storers(product_ids: Sequence[int]) -> None:
    """Wait until no other transaction stores vectors of these products, by advisory locks held until this one ends.

    Taken in order of id, so that two storers cannot wait for each other. Whoever saves a product takes no such lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, (id %% 2147483647)::int) FROM unnest(%s::bigint[]) AS id ORDER BY id",
            [STORERS_LOCK, sorted(product_ids)],
        )


def _upsert(products: Sequence[ProductVectors], *, space_id: int) -> None:
    rows = [(product, modality, vector) for product in products for modality, vector in product.vectors.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO embeddings_productembedding "
            "(product_id, space_id, modality, fingerprint, text_weight, vector, updated_at) "
            "SELECT product_id, %s, modality, fingerprint, text_weight, vector::halfvec, clock_timestamp() "
            "FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::float8[], %s::text[]) "
            "AS new(product_id, modality, fingerprint, text_weight, vector) "
            "ON CONFLICT (product_id, space_id, modality) DO UPDATE SET fingerprint = excluded.fingerprint, "
            "text_weight = excluded.text_weight, vector = excluded.vector, updated_at = excluded.updated_at",
            [
                space_id,
                [product.product_id for product, _, _ in rows],
                [modality for _, modality, _ in rows],
                [product.fingerprint if product.is_complete else "" for product, _, _ in rows],
                [product.text_weight for product, _, _ in rows],
                [f"[{','.join(map(str, vector.tolist()))}]" for _, _, vector in rows],
            ],
        )


def _delete_gone(products: Sequence[ProductVectors], *, space_id: int) -> None:
    """Delete the vectors of modalities that these products had before and have no longer."""
    kept = [(product.product_id, modality) for product in products for modality in product.vectors]
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM embeddings_productembedding AS old WHERE space_id = %s AND product_id = ANY(%s) "
            "AND NOT EXISTS (SELECT FROM unnest(%s::bigint[], %s::text[]) AS kept(product_id, modality) "
            "WHERE kept.product_id = old.product_id AND kept.modality = old.modality)",
            [
                space_id,
                [product.product_id for product in products],
                [product_id for product_id, _ in kept],
                [modality for _, modality in kept],
            ],
        )
