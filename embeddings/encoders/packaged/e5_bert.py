"""multilingual-e5-small as a transformers BertModel, with the weights that e5_file.py reads."""

from __future__ import annotations

import torch

from embeddings.encoders.packaged.e5_file import E5File
from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

from transformers import BertConfig, BertModel  # isort: skip

# The names of a layer's parts in transformers, in the file, and whether the matrix has feed_forward rows.
LINEAR_PARTS = (
    ("attention.self.query", "q", False),
    ("attention.self.key", "k", False),
    ("attention.self.value", "v", False),
    ("attention.output.dense", "ao", False),
    ("intermediate.dense", "fi", True),
    ("output.dense", "fo", False),
)
NORM_PARTS = (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln"))


def build_bert(file: E5File) -> BertModel:
    """Return the network in evaluation mode (470 MB)."""
    shape = file.shape
    config = BertConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.token_types,
        layer_norm_eps=shape.layer_norm_eps,
        pad_token_id=0,
    )
    with torch.device("meta"):
        bert = BertModel(config, add_pooling_layer=False)
    state = _embedding_weights(file)
    for layer in range(shape.layers):
        state.update(_layer_weights(file, layer))
    bert.load_state_dict(state, strict=False, assign=True)
    bert.embeddings.register_buffer("position_ids", torch.arange(shape.positions)[None], persistent=False)
    bert.embeddings.register_buffer(
        "token_type_ids", torch.zeros(1, shape.positions, dtype=torch.long), persistent=False
    )
    missing = [name for name, tensor in bert.state_dict().items() if tensor.is_meta]
    if missing:
        raise ValueError(f"{file.path} lacks the weights of {', '.join(missing[:3])}")
    bert.train(False)
    return bert


def _embedding_weights(file: E5File) -> dict[str, torch.Tensor]:
    shape = file.shape
    return {
        "embeddings.word_embeddings.weight": torch.from_numpy(file.matrix("emb.word", rows=shape.vocabulary)),
        "embeddings.position_embeddings.weight": torch.from_numpy(file.vector("emb.pos")).view(shape.positions, -1),
        "embeddings.token_type_embeddings.weight": torch.from_numpy(file.vector("emb.type")).view(
            shape.token_types, -1
        ),
        "embeddings.LayerNorm.weight": torch.from_numpy(file.vector("emb.ln.w")),
        "embeddings.LayerNorm.bias": torch.from_numpy(file.vector("emb.ln.b")),
    }


def _layer_weights(file: E5File, layer: int) -> dict[str, torch.Tensor]:
    weights = {}
    for part, short, is_wide in LINEAR_PARTS:
        rows = file.shape.feed_forward if is_wide else file.shape.hidden
        name = f"encoder.layer.{layer}.{part}"
        weights[f"{name}.weight"] = torch.from_numpy(file.matrix(f"l{layer}.{short}.w", rows=rows))
        weights[f"{name}.bias"] = torch.from_numpy(file.vector(f"l{layer}.{short}.b"))
    for part, short in NORM_PARTS:
        name = f"encoder.layer.{layer}.{part}"
        weights[f"{name}.weight"] = torch.from_numpy(file.vector(f"l{layer}.{short}.w"))
        weights[f"{name}.bias"] = torch.from_numpy(file.vector(f"l{layer}.{short}.b"))
    return weights
