"""A batch of inputs, encoded and kept: the same whichever engine brings it.

An adapter for an engine calls `run_batch` with lists of `InputRow` in as many processes as it likes, and adds up what
they return. Nothing has to be done once or in order, and a batch that is lost on the way is brought again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import TypeVar

from catalog.bad_file import BadFile
from catalog.fetching.targets import FetchError
from embeddings.distributed.keeping import copy_vectors, find_known, patiently
from embeddings.distributed.work import Encoding, InputRow, Job, Tally
from embeddings.encoders.base import Encoder
from embeddings.encoders.files import UnusableFile
from embeddings.encoding import EncoderChanged, Problem, encode_batch
from embeddings.modalities.declaration import FileInput, Input, Modality, TextInput
from embeddings.modalities.registry import find_modality
from embeddings.modalities.text import hash_text

REASON_LENGTH = 200
NO_MODALITY = "Its modality is none that the space encodes: see the column `modality`."
NO_HASH = "It has no sha256: name that of the file, by which its vector is kept."

Result = TypeVar("Result")

_seen: set[Encoding] = set()  # that this process has loaded: the registry keeps them for the partition that comes next


def run_batch(job: Job, rows: Sequence[InputRow]) -> Tally:
    """Encode what of a batch has no vector yet, keep it, and return what became of each.

    Raises EncoderError or EncoderChanged where this machine does not have the job's encoders, OperationalError where
    the database does not come back.
    """
    tally = Tally()
    ours = [row for row in rows if row.modality in job.encodings]
    if others := len(rows) - len(ours):
        tally.note("failed", "", NO_MODALITY, count=others)
    for name, own in groupby(sorted(ours, key=lambda row: row.modality), key=lambda row: row.modality):
        _run_modality(job, name, list(own), tally)
    return tally


def _run_modality(job: Job, name: str, rows: Sequence[InputRow], tally: Tally) -> None:
    modality, encoding = find_modality(name), job.encodings[name]
    wanted = {row.sha256: row for row in map(_address, rows) if row.sha256 and not row.is_known}
    nameless = sum(not row.sha256 and row.text is None for row in rows)
    known = _ask(tally, partial(find_known, wanted, encoder=encoding.identity)) if wanted else set()
    new = {sha256: row for sha256, row in wanted.items() if sha256 not in known}
    tally.note("reused", name, count=len(rows) - nameless - len(new))
    if nameless:
        tally.note("failed", name, NO_HASH, count=nameless)
    if not new:
        return
    encoder = _load(modality, encoding, tally)
    started = time.perf_counter()
    inputs = {sha256: make_input(modality, row, media=job.media) for sha256, row in new.items()}
    vectors, problems = encode_batch(modality, encoder, inputs)
    encoded_at = time.perf_counter()
    stored = _ask(tally, partial(copy_vectors, vectors, encoder=encoding.identity))
    tally.note("encoded", name, count=len(vectors), seconds=time.perf_counter() - started)
    tally.note("stored", name, count=stored, seconds=time.perf_counter() - encoded_at)
    for sha256, problem in problems.items():
        tally.note("failed", name, _say_reason(problem, new[sha256]))


def make_input(modality: Modality, row: InputRow, *, media: str) -> Input:
    """Return the input that a row stands for; its file is read when the encoder asks for it."""
    if row.text is not None:
        return TextInput(row.sha256, row.text)
    load: Callable[[], bytes]
    if row.url:
        load = partial(_fetch, modality, row.url, sha256=row.sha256)
    elif media:
        load = partial(_fetch, modality, f"{media.rstrip('/')}/{row.path}")  # as it is kept: perhaps without metadata
    else:
        load = partial(modality.read_file, row.path or "")
    return FileInput(row.sha256, load, name=row.path or "")


def _fetch(modality: Modality, url: str, *, sha256: str = "") -> bytes:
    """Return the file at a URL, judged like what is downloaded for a product. Raises UnusableFile."""
    try:
        fetched = modality.fetch_file(url)
    except (FetchError, BadFile) as error:
        raise UnusableFile(f"What is at its URL cannot be used: {error}.") from error
    if sha256 not in ("", fetched.sha256):
        raise UnusableFile("What is at its URL is not what it was: its sha256 is another.")
    return fetched.content


def _address(row: InputRow) -> InputRow:
    """Return a row of a text with the hash that its vector is kept by, whatever it came with."""
    if row.text is None or row.is_known:
        return row
    return InputRow(row.modality, hash_text(row.text), text=row.text)


def _load(modality: Modality, encoding: Encoding, tally: Tally) -> Encoder:
    started = time.perf_counter()
    encoder = modality.load_encoder(encoding.spec)
    if encoder.info.identity != encoding.identity:
        raise EncoderChanged(
            f"This machine has {encoder.info.identity} where the job has {encoding.identity}: "
            "install the same weights everywhere."
        )
    if encoding not in _seen:
        _seen.add(encoding)
        tally.note("loaded", modality.name, seconds=time.perf_counter() - started)
    return encoder


def _ask(tally: Tally, act: Callable[[], Result]) -> Result:
    return patiently(act, on_wait=lambda seconds: tally.note("waited", seconds=seconds))


def _say_reason(problem: Problem, row: InputRow) -> str:
    """Return why an input has no vector in words that are the same for all that fail alike: without its own name."""
    reason = problem.reason
    for own in filter(None, (row.path, row.url, row.sha256)):
        reason = reason.replace(own, "…")
    return reason[:REASON_LENGTH]
