"""What a visitor searches for, as vectors of the live space. The worker encodes; answers are kept and shared."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO

import numpy as np
from django.utils.translation import gettext, gettext_lazy

from api.problems import RequestError
from catalog.pictures.colours import lay_on_ground
from catalog.pictures.decoding import DecodersBusy, PictureError, decode_picture
from catalog.refusals import say_fault
from embeddings.models import EmbeddingSpace
from recommendations import tasks
from recommendations.search.encoding import answer_query, read_vectors
from recommendations.worker import WorkerUnavailable, answer_key, ask

TEXT_DEADLINE_S = 1.5
PHOTO_DEADLINE_S = 4.0
SOUND_DEADLINE_S = 6.0  # the longest that is listened to takes half a second of a processor
SENT_SIDE_PX = 640  # a photo goes to the worker no larger; encoders look at 224 to 384 pixels
MAX_TEXT_LENGTH = 200  # characters
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_PHOTO_PIXELS = 12_600_000  # what cameras call 12 megapixels, 4096 x 3072 included
MAX_CROPPED_SIDE_PX = 2 * SENT_SIDE_PX  # of the whole, decoded to be cropped: a fifth of its width still is 256 pixels
DECODING_PATIENCE_S = 3.0
BAD_CROP = gettext_lazy("Give left,top,right,bottom between 0 and 1, such as 0.1,0.2,0.9,0.8.")
_encodes_here: ContextVar[bool] = ContextVar("encodes_here", default=False)
PHOTO_TURNS = threading.BoundedSemaphore(3)  # of a web process's four threads (`manage.py up`)


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
            raise RequestError("crop", str(BAD_CROP))

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
    space: EmbeddingSpace, *, text: str = "", photo: bytes = b"", sound: bytes = b"", deadline_s: float | None = None
) -> AnsweredQuery:
    """Return the vectors of a text, of a photo made by `prepare_photo`, of a sound, or of several as one.

    Raises WorkerUnavailable, and RequestError where the worker cannot read the photo or sound.
    """
    key = answer_key("query", str(space.pk), " ".join(text.split()), photo, *([b"sound", sound] if sound else []))
    if _encodes_here.get():
        here = json.loads(answer_query(space.pk, text=text, photo=photo, sound=sound))
        return AnsweredQuery(space, read_vectors(here["vectors"]))
    if deadline_s is None:
        deadline_s = SOUND_DEADLINE_S if sound else PHOTO_DEADLINE_S if photo else TEXT_DEADLINE_S
    sent = [base64.b64encode(content).decode() for content in ((photo, sound) if sound else (photo,))]
    answer = json.loads(ask(key, tasks.answer_query, args=(space.pk, text, *sent), deadline_s=deadline_s))
    if "error" in answer:
        raise RequestError("audio" if sound else "image", answer["error"])
    return AnsweredQuery(space=space, vectors=read_vectors(answer["vectors"]))


@contextmanager
def encoded_here() -> Iterator[None]:
    """Encode queries in this process: for commands that ask many, and work without a worker."""
    token = _encodes_here.set(True)
    try:
        yield
    finally:
        _encodes_here.reset(token)


@contextmanager
def take_photo_turn() -> Iterator[None]:
    """Hold one of the few places of this process for searches by photo, so that threads are left for other visitors.

    Raises WorkerUnavailable where all are taken.
    """
    if not PHOTO_TURNS.acquire(blocking=False):
        raise WorkerUnavailable(gettext_lazy("Others are searching with photos."))
    try:
        yield
    finally:
        PHOTO_TURNS.release()


def prepare_photo(photo: bytes | IO[bytes], *, crop: CropBox | None = None, side_px: int = SENT_SIDE_PX) -> bytes:
    """Return an uploaded photo ready to be sent to the worker: upright, cropped, its longer side `side_px` at most.

    Raises RequestError where it is no photo or costs too much, and WorkerUnavailable where others are decoded first.
    """
    if crop:
        crop.check()
    content = photo if isinstance(photo, bytes) else photo.read(MAX_PHOTO_BYTES + 1)
    if len(content) > MAX_PHOTO_BYTES:
        said = gettext("The photo is larger than %d MiB: send a smaller one.") % (MAX_PHOTO_BYTES // 1024**2)
        raise RequestError("image", said)
    enough = side_px if crop is None else MAX_CROPPED_SIDE_PX
    try:
        decoded = decode_picture(content, enough=enough, max_pixels=MAX_PHOTO_PIXELS, patience_s=DECODING_PATIENCE_S)
    except PictureError as error:
        raise RequestError("image", gettext("The photo cannot be used: %s") % say_fault(error)) from error
    except DecodersBusy as error:
        raise WorkerUnavailable(gettext_lazy("Others are searching with photos.")) from error
    picture = lay_on_ground(decoded)
    if crop:
        picture = picture.crop(crop.in_pixels(*picture.size))
    picture.thumbnail((side_px, side_px))
    sent = io.BytesIO()
    picture.save(sent, "JPEG", quality=90)
    return sent.getvalue()
