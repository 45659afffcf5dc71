"""How near a text has to be to a catalogue for its meaning alone to count: nearer than texts of other trades come.

Of some two hundred texts that have nothing to do with most catalogues, the similarity of each to what is nearest to it
is measured; the floor is what a share of NONSENSE stays below. It is learned for each space, and for Chinese apart:
encoders put texts of a language closer together. Texts that the catalogue has the words of are left out: dog food is
not unrelated to a shop that sells tins for it. The more products there are, the nearer something is by chance: a
catalogue that has grown is measured again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from api.postgres.rows import fetch_rows
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.services import encode_query
from recommendations.search.folding import fold, is_chinese, make_key, split

FILE = Path(__file__).parent / "unrelated_texts.txt"
# Of 0.97 and 0.99 the better one on those halves of three catalogues' searches that are there to choose by: nDCG@10 was
# .979, 1 and .904, and .979, 1 and .918.
NONSENSE = 0.99
MARGIN = 0.02  # of cosine, above the highest that was kept: texts that nobody thought of
SAMPLE = 20_000  # vectors
MODALITY = "text"
MEASURED = "vectors"  # the key beside the scripts: how many there were
PICTURE = "picture"  # likewise: the weight of a ranking by pictures (`picture_ranks.py`)
GROWN = 1.2  # times as many vectors as were measured
KNOWN = """
SELECT word FROM catalog_titleword WHERE word = ANY(%(words)s)
UNION SELECT text FROM recommendations_searchterm WHERE text = ANY(%(keys)s) AND kind IN ('category', 'attribute')
"""


@cache
def unrelated_texts() -> tuple[str, ...]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def script_of(text: str) -> str:
    """Return `chinese` for a text with a Chinese character, else `other`."""
    return "chinese" if any(map(is_chinese, text)) else "other"


def learn_floors(space: EmbeddingSpace) -> dict[str, float]:
    """Return the floor of each script, and of how many vectors under `MEASURED`. Encodes the texts: seconds."""
    vectors = read_vectors(space)
    if not len(vectors):
        return {}
    nearest: dict[str, list[float]] = {"chinese": [], "other": []}
    for text in leave_out_known(unrelated_texts()):
        vector = encode_query(space, text=text).vectors.get(MODALITY)
        if vector is not None:
            nearest[script_of(text)].append(float((vectors @ vector).max()))
    scale = space.scale_of(MODALITY)
    floors = {script: find_floor(found) for script, found in nearest.items() if found}
    return {MEASURED: len(vectors), **{script: round(float(scale.show(floor)), 4) for script, floor in floors.items()}}


def is_outgrown(floors: Mapping[str, float] | None, space: EmbeddingSpace) -> bool:
    """Return whether floors are to be learned: none are, or there are many more vectors now, or many less."""
    measured = (floors or {}).get(MEASURED, 0)
    now = ProductEmbedding.objects.filter(space=space, modality=MODALITY)[:SAMPLE].count()
    return bool(now) and not measured / GROWN < now < measured * GROWN


def leave_out_known(texts: Sequence[str]) -> list[str]:
    """Return the texts of which this catalogue has not all words, neither in titles nor as terms."""
    words = {text: [token.text for token in split(fold(text))] for text in texts}
    asked = {
        "words": [one for of_text in words.values() for one in of_text],
        "keys": [make_key(text) for text in texts],
    }
    known = {row["word"] for row in fetch_rows(KNOWN, asked)}
    return [text for text in texts if make_key(text) not in known and not known.issuperset(words[text])]


def find_floor(nearest: Sequence[float]) -> float:
    return round(float(np.quantile(nearest, NONSENSE)) + MARGIN, 4)


def read_vectors(space: EmbeddingSpace) -> npt.NDArray[np.float32]:
    """Return the vectors of texts (n, dim), of the products that came first where there are more."""
    rows = ProductEmbedding.objects.filter(space=space, modality=MODALITY).order_by("product_id")
    found = list(rows.values_list("vector", flat=True)[:SAMPLE])
    return np.array(found, dtype=np.float32)
