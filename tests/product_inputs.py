"""What is encoded of products that no database has."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.inputs import ProductInputs
from embeddings.modalities.declaration import FileInput
from embeddings.modalities.text import make_text


def make_inputs(
    *pictures: str, texts: Sequence[str | None] = (None, None), product_id: int = 1, fingerprint: str = ""
) -> ProductInputs:
    """Return a product with these texts, one for each part, and pictures of these hashes."""
    inputs = {
        "text": tuple((make_text(text),) if text else () for text in texts),
        "image": (tuple(FileInput(sha256, load=bytes) for sha256 in pictures),),
    }
    return ProductInputs(product_id=product_id, fingerprint=fingerprint, category_path="", inputs=inputs)
