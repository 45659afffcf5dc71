"""What benchmarks/encoders.py has an encoder do: its own work, the same in a bare loop, and its network alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Protocol

TOKENIZED_AT_ONCE = 256


class Rounds(Protocol):
    """What is measured of an encoder."""

    network: Any
    count: int  # of texts or pictures
    batches: list[Any]  # prepared beforehand

    def whole(self) -> object:
        """Have the encoder do its work."""

    def bare(self) -> object:
        """Do the same work in a bare loop."""


class TextRounds:
    """Texts in, vectors out."""

    def __init__(self, encoder: Any, texts: list[str], batch_size: int | None) -> None:
        self.encoder, self.texts, self.count, self.batch_size = encoder, texts, len(texts), batch_size
        self.network = getattr(encoder, "_texts", encoder).network
        self.batches = list(self.make_batches())

    def make_batches(self) -> Iterator[Any]:
        from embeddings.encoders.shapes import cut_rows

        shapes = self.network.shapes.with_rows(self.batch_size)
        ordered = sorted(self.texts, key=lambda text: len(text.encode()))
        starts = range(0, len(ordered), TOKENIZED_AT_ONCE)
        rows = (row for i in starts for row in self.network.tokenize(ordered[i : i + TOKENIZED_AT_ONCE]))
        return (self.network.collate(batch) for batch in cut_rows(rows, shapes))

    def whole(self) -> object:
        return self.encoder.encode_texts(self.texts, batch_size=self.batch_size)

    def bare(self) -> object:
        with ThreadPoolExecutor(1) as pool:
            return forward(self.network, one_ahead(pool, self.make_batches()))


class PictureRounds:
    """Files of pictures in, vectors out."""

    def __init__(self, encoder: Any, files: list[Any], batch_size: int | None) -> None:
        self.encoder, self.files, self.count, self.batch_size = encoder, files, len(files), batch_size
        self.network = getattr(encoder, "_pictures", encoder).network
        self.batches = list(self.make_batches(map(self.decode, files)))

    def decode(self, file: Any) -> Any:
        from embeddings.encoders.pictures import load_picture

        return self.network.prepare(load_picture(file, wanted_side=self.network.wanted_side))

    def make_batches(self, prepared: Iterator[Any]) -> Iterator[Any]:
        rows = self.network.shapes.with_rows(self.batch_size).full()
        while batch := list(islice(prepared, rows)):
            yield self.network.collate(batch)

    def whole(self) -> object:
        return self.encoder.encode_images(self.files, batch_size=self.batch_size)

    def bare(self) -> object:
        from embeddings.encoders.batches import MAX_DECODING_THREADS
        from embeddings.encoders.machine import usable_processors

        with ThreadPoolExecutor(min(MAX_DECODING_THREADS, usable_processors())) as pool:
            return forward(self.network, self.make_batches(pool.map(self.decode, self.files)))


def one_ahead(pool: ThreadPoolExecutor, batches: Iterator[Any]) -> Iterator[Any]:
    """Yield batches of which the next one is made by a thread meanwhile."""
    waiting = pool.submit(next, batches, None)
    while (batch := waiting.result()) is not None:
        waiting = pool.submit(next, batches, None)
        yield batch


def forward(network: Any, batches: Iterable[Any]) -> None:
    """Run the network over batches, the next one started before the last one is fetched."""
    waiting = None
    for batch in batches:
        following = network.encode(batch)
        if waiting is not None:
            waiting()
        waiting = following
    if waiting is not None:
        waiting()
