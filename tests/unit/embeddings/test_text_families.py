"""Text encoders whose family is known by their name."""

import json

import pytest

from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.text_families import known_declaration


@pytest.mark.parametrize(
    ("name", "pooling", "prefix"),
    [
        ("intfloat/multilingual-e5-base", "mean", "query: "),
        ("intfloat/multilingual-e5-large-instruct", "mean", ""),
        ("BAAI/bge-base-en-v1.5", "cls", ""),
        ("thenlper/gte-large", "mean", ""),
        ("Alibaba-NLP/gte-modernbert-base", "cls", ""),
        ("sentence-transformers/all-MiniLM-L6-v2", "mean", ""),
        ("sentence-transformers/LaBSE", "pooler", ""),
        ("someone/some-bert", "mean", ""),
    ],
)
def test_known_families_are_declared_by_name(tmp_path, name, pooling, prefix):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 16}))
    declared = known_declaration(Checkpoint(tmp_path, name))
    assert (declared.pooling, declared.prefix) == (pooling, prefix)
