"""Batches: the next one is prepared in threads while the encoder works on this one."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

import numpy as np
from PIL import Image

from embeddings.encoders.base import Array, EncodedImages, EncoderInfo, Progress, check_finite
from embeddings.encoders.device import make_way
from embeddings.encoders.files import UnusableFile
from embeddings.encoders.machine import usable_processors
from embeddings.encoders.pictures import load_picture
from embeddings.encoders.shapes import Shapes, TokenRow, cut_rows
from embeddings.encoders.sounds import load_sound
from embeddings.unit_rows import unit_rows

BATCHES_AHEAD = 2
TOKENIZED_AT_ONCE = 256  # texts
MAX_DECODING_THREADS = 16

Key = TypeVar("Key")
Item = TypeVar("Item")
Result = TypeVar("Result")


class TextNetwork(Protocol):
    """A network for texts in three steps, so that tokenizing can run beside encoding."""

    @property
    def shapes(self) -> Shapes:
        """What batches the device takes best."""

    def tokenize(self, texts: Sequence[str]) -> Sequence[TokenRow]:
        """Return the tokens of each text."""

    def collate(self, rows: Sequence[TokenRow]) -> Any:
        """Return the batch that `encode` takes."""

    def encode(self, batch: Any) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim), of any length."""


class ImageNetwork(Protocol):
    """A network for pictures in three steps, so that preparing can run beside encoding."""

    wanted_side: int  # pixels that the shorter side of a picture should have at least

    @property
    def shapes(self) -> Shapes:
        """What batches the device takes best."""

    def prepare(self, picture: Image.Image) -> Any:
        """Return what one RGB picture becomes."""

    def collate(self, prepared: Sequence[Any]) -> Any:
        """Return the batch that `encode` takes."""

    def encode(self, batch: Any) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim), of any length."""


class AudioNetwork(Protocol):
    """A network for sounds, in the same three steps."""

    rate_hz: int  # at which it hears
    most_s: float  # seconds of a sound that it listens to

    def prepare(self, samples: Array) -> Any:
        """Return what the samples (n,) of one sound become. Raise UnusableFile where nothing is to be heard."""

    def collate(self, prepared: Sequence[Any]) -> Any:
        """Return the batch that `encode` takes."""

    def encode(self, batch: Any) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim), of any length."""


@dataclass(frozen=True)
class NetworkTextEncoder:
    """A TextEncoder around any TextNetwork."""

    info: EncoderInfo
    network: TextNetwork

    def encode_texts(
        self, texts: Sequence[str], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> Array:
        """Return (n, dim) float32 unit rows. Equal texts are encoded once; texts of like length share a batch."""
        unique = sorted(set(texts), key=lambda text: (len(text.encode()), text))  # bytes follow tokens in any script
        copies = Counter(texts)
        vectors = np.zeros((len(unique), self.info.dim), dtype=np.float32)
        batches = _run_ahead(self._make_batches(unique, self.network.shapes.with_rows(batch_size)), name="tokenize")
        for chunk, rows in _pipeline(batches, self.network.encode):
            vectors[chunk.start : chunk.stop] = unit_rows(check_finite(rows))
            if progress:
                progress(sum(copies[unique[i]] for i in chunk))
        position = {text: i for i, text in enumerate(unique)}
        return vectors[[position[text] for text in texts]]

    def _make_batches(self, texts: Sequence[str], shapes: Shapes) -> Iterator[tuple[range, Any]]:
        """Yield where in `texts` each batch is, and what `encode` takes of it."""
        at_once = min(shapes.rows, TOKENIZED_AT_ONCE)
        chunks = (texts[start : start + at_once] for start in range(0, len(texts), at_once))
        rows = (row for chunk in chunks for row in self.network.tokenize(chunk))
        done = 0
        for batch in cut_rows(rows, shapes):
            yield range(done, done + len(batch)), self.network.collate(batch)
            done += len(batch)


@dataclass(frozen=True)
class NetworkImageEncoder:
    """An ImageEncoder around any ImageNetwork."""

    info: EncoderInfo
    network: ImageNetwork

    def encode_images(
        self, images: Sequence[Callable[[], bytes]], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) unit rows; a picture that cannot be used has a zero row and its reason in `errors`."""

        def prepare(load: Callable[[], bytes]) -> Any:
            return self.network.prepare(load_picture(load, wanted_side=self.network.wanted_side))

        rows = self.network.shapes.with_rows(batch_size).full()
        return _encode_files(images, self.network, prepare, Batches(self.info.dim, rows, progress))


@dataclass(frozen=True)
class NetworkAudioEncoder:
    """An AudioEncoder around any AudioNetwork."""

    info: EncoderInfo
    network: AudioNetwork

    def encode_sounds(
        self, sounds: Sequence[Callable[[], bytes]], *, batch_size: int = 8, progress: Progress | None = None
    ) -> EncodedImages:
        """Return (n, dim) unit rows; a sound that cannot be used has a zero row and its reason in `errors`."""

        def prepare(load: Callable[[], bytes]) -> Any:
            return self.network.prepare(load_sound(load, rate_hz=self.network.rate_hz, most_s=self.network.most_s))

        return _encode_files(sounds, self.network, prepare, Batches(self.info.dim, batch_size, progress))


@dataclass(frozen=True)
class Batches:
    """How files are encoded: vectors so long, so many files at once, and who hears how far it is."""

    dim: int
    size: int
    progress: Progress | None


def _encode_files(
    files: Sequence[Callable[[], bytes]],
    network: ImageNetwork | AudioNetwork,
    prepare: Callable[[Callable[[], bytes]], Any],
    batches: Batches,
) -> EncodedImages:
    vectors = np.zeros((len(files), batches.dim), dtype=np.float32)
    errors: dict[int, str] = {}

    def try_file(position: int) -> tuple[int, Any]:
        try:
            return position, prepare(files[position])
        except UnusableFile as error:
            return position, error

    def collate(prepared: Iterator[tuple[int, Any]]) -> Iterator[tuple[list[int], Any]]:
        while chunk := list(islice(prepared, batches.size)):
            errors.update({i: str(item) for i, item in chunk if isinstance(item, UnusableFile)})
            good = [(i, item) for i, item in chunk if not isinstance(item, UnusableFile)]
            if good:
                yield [i for i, _ in good], network.collate([item for _, item in good])
            if batches.progress and len(good) < len(chunk):
                batches.progress(len(chunk) - len(good))

    threads = min(MAX_DECODING_THREADS, usable_processors())
    with ThreadPoolExecutor(threads, thread_name_prefix="decode", initializer=make_way) as pool:
        prepared = _ahead(pool, try_file, range(len(files)), ahead=BATCHES_AHEAD * batches.size)
        for positions, rows in _pipeline(_run_ahead(collate(prepared), name="collate"), network.encode):
            vectors[positions] = unit_rows(check_finite(rows))
            if batches.progress:
                batches.progress(len(positions))
    return EncodedImages(vectors, errors)


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Sequence[Item], *, ahead: int
) -> Iterator[Result]:
    """Yield `work(item)` in order while the pool is up to `ahead` items further: bounded memory, no idle encoder."""
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _run_ahead(batches: Iterator[Item], *, name: str) -> Iterator[Item]:
    """Yield what `batches` does, made by a thread that is BATCHES_AHEAD further: who encodes does nothing else."""
    with ThreadPoolExecutor(1, thread_name_prefix=name) as pool:
        waiting = deque(pool.submit(next, batches, None) for _ in range(BATCHES_AHEAD))
        while (batch := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, batches, None))
            yield batch


def _pipeline(
    batches: Iterator[tuple[Key, Any]], encode: Callable[[Any], Callable[[], Array]]
) -> Iterator[tuple[Key, Array]]:
    """Encode each batch; fetch its vectors only when the next one is started: a GPU then never waits for a copy."""
    started: tuple[Key, Callable[[], Array]] | None = None
    for key, batch in batches:
        following = key, encode(batch)
        if started is not None:
            yield started[0], started[1]()
        started = following
    if started is not None:
        yield started[0], started[1]()
