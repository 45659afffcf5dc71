"""The vectors of a space as a Parquet file, for notebooks and other tools, streamed however large the shop."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from embeddings.modalities.registry import FUSED
from embeddings.models import EmbeddingSpace, ProductEmbedding

GROUP_ROWS = 2_000  # products in a row group: 9 MB of vectors while it is written
Advance = Callable[[int], object]  # called with how many more products are written


def count_products(space: EmbeddingSpace) -> int:
    """Return how many products have at least one vector in a space."""
    return ProductEmbedding.objects.filter(space=space).order_by().values("product_id").distinct().count()


def export_embeddings(space: EmbeddingSpace, path: Path, *, advance: Advance = lambda _: None) -> int:
    """Write sku, vector (fused) and NAME_vector, such as text_vector, of every product of a space; return how many.

    Vectors are float32 lists, null where a product lacks the modality; rows ascend by product id. The file appears
    when it is complete: until then, and on any failure, what was at `path` stays. Raises OSError (a full disk, say).
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            count = write_parquet(space, file, advance=advance)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())  # mkstemp makes files that only their owner can read
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    return count


def write_parquet(space: EmbeddingSpace, file: IO[bytes], *, advance: Advance = lambda _: None) -> int:
    """Write the vectors of a space to an open file, a row group at a time; return the number of products."""
    columns = name_columns(space)
    fields = [pa.field(name, pa.list_(pa.float32())) for name in columns.values()]
    schema = pa.schema([pa.field("sku", pa.string(), nullable=False), *fields]).with_metadata(_describe(space))
    written = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in _read_groups(space):
            arrays: list[Any] = [pa.array([sku for sku, _ in rows], pa.string())]
            for modality in columns:
                arrays.append(pa.array([vectors.get(modality) for _, vectors in rows], pa.list_(pa.float32())))
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=len(rows))
            written += len(rows)
            advance(len(rows))
    return written


def name_columns(space: EmbeddingSpace) -> dict[str, str]:
    """Return the column of what a space has vectors of."""
    return {name: "vector" if name == FUSED else f"{name}_vector" for name in space.dims}


Row = tuple[str, dict[str, Any]]  # the sku, and a float32 vector (dim,) by modality


def _read_groups(space: EmbeddingSpace) -> Iterator[list[Row]]:
    """Yield groups of products by id. Pages by key, so no cursor or transaction is held while the file is written."""
    last_id = 0
    while ids := list(
        ProductEmbedding.objects.filter(space=space, product_id__gt=last_id)
        .order_by("product_id")
        .values_list("product_id", flat=True)
        .distinct()[:GROUP_ROWS]
    ):
        if group := _read_group(space, ids):
            yield group
        last_id = ids[-1]


def _read_group(space: EmbeddingSpace, ids: Sequence[int]) -> list[Row]:
    rows: dict[int, Row] = {}
    found = ProductEmbedding.objects.filter(space=space, product_id__in=ids).order_by("product_id", "modality")
    for product_id, sku, modality, vector in found.values_list("product_id", "product__sku", "modality", "vector"):
        _, vectors = rows.setdefault(product_id, (sku, {}))
        vectors[modality] = np.array(vector, dtype=np.float32)
    return list(rows.values())


def _describe(space: EmbeddingSpace) -> dict[str, str]:
    """Return what the file says of itself: where its vectors come from."""
    return {
        "kindred.space": space.name,
        **{f"kindred.{name}_encoder": chosen.encoder for name, chosen in space.list_modalities().items()},
        "kindred.fusion": space.fusion,
        "kindred.dim": str(space.dim),
    }


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
