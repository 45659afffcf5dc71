"""BERT-family sentence encoders run by torch: tokens to one vector, by declaration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from embeddings.encoders.base import Array
from embeddings.encoders.cuda_graphs import Inputs
from embeddings.encoders.on_device import Batch, OnDevice
from embeddings.encoders.shapes import Padding, Shapes, TokenRow, pad_rows


def pool_tokens(hidden: torch.Tensor, mask: torch.Tensor, *, pooling: str) -> torch.Tensor:
    """Return (n, dim) from token vectors (n, t, dim) and a mask (n, t) that is 0 where a text is padded.

    mean: of the tokens that are there (Reimers and Gurevych, Sentence-BERT, 2019). cls: the first token. last: the
    last token that is there, whichever side the padding is on. max: the highest of each number.
    """
    if pooling == "mean":
        present = mask.unsqueeze(2).to(hidden.dtype)
        return (hidden * present).sum(1) / present.sum(1).clamp(min=1)
    if pooling == "cls":
        first = mask.argmax(1)
        return hidden[torch.arange(len(hidden), device=hidden.device), first]
    if pooling == "last":
        positions = torch.arange(mask.shape[1], device=mask.device)
        last = (positions * mask).argmax(1)
        return hidden[torch.arange(len(hidden), device=hidden.device), last]
    if pooling == "max":
        return hidden.masked_fill(mask.unsqueeze(2) == 0, float("-inf")).amax(1)
    raise ValueError(f"pooling={pooling} is not one of mean, cls, last, max")


class Sentences(torch.nn.Module):
    """Tokens (n, t) to vectors (n, dim): a transformers network, its pooling and what follows that."""

    def __init__(self, network: torch.nn.Module, *, pooling: str, dense: Sequence[torch.nn.Module] = ()) -> None:
        super().__init__()
        self.network, self.pooling, self.dense = network, pooling, torch.nn.Sequential(*dense)

    def forward(self, inputs: Inputs) -> torch.Tensor:
        """Return (n, dim), of any length."""
        output = self.network(**inputs)
        if self.pooling == "pooler":
            vectors = output.pooler_output
        else:
            vectors = pool_tokens(output.last_hidden_state.float(), inputs["attention_mask"], pooling=self.pooling)
        pooled: torch.Tensor = self.dense(vectors)
        return pooled


def call(network: torch.nn.Module, inputs: Inputs) -> torch.Tensor:
    """Have a network whose own `forward` takes inputs and gives vectors do so."""
    vectors: torch.Tensor = network(inputs)
    return vectors


class TokenNetwork:
    """A network on a device and its tokenizer as a TextNetwork."""

    def __init__(
        self,
        network: OnDevice,
        tokenize: Callable[[Sequence[str]], Sequence[TokenRow]],
        *,
        padding: Padding,
        widest: int,
        forward: Callable[[Any, Inputs], torch.Tensor] = call,
    ) -> None:
        self.on_device, self._forward = network, forward
        self.tokenize, self._padding, self._widest = tokenize, padding, widest

    @property
    def shapes(self) -> Shapes:
        """Return what batches the device takes best."""
        return replace(self.on_device.device.text_shapes, widest=self._widest)

    def collate(self, rows: Sequence[TokenRow]) -> Batch:
        """Return the network's inputs, each (n, t)."""
        arrays = pad_rows(rows, padding=self._padding, shapes=self.shapes)
        inputs = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return self.on_device.gather(inputs, shapes=self.shapes, width=inputs["input_ids"].shape[1])

    def encode(self, batch: Batch) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        return self.on_device.start(self._forward, batch)
