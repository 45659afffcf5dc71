"""What a visitor searches for, as vectors of the live space. The worker encodes; answers are kept and shared."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from api.problems import RequestError
from catalog.pictures.checks import PictureError, check_picture
from embeddings.encoders.pictures import flatten
from embeddings.models import EmbeddingSpace
from recommendations import tasks
from recommendations.search.encoding import read_vectors
from recommendations.worker import answer_key, ask

TEXT_DEADLINE_S = 1.5
PHOTO_DEADLINE_S = 4.0
SENT_SIDE_PX = 640  # a photo goes to the worker no larger; encoders look at 224 to 384 pixels
MAX_TEXT_LENGTH = 200  # characters


@dataclass(frozen=True)
class CropBox:
    """The part of a photo that is searched for, as shares of its width and height from the left and the top."""

    left: float
    top: float
    right: float
    bottom: float

    def check(self) -> None:
        """Raise RequestError where there is nothing inside."""
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise RequestError("crop", "Give left,top,right,bottom between 0 and 1, such as 0.1,0.2,0.9,0.8.")

    def in_pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom in a picture of that size, at least one pixel apart."""
        left, top = min(int(self.left * width), width - 1), min(int(self.top * height), height - 1)
        return left, top, max(round(self.right * width), left + 1), max(round(self.bottom * height), top + 1)


@dataclass(frozen=True)
class AnsweredQuery:
    """Query vectors, float32 (dim,) unit length, by modality; absent where the query says nothing about it."""

    space: EmbeddingSpace
    vectors: Mapping[str, np.ndarray]


def ask_for_vectors(
    space: EmbeddingSpace, *, text: str = "", photo: bytes = b"", deadline_s: float | None = None
) -> AnsweredQuery:
    """Return the vectors of a text, of a photo made by `prepare_photo`, or of both as one. Raises WorkerUnavailable.

    Raises RequestError where the worker cannot read the photo.
    """
    key = answer_key("query", str(space.pk), " ".join(text.split()), photo)
    if deadline_s is None:
        deadline_s = PHOTO_DEADLINE_S if photo else TEXT_DEADLINE_S
    sent = base64.b64encode(photo).decode()
    answer = json.loads(ask(key, tasks.answer_query, args=(space.pk, text, sent), deadline_s=deadline_s))
    if "error" in answer:
        raise RequestError("image" if photo else "q", answer["error"])
    return AnsweredQuery(space=space, vectors=read_vectors(answer["vectors"]))


def prepare_photo(content: bytes, *, crop: CropBox | None = None) -> bytes:
    """Return an uploaded photo ready to be sent to the worker: upright, cropped, small. Raises RequestError."""
    if crop:
        crop.check()
    try:
        check_picture(content)
    except PictureError as error:
        raise RequestError("image", f"The photo cannot be used: {error}.") from error
    with Image.open(io.BytesIO(content)) as opened:
        picture = flatten(ImageOps.exif_transpose(opened))
    if crop:
        picture = picture.crop(crop.in_pixels(*picture.size))
    picture.thumbnail((SENT_SIDE_PX, SENT_SIDE_PX))
    sent = io.BytesIO()
    picture.save(sent, "JPEG", quality=90)
    return sent.getvalue()
