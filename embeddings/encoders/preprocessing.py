"""What happens to a picture before a network sees it, by declaration, without torch.

torchvision_geometry.py has torchvision do the same; that both give equal pixels is tested.
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
PREPROCESSING_VERSION = 1  # part of every identity: raise it when the same picture would become other pixels


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
    """Return the `fit` option of a spec: crop the middle, pad to a white square, or stretch."""
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
    """Return the whole picture in the middle of a white square, as shops show products."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(picture.resize(size, resample), ((side - size[0]) // 2, (side - size[1]) // 2))
    return square
