"""Pictures to squares by torchvision's transforms; preprocessing.square_pixels gives the same pixels without torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from embeddings.encoders.preprocessing import Preprocessing, pad_to_square
from embeddings.encoders.torchvision.compat import torchvision  # noqa: F401  (makes the next import work)

from torchvision.transforms import v2  # isort: skip

# By what torchvision calls them.
RESAMPLING = {
    v2.InterpolationMode.NEAREST: Image.Resampling.NEAREST,
    v2.InterpolationMode.BILINEAR: Image.Resampling.BILINEAR,
    v2.InterpolationMode.BICUBIC: Image.Resampling.BICUBIC,
    v2.InterpolationMode.LANCZOS: Image.Resampling.LANCZOS,
}
MODES = {resampling: mode for mode, resampling in RESAMPLING.items()}


def square_transform(how: Preprocessing) -> Callable[[Image.Image], torch.Tensor]:
    """Return a function from an RGB picture to its (side, side, 3) uint8 pixels."""
    mode = MODES[how.resample]
    steps: list[Callable[[Image.Image], Image.Image]]
    if how.fit == "stretch":
        steps = [v2.Resize((how.side, how.side), interpolation=mode)]
    elif how.fit == "pad":
        steps = [lambda picture: pad_to_square(picture, how.side, resample=how.resample)]
    else:
        steps = [v2.Resize(how.resize, interpolation=mode), v2.CenterCrop(how.side)]

    def transform(picture: Image.Image) -> torch.Tensor:
        for step in steps:
            picture = step(picture)
        return torch.from_numpy(np.array(picture))

    return transform
