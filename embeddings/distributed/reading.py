"""What is stale, as inputs: a slice of ids at a time, read by whichever process has the time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from embeddings.composition import parse_composition
from embeddings.distributed.keeping import find_known, patiently
from embeddings.distributed.work import InputRow, Job
from embeddings.freshness.staleness import find_stale
from embeddings.freshness.sweep import select_slice
from embeddings.inputs import load_inputs
from embeddings.modalities.declaration import FileInput, Input
from embeddings.models import EmbeddingSpace


def read_slice(job: Job, first: int, last: int) -> list[InputRow]:
    """Return the inputs of the stale products from id `first` to `last`, each once; of what is known only the hash.

    Waits for a database that takes no connection.
    """
    return patiently(partial(_read_slice, job, first, last))


def _read_slice(job: Job, first: int, last: int) -> list[InputRow]:
    space = EmbeddingSpace.objects.get(pk=job.space_id)
    stale = select_slice(find_stale(space), after=first - 1, last=last)
    products = load_inputs(
        list(stale.values_list("pk", flat=True)),
        parts=parse_composition(space.text_composition),
        modalities=list(job.encodings),
    )
    found: list[InputRow] = []
    for modality, encoding in job.encodings.items():
        inputs = {one.sha256: one for product in products for one in product.list_inputs(modality)}
        known = find_known(inputs, encoder=encoding.identity) if inputs else set()
        found += _make_rows(modality, inputs, known)
    return found


def _make_rows(modality: str, inputs: dict[str, Input], known: set[str]) -> Iterator[InputRow]:
    for sha256, one in inputs.items():
        if sha256 in known:
            yield InputRow(modality, sha256, is_known=True)
        elif isinstance(one, FileInput):
            yield InputRow(modality, sha256, path=one.name)
        else:
            yield InputRow(modality, sha256, text=one.text)
