"""The worker's half of a search: encode the query, which needs the encoders."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping

import numpy as np
from PIL import Image

from catalog.sounds.excerpts import write_flac
from embeddings.modalities.audio import Audio
from embeddings.models import EmbeddingSpace
from embeddings.services import PhotoError, encode_query
from embeddings.spaces.lifecycle import ensure_live_space


def answer_query(space_id: int, *, text: str = "", photo: bytes = b"", sound: bytes = b"") -> bytes:
    """Return the answer to a query as JSON: its vectors by modality, or what is wrong with the photo or sound.

    Whatever else fails is raised: the visitor cannot mend it, and the answer is not kept for the next one.
    """
    space = EmbeddingSpace.objects.get(pk=space_id)
    try:
        query = encode_query(space, text=text, photo=photo, files={Audio.name: sound} if sound else {})
    except PhotoError as error:
        return json.dumps({"error": str(error)}).encode()
    return json.dumps({"vectors": write_vectors(query.vectors)}).encode()


def warm_up() -> None:
    """Encode a text, a picture and, where it knows sounds, a sound in the live space, and forget the result."""
    space = ensure_live_space()
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(picture, "PNG")
    files: dict[str, bytes] = {}
    if Audio.name in space.list_modalities():
        hiss = np.random.default_rng(0).uniform(-0.5, 0.5, 16_000).astype(np.float32)
        files[Audio.name] = write_flac([hiss], rate_hz=16_000)
    encode_query(space, text="warm", photo=picture.getvalue(), files=files)


def write_vectors(vectors: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Return vectors by modality as base64 of float32, so that they fit into JSON."""
    return {name: base64.b64encode(vector.astype("<f4").tobytes()).decode() for name, vector in vectors.items()}


def read_vectors(written: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Return what `write_vectors` wrote."""
    return {name: np.frombuffer(base64.b64decode(data), dtype="<f4") for name, data in written.items()}
