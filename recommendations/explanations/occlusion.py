"""What an encoder looks at: leave out a word, cover a part of the picture, and see how much similarity is lost.

Occlusion: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014; for words, Li, Monroe
and Jurafsky, "Understanding neural networks through representation erasure", 2016. Runs in the worker.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from embeddings.composition import parse_composition
from embeddings.encoders.pictures import decode_picture
from embeddings.encoding import SpaceEncoders, load_encoders
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.inputs import ProductInputs, load_inputs
from embeddings.modalities.declaration import FileInput
from embeddings.modalities.registry import IMAGE, TEXT, find_modality
from embeddings.modalities.text import make_text
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.vectors import load_pipeline

WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{1,2}|[^\W_]+(?:[-'’][^\W_]+)*")
MAX_WORDS = 40  # different words; each is one more text to encode for each part
MAP_SIDE_PX = 320  # of the heat map's longer side
CELLS = 7  # the picture is covered in 7 x 7 places
PATCH_CELLS = 2  # each cover is this many cells wide, so that neighbouring covers overlap
HEAT = (196, 69, 24)  # red, green, blue of the map
MAX_ALPHA = 190  # of 255, where it matters most


@dataclass(frozen=True)
class Looked:
    """How much similarity each word and each place of the picture carries; at most 1, the most important being 1."""

    words: dict[str, float]
    heat: np.ndarray | None  # (CELLS, CELLS), rows from the top
    picture: bytes = b""

    def to_json(self) -> bytes:
        heat_map = base64.b64encode(draw_heat_map(self.heat, self.picture)).decode() if self.heat is not None else None
        return json.dumps({"words": self.words, "heat_map": heat_map}).encode()


def look(space: EmbeddingSpace, anchor_id: int, other_id: int) -> Looked:
    """Return what makes `other` similar to the anchor: the other's words and places of its first picture."""
    encoders, pipeline = load_encoders(space), load_pipeline(space)
    found = load_inputs([other_id], parts=parse_composition(space.text_composition))
    if not found:
        return Looked(words={}, heat=None)
    (inputs,) = found
    anchor = {
        modality: np.asarray(vector, dtype=np.float32)
        for modality, vector in ProductEmbedding.objects.filter(space=space, product_id=anchor_id).values_list(
            "modality", "vector"
        )
    }
    words = weigh_words(inputs, anchor["text"], encoders, pipeline) if "text" in anchor else {}
    if "image" not in anchor or not inputs.pictures:
        return Looked(words=words, heat=None)
    picture = inputs.pictures[0].load()
    return Looked(words=words, heat=weigh_places(picture, anchor["image"], encoders, pipeline), picture=picture)


def weigh_words(
    inputs: ProductInputs, anchor: np.ndarray, encoders: SpaceEncoders, pipeline: VectorPipeline
) -> dict[str, float]:
    """Return word -> weight, heaviest first, of the words without which the texts are less similar to the anchor's."""
    longest = max((text for text in inputs.texts if text), key=len, default="")
    spelt = {word.casefold(): word for word in reversed(WORD.findall(longest))}  # as spelt where it comes first
    words = list(reversed(spelt.values()))[:MAX_WORDS]
    if not words:
        return {}
    parts = [[text] + [leave_out(word, text) for word in words] if text else None for text in inputs.texts]
    texts = list(dict.fromkeys(text for part in parts if part for text in part if text))
    encoded = find_modality(TEXT).encode(encoders[TEXT], [make_text(text) for text in texts])
    vectors = dict(zip(texts, encoded.vectors, strict=True))
    none = np.zeros(pipeline.modalities["text"].input_dim, dtype=np.float32)
    rows = [
        np.stack([vectors.get(part[row], none) if part else none for row in range(len(words) + 1)]) for part in parts
    ]
    similarities = pipeline.modalities["text"].transform(rows) @ anchor  # (1 + words,)
    losses = np.maximum(similarities[0] - similarities[1:], 0)
    order = np.argsort(-losses, kind="stable")
    return {words[row]: weight for row in order if (weight := _share(losses, row)) > 0}


def leave_out(word: str, text: str) -> str:
    """Return the text without the word in any case, as whole words where they are set apart by spaces."""
    pattern = re.escape(word) if ord(word[0]) > 0x3000 else rf"\b{re.escape(word)}\b"
    return " ".join(re.sub(pattern, " ", text, flags=re.IGNORECASE).split())


def weigh_places(
    picture: bytes, anchor: np.ndarray, encoders: SpaceEncoders, pipeline: VectorPipeline
) -> np.ndarray | None:
    """Return (CELLS, CELLS) weights of the places without which the picture is less similar to the anchor's."""
    upright = open_upright(picture)
    boxes = list(iterate_boxes(*upright.size))
    covered = [upright, *(cover(upright, box) for box in boxes)]
    inputs = [FileInput("", partial(_to_png, image)) for image in covered]
    encoded = find_modality(IMAGE).encode(encoders[IMAGE], inputs)
    if encoded.errors:
        return None
    similarities = pipeline.modalities["image"].transform([encoded.vectors]) @ anchor
    losses = np.maximum(similarities[0] - similarities[1:], 0)
    heat: np.ndarray = (losses / max(float(losses.max()), 1e-9)).reshape(CELLS, CELLS)
    return heat if losses.max() > 0 else None


def iterate_boxes(width: int, height: int) -> Sequence[tuple[int, int, int, int]]:
    """Return the boxes to cover, row by row: each PATCH_CELLS wide, centred on its cell."""
    half = PATCH_CELLS / 2
    centres = [cell + 0.5 for cell in range(CELLS)]
    return [
        (
            round(max(column - half, 0) * width / CELLS),
            round(max(row - half, 0) * height / CELLS),
            round(min(column + half, CELLS) * width / CELLS),
            round(min(row + half, CELLS) * height / CELLS),
        )
        for row in centres
        for column in centres
    ]


def cover(picture: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Return the picture with the box painted in its mean colour, which says less than black would."""
    covered = picture.copy()
    covered.paste(tuple(int(value) for value in np.asarray(picture).reshape(-1, 3).mean(axis=0)), box)
    return covered


def draw_heat_map(heat: np.ndarray, picture: bytes) -> bytes:
    """Return a transparent PNG to lay over the picture: the warmer, the more similarity is seen there."""
    width, height = open_upright(picture).size
    scale = MAP_SIDE_PX / max(width, height)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    alpha = Image.fromarray((heat * MAX_ALPHA).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    overlay = Image.new("RGBA", size, (*HEAT, 0))
    overlay.putalpha(alpha)
    file = io.BytesIO()
    overlay.save(file, "PNG", optimize=True)
    return file.getvalue()


def open_upright(picture: bytes) -> Image.Image:
    """Return the picture upright, on white where it is transparent, no larger than the map."""
    upright = decode_picture(picture, wanted_side=MAP_SIDE_PX)
    upright.thumbnail((MAP_SIDE_PX, MAP_SIDE_PX))
    return upright


def _to_png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _share(losses: np.ndarray, row: int) -> float:
    return round(float(losses[row] / max(float(losses.max()), 1e-9)), 3)
