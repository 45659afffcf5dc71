"""BERT-family sentence encoders run by torch: tokens to one vector, by declaration."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from embeddings.encoders.base import Array
from embeddings.encoders.torch_runtime import fetch_later, half_precision, pin

Tokens = dict[str, npt.NDArray[np.int64]]  # input_ids, attention_mask and what else the network takes, each (n, t)


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


class SentenceNetwork:
    """A transformers network and its tokenizer as a TextNetwork."""

    def __init__(
        self,
        network: torch.nn.Module,
        tokenize: Callable[[Sequence[str]], Tokens],
        *,
        pooling: str,
        device: torch.device,
        dense: Sequence[torch.nn.Module] = (),
    ) -> None:
        self._network = network.to(device).eval()
        self._dense = torch.nn.Sequential(*dense).to(device).eval()
        self._tokenize = tokenize
        self._pooling = pooling
        self._device = device

    def tokenize(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return the network's inputs, each (n, t)."""
        return {name: pin(torch.from_numpy(rows), self._device) for name, rows in self._tokenize(texts).items()}

    def encode(self, batch: dict[str, torch.Tensor]) -> Callable[[], Array]:
        """Start encoding; return a function that waits for the vectors (n, dim)."""
        inputs = {name: tensor.to(self._device, non_blocking=True) for name, tensor in batch.items()}
        with torch.inference_mode(), half_precision(self._device):
            output = self._network(**inputs)
            if self._pooling == "pooler":
                vectors = output.pooler_output
            else:
                vectors = pool_tokens(output.last_hidden_state.float(), inputs["attention_mask"], pooling=self._pooling)
            vectors = self._dense(vectors)
        return fetch_later(vectors)
