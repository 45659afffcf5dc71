"""The worker's half of a search: encode the query. Runs in the worker, since it needs the encoders."""

from __future__ import annotations

import json

from embeddings.models import EmbeddingSpace
from embeddings.services import encode_query
from recommendations.search.queries import write_vectors


def answer_query(space_id: int, *, text: str = "", photo: bytes = b"") -> bytes:
    """Return the answer to a query as JSON: its vectors by modality, or an error that the visitor can mend."""
    space = EmbeddingSpace.objects.get(pk=space_id)
    try:
        query = encode_query(space, text=text, photo=photo)
    except ValueError as error:
        return json.dumps({"error": str(error)}).encode()
    return json.dumps({"vectors": write_vectors(query.vectors)}).encode()
