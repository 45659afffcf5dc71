"""Encode what no encoder has seen before; everything else comes from EncodedInput."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext

from embeddings.encoders.base import ImageEncoder, TextEncoder
from embeddings.encoders.registry import get_image_encoder, get_text_encoder
from embeddings.inputs import PictureLoader, ProductInputs, hash_text
from embeddings.models import EmbeddingSpace, EncodedInput
from embeddings.unit_rows import unit_rows

Array = npt.NDArray[np.float32]
KEEP_ALIVE_S = 10.0  # how often `keep_alive` is called while encoders work; leases last six times as long


@dataclass(frozen=True)
class SpaceEncoders:
    """The two encoders of a space; one and the same object where the encoder is a joint one."""

    text: TextEncoder
    image: ImageEncoder


@dataclass(frozen=True)
class Problem:
    """Why an input has no vector, and whether trying again as it is may help."""

    reason: str
    is_permanent: bool


@dataclass
class Encodings:
    """Vectors by the sha256 of their input, and the problems of those that have none."""

    texts: dict[str, Array] = field(default_factory=dict)
    pictures: dict[str, Array] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)


class EncoderChanged(Exception):
    """The weights behind a spec are no longer those that the space was fitted with: its vectors would not compare."""


def load_encoders(space: EmbeddingSpace) -> SpaceEncoders:
    """Return the encoders of a space. Raises EncoderError where one cannot be had, EncoderChanged."""
    encoders = SpaceEncoders(text=get_text_encoder(space.text_encoder), image=get_image_encoder(space.image_encoder))
    pairs = [
        (space.text_identity, encoders.text.info.identity),
        (space.image_identity, encoders.image.info.identity),
    ]
    for fitted, found in pairs:
        if fitted and fitted != found:
            raise EncoderChanged(
                f"Space {space.name} was fitted with {fitted}, but the encoder there is now {found}: create a new "
                "space (manage.py spaces create), or put the old weights back."
            )
    return encoders


def encode_inputs(
    products: Sequence[ProductInputs], *, encoders: SpaceEncoders, keep_alive: Callable[[], None] | None = None
) -> Encodings:
    """Return the vectors of everything these products hold; text and pictures are encoded in two threads at once.

    A text or picture that cannot be encoded becomes a problem of its own and harms no other.
    """
    texts = {hash_text(text): text for product in products for text in product.texts if text}
    pictures = {picture.sha256: picture.load for product in products for picture in product.pictures}
    text_encoder, image_encoder = encoders.text.info.identity, encoders.image.info.identity
    encodings = Encodings(
        texts=EncodedInput.objects.find(texts, encoder=text_encoder),
        pictures=EncodedInput.objects.find(pictures, encoder=image_encoder),
    )
    new_texts = {sha256: text for sha256, text in texts.items() if sha256 not in encodings.texts}
    new_pictures = {sha256: load for sha256, load in pictures.items() if sha256 not in encodings.pictures}
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="encode") as pool:
        text_work = pool.submit(_encode_texts, new_texts, encoders.text)
        picture_work = pool.submit(_encode_pictures, new_pictures, encoders.image)
        while wait([text_work, picture_work], timeout=KEEP_ALIVE_S).not_done:
            if keep_alive:
                keep_alive()
    for work, vectors, identity in (
        (text_work, encodings.texts, text_encoder),
        (picture_work, encodings.pictures, image_encoder),
    ):
        encoded, problems = work.result()
        EncodedInput.objects.keep(encoded, encoder=identity)
        vectors.update(encoded)
        encodings.problems.update(problems)
    return encodings


VectorsAndProblems = tuple[dict[str, Array], dict[str, Problem]]  # each by sha256


def _encode_texts(texts: Mapping[str, str], encoder: TextEncoder) -> VectorsAndProblems:
    def encode(hashes: Sequence[str]) -> VectorsAndProblems:
        return _check(hashes, encoder.encode_texts([texts[sha256] for sha256 in hashes]), {})

    return _encode_apart(list(texts), encode)


def _encode_pictures(pictures: Mapping[str, PictureLoader], encoder: ImageEncoder) -> VectorsAndProblems:
    def encode(hashes: Sequence[str]) -> VectorsAndProblems:
        encoded = encoder.encode_images([pictures[sha256] for sha256 in hashes])
        return _check(hashes, encoded.vectors, encoded.errors)

    return _encode_apart(list(pictures), encode)


def _check(hashes: Sequence[str], vectors: Array, errors: Mapping[int, str]) -> VectorsAndProblems:
    """Return the usable vectors by sha256, and as problems what the encoder refused or gave no direction to."""
    encoded: dict[str, Array] = {}
    problems: dict[str, Problem] = {}
    is_finite = np.isfinite(vectors).all(axis=1, keepdims=True)
    for position, row in enumerate(unit_rows(np.where(is_finite, vectors, 0))):
        if position in errors:
            problems[hashes[position]] = Problem(errors[position], is_permanent=True)
        elif not row.any():
            problems[hashes[position]] = Problem(
                gettext("The encoder gave a vector without a direction."), is_permanent=True
            )
        else:
            encoded[hashes[position]] = row
    return encoded, problems


def _encode_apart(hashes: Sequence[str], encode: Callable[[Sequence[str]], VectorsAndProblems]) -> VectorsAndProblems:
    """Encode all at once; if that fails, halve until what cannot be encoded stands alone."""
    if not hashes:
        return {}, {}
    try:
        return encode(hashes)
    except Exception as error:  # whatever an encoder or a storage may raise: it must not block the others
        if len(hashes) == 1:
            return {}, {hashes[0]: Problem(f"{type(error).__name__}: {error}", is_permanent=False)}
    middle = len(hashes) // 2
    left, right = _encode_apart(hashes[:middle], encode), _encode_apart(hashes[middle:], encode)
    return left[0] | right[0], left[1] | right[1]
