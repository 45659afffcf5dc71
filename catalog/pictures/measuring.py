"""What a picture is like for shoppers: how sharp it is, and how much text is laid over it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from catalog.pictures.colours import lay_on_ground
from catalog.pictures.decoding import decode_picture
from catalog.pictures.lettering import count_letters

SIDE_PX = 640  # of the longer side as it is measured; smaller pictures are never enlarged
SHARP_SIDE_PX = 512
TILES = 8  # along each side
SHARPEST = 90  # percentile of the tiles: most of a product's picture is even ground, and some of it out of focus
FAINT = 20.0  # gradient energy of noise on even ground, of lightness squared: it is not to pass for sharpness
# Below it a picture is blurred. Of 120 pictures of homeware two are; of the same blurred by a Gaussian of 0.4% of their
# longer side nine of ten, by 0.8% all, of those enlarged threefold from 128 pixels two thirds.
BLURRED_BELOW = 0.25
LETTERED_FROM = 6  # letters in a row

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Measures:
    """What was measured of one picture."""

    sharpness: float
    letters: int  # of the longest row


def measure_picture(content: bytes) -> Measures:
    """Return what a picture's file is like. Raises PictureError where it cannot be decoded."""
    picture = lay_on_ground(decode_picture(content, enough=SIDE_PX))
    return Measures(
        sharpness=round(measure_sharpness(to_grey(picture, side=SHARP_SIDE_PX)), 2),
        letters=count_letters(to_grey(picture, side=SIDE_PX)),
    )


def to_grey(picture: Image.Image, *, side: int) -> Pixels:
    """Return lightness (h, w) of 0 to 255, the longer side `side` pixels at most."""
    copy = picture.convert("L")
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(copy, dtype=np.float32)


def measure_sharpness(grey: Pixels) -> float:
    """Return how sharp the sharpest tiles of a picture (h, w) of 0 to 255 are: 1 to 2 in focus, 0.1 out of it.

    It is the energy of the Laplacian in that of the gradient. The Laplacian's alone, or its variance (Pech-Pacheco et
    al., "Diatom autofocusing in brightfield microscopy", ICPR 2000), grows with contrast as well: by it three of a
    hundred sharp pictures of white ware on white are blurred where a quarter of the blurred ones pass for sharp.
    """
    from scipy import ndimage  # SciPy takes a while to load, and no web process looks at pictures

    height, width = (side - 1 for side in grey.shape)
    if min(height, width) < 1:
        return 0.0
    gradient = np.diff(grey, axis=1)[:-1] ** 2 + np.diff(grey, axis=0)[:, :-1] ** 2
    laplacian = ndimage.laplace(grey)[:-1, :-1] ** 2
    rows, columns = (np.linspace(0, side, min(TILES, side) + 1).astype(int) for side in (height, width))
    tiles = [
        float(laplacian[top:bottom, left:right].mean() / (gradient[top:bottom, left:right].mean() + FAINT))
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]
    return float(np.percentile(tiles, SHARPEST))
