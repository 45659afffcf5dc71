"""`word2vec:` text encoders: word2vec or fastText vectors through gensim, averaged by how rare the words are.

Formula: smooth inverse frequency (SIF), a / (a + p(word)), Arora, Liang, Ma, "A Simple but Tough-to-Beat Baseline for
Sentence Embeddings", 2017, with their a = 0.001. The common component that they then remove, calibration removes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.encoders.base import (
    Array,
    EncoderInfo,
    EncoderUnavailable,
    Progress,
    UnknownEncoder,
    check_finite,
    make_identity,
)
from embeddings.encoders.spec import EncoderSpec
from embeddings.encoders.weights import sha256_of
from embeddings.unit_rows import unit_rows

SMOOTHING = 0.001
FASTTEXT_MAGIC = (793712314).to_bytes(4, "little")  # fastText's own binary format, with parts of words
LONGEST_RUN_WORD = 6  # characters: scripts without spaces are cut into the longest known words
WORD = re.compile(r"\w+")
WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")


def describe_word_vectors(spec: EncoderSpec) -> EncoderInfo:
    """Return the description of a `word2vec:` encoder. Reads the file's first line, and all of it once for its hash."""
    path = _existing(spec)
    return EncoderInfo(
        spec=spec.text,
        identity=make_identity(spec.text, weights=sha256_of(path), declaration={"a": smoothing_of(spec)}),
        dim=_read_dim(path),
        modalities=frozenset({"text"}),
        licence="not stated: ask its publisher",
        size_mb=round(path.stat().st_size / 1e6, 1),
    )


def smoothing_of(spec: EncoderSpec) -> float:
    """Return the `a` of the formula. Raise UnknownEncoder where it is no positive number."""
    try:
        value = float(spec.options.get("a", SMOOTHING))
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise UnknownEncoder(f"{spec.text!r}: a={spec.options.get('a')} is not a positive number such as {SMOOTHING}.")
    return value


def load_word_vectors(spec: EncoderSpec) -> WordVectorEncoder:
    """Return the text encoder around a file of word vectors. Raise EncoderUnavailable where it is none."""
    info = describe_word_vectors(spec)
    path = _existing(spec)
    try:
        if _is_fasttext(path):
            from gensim.models.fasttext import load_facebook_vectors  # gensim is heavy, and only word vectors need it

            vectors = load_facebook_vectors(str(path))
        else:
            from gensim.models import KeyedVectors

            vectors = KeyedVectors.load_word2vec_format(str(path), binary=_is_binary(path), unicode_errors="replace")
    except Exception as error:  # gensim raises whatever parsing happens to stumble on
        raise EncoderUnavailable(f"{path} is no file of word2vec or fastText vectors ({error}).") from error
    return WordVectorEncoder(info, vectors, smoothing_of(spec), has_counts=_is_fasttext(path))


@dataclass(frozen=True)
class WordVectorEncoder:
    """A TextEncoder. A text without a known word has a zero row: it counts as a product without text."""

    info: EncoderInfo
    vectors: Any  # gensim's KeyedVectors
    smoothing: float
    has_counts: bool

    def encode_texts(
        self, texts: Sequence[str], *, batch_size: int | None = None, progress: Progress | None = None
    ) -> Array:
        """Return (n, dim) float32 unit rows, in the order of `texts`."""
        sums = np.zeros((len(texts), self.info.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in self._split(text):
                sums[row] += self._weight(word) * self.vectors.get_vector(word)
            if progress:
                progress(1)
        return unit_rows(check_finite(sums))

    def _split(self, text: str) -> Iterator[str]:
        """Yield the known words of a text: as written, in lower case, or as the longest pieces of a run."""
        for word in WORD.findall(text):
            if word in self.vectors.key_to_index:
                yield word
            elif word.lower() in self.vectors.key_to_index:
                yield word.lower()
            elif run := WITHOUT_SPACES.search(word):
                yield from self._cut(run.group())
            elif self.has_counts and word.lower() in self.vectors:  # fastText: made of the parts of the word
                yield word.lower()

    def _cut(self, run: str) -> Iterator[str]:
        """Yield the longest known words of a run without spaces, from left to right."""
        start = 0
        while start < len(run):
            ends = range(min(len(run), start + LONGEST_RUN_WORD), start, -1)
            end = next((end for end in ends if run[start:end] in self.vectors.key_to_index), None)
            if end is not None:
                yield run[start:end]
            start = end or start + 1

    def _weight(self, word: str) -> float:
        index = self.vectors.key_to_index.get(word)
        share = self._shares[index] if index is not None else 0.0
        return float(self.smoothing / (self.smoothing + share))

    @cached_property
    def _shares(self) -> Array:
        """Return p(word) of the vocabulary: as counted where the file has counts, else by Zipf's law, first is most."""
        size = len(self.vectors.key_to_index)
        if self.has_counts:
            counts = np.array([self.vectors.get_vecattr(word, "count") for word in self.vectors.index_to_key], float)
        else:
            counts = 1 / np.arange(1, size + 1)
        shares: Array = (counts / counts.sum()).astype(np.float32)
        return shares


def _existing(spec: EncoderSpec) -> Path:
    path = Path(spec.name).expanduser()
    if not path.is_file():
        raise EncoderUnavailable(f"{spec.text!r}: there is no file {path}.")
    return path


def _is_fasttext(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == FASTTEXT_MAGIC


def _is_binary(path: Path) -> bool:
    """Return whether the vectors of a word2vec file are numbers in binary: then the first line of them is no text."""
    with path.open("rb") as file:
        file.readline()
        start = file.read(512).partition(b" ")[2]
    return any(byte not in b"0123456789+-.eE \r\n" for byte in start.split(b"\n")[0])


def _read_dim(path: Path) -> int:
    """Return how long the vectors are: the second number of a word2vec file, or the first setting of a fastText one."""
    with path.open("rb") as file:
        start = file.readline(4096)
    if start.startswith(FASTTEXT_MAGIC):
        return int.from_bytes(start[8:12], "little")
    numbers = start.split()
    if len(numbers) != 2 or not numbers[1].isdigit():
        raise EncoderUnavailable(
            f"{path} does not begin with two numbers, words and dimensions: it is no word2vec file."
        )
    return int(numbers[1])
