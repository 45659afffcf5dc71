"""What happens to a picture before a network sees it, by declaration, without torch.

torchvision/geometry.py has torchvision do the same; that both give equal pixels is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from embeddings.encoders.spec import EncoderSpec, choose_option

Fit = Literal["crop", "pad", "stretch"]
FITS: tuple[Fit, ...] = ("crop", "pad", "stretch")
PREPROCESSING_VERSION = 2  # part of every identity: raise it when the same picture would become other pixels


@dataclass(frozen=True)
class Preprocessing:
    """A square of `side` pixels and the mean and standard deviation that the network was trained with."""

    side: int
    resize: int  # what the shorter side becomes before the centre crop; equal to `side` for the other fits
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resample: Image.Resampling = Image.Resampling.BICUBIC
    fit: Fit = "crop"


def choose_fit(spec: EncoderSpec, *, default: Fit = "crop") -> Fit:
    """Return the `fit` option of a spec: crop the middle, pad to a square, or stretch."""
    return cast(Fit, choose_option(spec, "fit", allowed=FITS, default=default))


def square_pixels(picture: Image.Image, how: Preprocessing) -> npt.NDArray[np.uint8]:
    """Return the (side, side, 3) pixels of an RGB picture; the geometry of torchvision's Resize and CenterCrop."""
    side = how.side
    if how.fit == "stretch":
        return np.asarray(picture.resize((side, side), how.resample))
    if how.fit == "pad":
        return np.asarray(pad_to_square(picture, side, resample=how.resample))
    width, height = picture.size
    short = min(width, height)
    # torchvision cuts the longer side off to a whole number, and rounds the position of the crop.
    size = (how.resize * width // short, how.resize * height // short)
    if size != picture.size:
        picture = picture.resize(size, how.resample)
    left, top = round((size[0] - side) / 2), round((size[1] - side) / 2)
    return np.asarray(picture.crop((left, top, left + side, top + side)))


def pad_to_square(picture: Image.Image, side: int, *, resample: Image.Resampling) -> Image.Image:
    """Return the whole picture in the middle of a square of its border's colour, so that no new edge is seen."""
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    # As much border left as right: a mirrored picture becomes the mirrored square.
    size = (width + (side - width) % 2, height + (side - height) % 2)
    square = Image.new("RGB", (side, side), find_border_colour(picture))
    square.paste(picture.resize(size, resample), ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


def find_border_colour(picture: Image.Image) -> tuple[int, int, int]:
    """Return the median colour of the outermost pixels of an RGB picture."""
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = (int(value) for value in np.median(border, axis=0))
    return red, green, blue
