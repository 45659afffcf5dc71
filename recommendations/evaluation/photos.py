"""Search by photo: does a shopper's photo of a product find that product?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog.models import Product
from embeddings.encoders.base import Array
from embeddings.encoding import load_encoders
from embeddings.modalities.declaration import Encoded, FileInput
from embeddings.modalities.registry import IMAGE, find_modality
from embeddings.models import EmbeddingSpace
from embeddings.vectors import load_pipeline
from recommendations.evaluation.contenders import NO_PRODUCT
from recommendations.evaluation.intervals import Estimate, estimate_mean
from recommendations.evaluation.metrics import Floats, Ids, order_by_distance
from recommendations.evaluation.rankings import DISTANCES, SearchedVectors, load_vectors
from recommendations.evaluation.truth import RejectedLine, TruthError, read_rows

MAX_PHOTO_BYTES = 50_000_000
RECALL_AT = (1, 5)
SHOWN = 5  # products kept for the page of pictures
BATCH = 64  # photos encoded, and ranked, at once


@dataclass(frozen=True)
class Photos:
    """Photos and the product on each; what could not be read is in `rejected`."""

    paths: tuple[Path, ...]  # (p,)
    product_ids: Ids  # (p,)
    rejected: tuple[RejectedLine, ...] = ()


@dataclass(frozen=True)
class PhotoResult:
    """How well the photos find their products in one space and modality."""

    space: str
    modality: str
    paths: tuple[Path, ...]  # (p,) photos that could be encoded
    product_ids: Ids  # (p,)
    ranks: Floats  # (p,) the place of the right product, from 1; infinite where it has no vector
    found_ids: Ids  # (p, SHOWN), padded with NO_PRODUCT
    estimates: dict[str, Estimate]  # recall@1, recall@5, MRR
    rejected: tuple[str, ...]  # photos that are no pictures

    @property
    def label(self) -> str:
        return f"{self.space} · {self.modality}"


EncodedPhotos = dict[str, Encoded]  # by identity of the encoder: spaces that share one share the work


def read_photos(path: Path, *, images: Path) -> Photos:
    """Read `file,sku` lines; files are relative to the folder `images` and stay inside it.

    A bad line is reported and the rest counts. Raises TruthError where the file cannot be read or no line is left.
    """
    ids_by_sku = dict(Product.objects.filter(is_active=True).values_list("sku", "id"))
    paths, product_ids, rejected = [], [], []
    for line, row in read_rows(path, columns=("file", "sku")):
        try:
            found = _find_photo(row["file"].strip(), images.resolve()), _find_product(row["sku"].strip(), ids_by_sku)
        except ValueError as error:
            rejected.append(RejectedLine(line, str(error)))
            continue
        paths.append(found[0])
        product_ids.append(found[1])
    if not paths:
        first = f" The first was line {rejected[0].line}: {rejected[0].reason}." if rejected else ""
        raise TruthError(f"{path} has no photo that counts; {len(rejected)} were rejected.{first}")
    return Photos(tuple(paths), np.array(product_ids, dtype=np.int64), tuple(rejected))


def evaluate_photos(
    space: EmbeddingSpace,
    photos: Photos,
    *,
    modality: str = "image",
    encoded: EncodedPhotos | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> PhotoResult:
    """Search the vectors of `modality` ("image" or "fused") by each photo; `encoded` is filled and reused.

    Cosine distance and the tie rule of all rankings. Raises EncoderError or EncoderChanged where the space's image
    encoder is not to be had.
    """
    images = _encode(space, photos, encoded={} if encoded is None else encoded, advance=advance)
    kept = np.array([place for place in range(len(photos.paths)) if place not in images.errors], dtype=np.intp)
    product_ids = photos.product_ids[kept]
    queries = _query_vectors(space, images.vectors[kept], modality)
    ranks, found_ids = _rank_photos(queries, product_ids, load_vectors(space, modality))
    figures = {f"recall@{k}": (ranks <= k).astype(np.float64) for k in RECALL_AT} | {"MRR": 1 / ranks}
    return PhotoResult(
        space=space.name,
        modality=modality,
        paths=tuple(photos.paths[place] for place in kept.tolist()),
        product_ids=product_ids,
        ranks=ranks,
        found_ids=found_ids,
        estimates={name: estimate_mean(values) for name, values in figures.items()},
        rejected=tuple(f"{photos.paths[place].name}: {reason}" for place, reason in sorted(images.errors.items())),
    )


def _encode(
    space: EmbeddingSpace, photos: Photos, *, encoded: EncodedPhotos, advance: Callable[[int], object]
) -> Encoded:
    encoder = load_encoders(space)[IMAGE]
    if encoder.info.identity not in encoded:
        vectors: list[Array] = []
        errors: dict[int, str] = {}
        for start in range(0, len(photos.paths), BATCH):
            batch = photos.paths[start : start + BATCH]
            inputs = [FileInput(str(path), path.read_bytes) for path in batch]
            answer = find_modality(IMAGE).encode(encoder, inputs)
            vectors.append(answer.vectors)
            errors |= {start + place: reason for place, reason in answer.errors.items()}
            advance(len(batch))
        encoded[encoder.info.identity] = Encoded(np.concatenate(vectors), errors)
    return encoded[encoder.info.identity]


def _query_vectors(space: EmbeddingSpace, images: Array, modality: str) -> Floats:
    """Return (p, dim) queries in a space, of photos that come without a text."""
    pipeline = load_pipeline(space)
    raw = {
        name: (np.zeros((len(images), fitted.input_dim), dtype=np.float32),) * len(fitted.means)
        for name, fitted in pipeline.modalities.items()
    }
    fused = pipeline.transform(raw | {"image": (images,)}, is_query=True)
    rows = fused.fused if modality == "fused" else fused.modalities[modality]
    return rows.astype(np.float16).astype(np.float64)  # as Postgres takes a query: in half precision


def _rank_photos(queries: Floats, product_ids: Ids, searched: SearchedVectors) -> tuple[Floats, Ids]:
    """Return the place of the right product (p,), and the first products (p, SHOWN)."""
    ranks = np.full(len(queries), np.inf)
    found_ids = np.full((len(queries), SHOWN), NO_PRODUCT)
    right = searched.positions_of(product_ids)
    for start in range(0, len(queries) if len(searched.product_ids) else 0, BATCH):
        batch = slice(start, min(start + BATCH, len(queries)))
        distances = DISTANCES["cosine"](queries[batch], searched.vectors)
        order = order_by_distance(distances, searched.product_ids)
        place, rank = np.nonzero(order == right[batch, None])
        ranks[batch][place] = rank + 1
        first = searched.product_ids[order[:, :SHOWN]]
        found_ids[batch, : first.shape[1]] = first
    return ranks, found_ids


def _find_photo(name: str, images: Path) -> Path:
    path = (images / name).resolve()
    if not name or not path.is_relative_to(images):
        raise ValueError(f"the file {name!r} is not inside the folder of the photos")
    if not path.is_file():
        raise ValueError(f"there is no photo {name!r}")
    if path.stat().st_size > MAX_PHOTO_BYTES:
        raise ValueError(f"the photo {name!r} is larger than {MAX_PHOTO_BYTES // 1_000_000} MB")
    return path


def _find_product(sku: str, ids_by_sku: Mapping[str, int]) -> int:
    if sku not in ids_by_sku:
        raise ValueError(f"no active product has the sku {sku!r}")
    return ids_by_sku[sku]


def modalities_of_photos(modalities: Sequence[str]) -> list[str]:
    """Return those modalities that a photo can be searched in; the picture's own comes first."""
    return [modality for modality in ("image", "fused") if modality in modalities] or ["image"]
