"""Pictures as a camera, a phone or another studio might have taken them: extra views of a product for training.

Mirroring and other colours were tried as well, and were worth nothing (docs/evaluation.md, benchmarks/ablation.py).
"""

import math

import numpy as np
from PIL import Image

from embeddings.encoders.preprocessing import find_border_colour

ROTATION_DEGREES = 15.0
AREA = (0.5, 1.0)  # share of the picture that a crop keeps: scale and crop in one
ASPECT = (0.8, 1.25)


def augment_picture(picture: Image.Image, *, seed: int) -> Image.Image:
    """Return a rotated and cropped RGB copy of `picture`; equal seeds, equal copies."""
    generator = np.random.default_rng(seed)
    colour = picture.convert("RGB")
    degrees = generator.uniform(-ROTATION_DEGREES, ROTATION_DEGREES)
    turned = colour.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=find_border_colour(colour))
    return _crop(turned, generator)


def _crop(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Return a random part of the picture (Inception-style: Szegedy et al. 2015)."""
    width, height = picture.size
    area = width * height * generator.uniform(*AREA)
    aspect = math.exp(generator.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
    crop_width = max(1, min(width, round(math.sqrt(area * aspect))))
    crop_height = max(1, min(height, round(math.sqrt(area / aspect))))
    left = int(generator.integers(0, width - crop_width + 1))
    top = int(generator.integers(0, height - crop_height + 1))
    return picture.crop((left, top, left + crop_width, top + crop_height))
