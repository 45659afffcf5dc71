"""Several views of one picture, averaged: left and right make no other product."""

from __future__ import annotations

from collections.abc import Callable

import torch


def encode_views(encode: Callable[[torch.Tensor], torch.Tensor], pictures: torch.Tensor, *, views: int) -> torch.Tensor:
    """Return (n, dim) unit vectors of pictures (n, 3, h, w): as they are, or the mean with their mirror images (2).

    Each view has unit length before averaging, so that both weigh the same.
    """
    vectors = torch.nn.functional.normalize(encode(pictures).float(), dim=1)
    if views == 1:
        return vectors
    return (vectors + torch.nn.functional.normalize(encode(pictures.flip(3)).float(), dim=1)) / 2
