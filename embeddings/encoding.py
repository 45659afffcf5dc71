"""Encode what no encoder has seen before; everything else comes from EncodedInput."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext

from embeddings.encoders.base import Encoder
from embeddings.inputs import ProductInputs
from embeddings.metrics import ENCODED
from embeddings.modalities.declaration import Input, Modality
from embeddings.modalities.registry import find_modality
from embeddings.models import EmbeddingSpace, EncodedInput
from embeddings.spaces.held_encoders import load_held_encoders
from embeddings.unit_rows import unit_rows

Array = npt.NDArray[np.float32]
KEEP_ALIVE_S = 10.0  # how often `keep_alive` is called while encoders work; leases last six times as long

# The encoder of each modality of a space; one and the same object for several where the encoder is a joint one.
SpaceEncoders = Mapping[str, Encoder]


@dataclass(frozen=True)
class Problem:
    """Why an input has no vector, and whether trying again as it is may help."""

    reason: str
    is_permanent: bool


@dataclass
class Encodings:
    """Vectors by modality and the sha256 of their input, and the problems of those that have none."""

    vectors: dict[str, dict[str, Array]] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)


class EncoderChanged(Exception):
    """The weights behind a spec are no longer those that the space was fitted with: its vectors would not compare."""


def load_encoders(space: EmbeddingSpace) -> SpaceEncoders:
    """Return the encoders of a space. Raises EncoderError where one cannot be had, EncoderChanged."""
    encoders: dict[str, Encoder] = {}
    held = load_held_encoders(space)  # none before the space is fitted
    for name, chosen in space.list_modalities().items():
        modality = find_modality(name)
        if modality.is_fitted:
            encoders |= {name: held[name]} if name in held else {}
            continue
        encoders[name] = modality.load_encoder(chosen.encoder)
        fitted, found = chosen.identity, encoders[name].info.identity
        if fitted and fitted != found:
            raise EncoderChanged(
                f"Space {space.name} was fitted with {fitted}, but the encoder there is now {found}: create a new "
                "space (manage.py spaces create), or put the old weights back."
            )
    return encoders


def encode_inputs(
    products: Sequence[ProductInputs], *, encoders: SpaceEncoders, keep_alive: Callable[[], None] | None = None
) -> Encodings:
    """Return the vectors of everything these products hold; modalities are encoded in a thread each, at once.

    An input that cannot be encoded becomes a problem of its own and harms no other.
    """
    wanted = {name: {one.sha256: one for product in products for one in product.list_inputs(name)} for name in encoders}
    kept = {name: encoder for name, encoder in encoders.items() if not find_modality(name).is_fitted}
    encodings = Encodings(
        {name: EncodedInput.objects.find(wanted[name], encoder=kept[name].info.identity) for name in kept}
    )
    with ThreadPoolExecutor(max_workers=len(kept), thread_name_prefix="encode") as pool:
        work = {}
        for name, encoder in kept.items():
            new = {sha256: one for sha256, one in wanted[name].items() if sha256 not in encodings.vectors[name]}
            work[name] = pool.submit(encode_batch, find_modality(name), encoder, new)
        while wait(work.values(), timeout=KEEP_ALIVE_S).not_done:
            if keep_alive:
                keep_alive()
    for name, encoder in kept.items():
        encoded, problems = work[name].result()
        EncodedInput.objects.keep(encoded, encoder=encoder.info.identity)
        ENCODED.labels(name).inc(len(encoded))
        encodings.vectors[name].update(encoded)
        encodings.problems.update(problems)
    for name in encoders.keys() - kept.keys():
        encodings.vectors[name] = _encode_by_fitted(find_modality(name), encoders[name], wanted[name])
    return encodings


VectorsAndProblems = tuple[dict[str, Array], dict[str, Problem]]  # each by sha256


def _encode_by_fitted(modality: Modality, encoder: Encoder, wanted: Mapping[str, Input]) -> dict[str, Array]:
    """Return the vectors of what says something. One that says nothing is no problem: it is as if it were not there."""
    vectors = modality.encode(encoder, list(wanted.values())).vectors if wanted else ()
    return {sha256: row for sha256, row in zip(wanted, vectors, strict=True) if row.any()}


def encode_batch(modality: Modality, encoder: Encoder, wanted: Mapping[str, Input]) -> VectorsAndProblems:
    """Return the vectors of a batch of inputs of one modality, and why others have none, each by sha256.

    A batch in, a batch out, no database: workers call it, and so does what spreads a catalogue over many machines
    (`embeddings/distributed/`).
    """

    def encode(hashes: Sequence[str]) -> VectorsAndProblems:
        encoded = modality.encode(encoder, [wanted[sha256] for sha256 in hashes])
        return _check(hashes, encoded.vectors, encoded.errors)

    return _encode_apart(list(wanted), encode)


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
