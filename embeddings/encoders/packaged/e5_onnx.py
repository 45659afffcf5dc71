"""multilingual-e5-small through ONNX Runtime: a graph made straight from the 4-bit file, without torch or an export.

A worker then starts without torch (2 s instead of 9, and 400 MB less), first start included. `MatMulNBits` is ONNX
Runtime's product with 4-bit matrices in blocks of 32: the file's own numbers, nothing is rounded again, computed in
float32 (accuracy_level 1; level 4, with 8-bit inputs, gave cosine .99988 and was no faster). Operators of the domain
com.microsoft: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, helper

from embeddings.encoders.base import Array
from embeddings.encoders.onnx_graph import MICROSOFT, OnnxGraph
from embeddings.encoders.onnx_runtime import OnnxNetwork
from embeddings.encoders.packaged.e5_file import E5File
from embeddings.encoders.packaged.e5_tokens import E5Tokens
from embeddings.encoders.shapes import TEXTS_BY_PROCESSOR, TokenRow, pad_rows

BLOCK = 32  # weights that share a scale
FLOAT32_COMPUTE = 1
# Texts in one run of the network: of descriptions 53 per second of processor time in eights, 44 in 32s (less padding).
MICRO_BATCH = 8


class GraphBuilder:
    """Puts the e5 network together."""

    def __init__(self, file: E5File) -> None:
        self._file, self._shape, self._graph = file, file.shape, OnnxGraph()

    def build(self) -> ModelProto:
        """Return the network: word vectors with positions added (n, t, hidden) and mask (n, t) -> (n, t, hidden)."""
        self._add("Cast", ["mask"], "mask32", domain="", to=TensorProto.INT32)
        norm = [self._vector("emb.ln.w"), self._vector("emb.ln.b")]
        eps = self._shape.layer_norm_eps
        state = self._add("LayerNormalization", ["words", *norm], "embedded", domain="", axis=-1, epsilon=eps)
        for layer in range(self._shape.layers):
            state = self._add_layer(state, f"l{layer}.")
        self._add("Identity", [state], "hidden", domain="")
        axes: list[str | int | None] = ["texts", "tokens"]
        wide = [*axes, self._shape.hidden]
        words = helper.make_tensor_value_info("words", TensorProto.FLOAT, wide)
        mask = helper.make_tensor_value_info("mask", TensorProto.INT64, axes)
        hidden = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, wide)
        return self._graph.finish("multilingual-e5-small", inputs=[words, mask], outputs=[hidden])

    def _add_layer(self, state: str, layer: str) -> str:
        hidden, wide, eps = self._shape.hidden, self._shape.feed_forward, self._shape.layer_norm_eps
        projected = [self._multiply(state, f"{layer}{part}.w", rows=hidden, columns=hidden) for part in "qkv"]
        bias = self._graph.constant(
            f"{layer}qkv.b", np.concatenate([self._file.vector(f"{layer}{part}.b") for part in "qkv"])
        )
        attended = self._add(
            "MultiHeadAttention", [*projected, bias, "mask32"], f"{layer}attended", num_heads=self._shape.heads
        )
        mixed = self._multiply(attended, f"{layer}ao.w", rows=hidden, columns=hidden)
        state = self._add(
            "SkipLayerNormalization", [mixed, state, *self._norm(layer, "aln", "ao")], f"{layer}1", epsilon=eps
        )
        inner = self._multiply(state, f"{layer}fi.w", rows=wide, columns=hidden)
        inner = self._add("BiasGelu", [inner, self._vector(f"{layer}fi.b")], f"{layer}gelu")
        outer = self._multiply(inner, f"{layer}fo.w", rows=hidden, columns=wide)
        return self._add(
            "SkipLayerNormalization", [outer, state, *self._norm(layer, "oln", "fo")], f"{layer}2", epsilon=eps
        )

    def _norm(self, layer: str, norm: str, linear: str) -> list[str]:
        return [self._vector(f"{layer}{name}") for name in (f"{norm}.w", f"{norm}.b", f"{linear}.b")]

    def _multiply(self, value: str, name: str, *, rows: int, columns: int) -> str:
        """Multiply by the transpose of a 4-bit matrix. The file keeps weights 0-15 of a block in the low halves of its
        bytes and 16-31 in the high ones; the operator wants neighbours in one byte."""
        scales, numbers = self._file.blocks(name, rows=rows)
        packed = numbers[:, :, 0::2] | (numbers[:, :, 1::2] << 4)
        matrix = [self._graph.constant(name, packed), self._graph.constant(f"{name}.scale", scales.reshape(-1))]
        return self._add(
            "MatMulNBits",
            [value, *matrix],
            f"{name}.product",
            K=columns,
            N=rows,
            bits=4,
            block_size=BLOCK,
            accuracy_level=FLOAT32_COMPUTE,
        )

    def _vector(self, name: str) -> str:
        return self._graph.constant(name, self._file.vector(name))

    def _add(self, operator: str, inputs: list[str], output: str, *, domain: str = MICROSOFT, **attributes: Any) -> str:
        return self._graph.add(operator, inputs, output, domain=domain, **attributes)


class E5Onnx:
    """A TextNetwork: word vectors are looked up in the file, ONNX Runtime does the rest."""

    shapes = TEXTS_BY_PROCESSOR

    def __init__(self, file: E5File, tokens: E5Tokens, *, pooling: str) -> None:
        self._file, self._tokens, self._pooling = file, tokens, pooling
        self._network = OnnxNetwork(GraphBuilder(file).build().SerializeToString())
        shape = file.shape
        positions = file.vector("emb.pos").reshape(shape.positions, shape.hidden)
        self._positions = positions + file.vector("emb.type").reshape(shape.token_types, shape.hidden)[0]

    def tokenize(self, texts: Sequence[str]) -> list[TokenRow]:
        """Return the tokens of each text."""
        return self._tokens(texts)

    def collate(self, rows: Sequence[TokenRow]) -> list[dict[str, npt.NDArray[Any]]]:
        """Return the network's inputs for each few texts: vectors (n, t, hidden) and mask (n, t)."""
        return [self._inputs(rows[i : i + MICRO_BATCH]) for i in range(0, len(rows), MICRO_BATCH)]

    def _inputs(self, rows: Sequence[TokenRow]) -> dict[str, npt.NDArray[Any]]:
        tokens = pad_rows(rows, padding=self._tokens.padding)
        ids = tokens["input_ids"]
        return {
            "words": self._file.word_vectors(ids) + self._positions[: ids.shape[1]],
            "mask": tokens["attention_mask"],
        }

    def encode(self, batch: list[dict[str, npt.NDArray[Any]]]) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, hidden)."""
        waiting = self._network.start(batch)

        def wait() -> Array:
            parts = zip(waiting, batch, strict=True)
            return np.concatenate([pool_rows(hidden(), part["mask"], pooling=self._pooling) for hidden, part in parts])

        return wait


def pool_rows(hidden: Array, mask: npt.NDArray[np.int64], *, pooling: str) -> Array:
    """Return (n, dim) from token vectors (n, t, dim) and a mask (n, t) of texts padded on the right.

    mean: of the tokens that are there. cls: the first. last: the last that is there. max: the highest of each number.
    """
    if pooling == "cls":
        firsts: Array = hidden[:, 0]
        return firsts
    if pooling == "last":
        lasts: Array = hidden[np.arange(len(hidden)), mask.sum(1) - 1]
        return lasts
    present = mask[:, :, None].astype(np.float32)
    if pooling == "max":
        highest: Array = np.where(present > 0, hidden, -np.inf).max(1)
        return highest
    if pooling != "mean":
        raise ValueError(f"pooling={pooling} is not one of mean, cls, last, max")
    means: Array = (hidden * present).sum(1) / present.sum(1)
    return means
