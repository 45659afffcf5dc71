"""Pictures as a camera, a phone or another studio might have taken them: extra views of a product for training."""

import math

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from embeddings.encoders.preprocessing import find_border_colour

ROTATION_DEGREES = 15.0
AREA = (0.5, 1.0)  # share of the picture that a crop keeps: scale and crop in one
ASPECT = (0.8, 1.25)
JITTER = {ImageEnhance.Brightness: 0.3, ImageEnhance.Contrast: 0.3, ImageEnhance.Color: 0.4}
HUE_STEPS = 8  # of 256
MIRRORED = 0.5  # share of the copies that show left for right


def augment_picture(picture: Image.Image, *, seed: int) -> Image.Image:
    """Return a rotated, cropped, perhaps mirrored and recoloured RGB copy of `picture`; equal seeds, equal copies."""
    generator = np.random.default_rng(seed)
    colour = picture.convert("RGB")
    degrees = generator.uniform(-ROTATION_DEGREES, ROTATION_DEGREES)
    turned = colour.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=find_border_colour(colour))
    cropped = _crop(turned, generator)
    if generator.random() < MIRRORED:
        cropped = ImageOps.mirror(cropped)
    for enhancer, amount in JITTER.items():
        cropped = enhancer(cropped).enhance(1 + generator.uniform(-amount, amount))
    return _shift_hue(cropped, int(generator.integers(-HUE_STEPS, HUE_STEPS + 1)))


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


def _shift_hue(picture: Image.Image, steps: int) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    shifted = hue.point(lambda level: (level + steps) % 256)
    return Image.merge("HSV", (shifted, saturation, value)).convert("RGB")
