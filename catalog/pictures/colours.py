"""Colours of every kind to sRGB of 8 bits, and transparency to a ground on which the picture shows."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

WHITE, GREY = (255, 255, 255, 255), (128, 128, 128, 255)
VANISHES_BELOW = 24  # mean distance from white, of 255, at which a shape on white cannot be made out any more
SEEN_ALPHA = 16  # of 255
GROUND_SIDE = 256  # pixels that are looked at, along each side, to choose a ground
MAX_PROFILE_BYTES = 4 * 1024 * 1024
WITH_ALPHA = {"LA", "PA", "La", "RGBa", "RGBA"}
PROBES = Image.fromarray(np.indices((6, 6, 6)).reshape(3, 36, 6).transpose(1, 2, 0).astype(np.uint8) * 51)
PROFILED = {"L", "RGB", "CMYK"}  # what lcms is given


def make_plain(image: Image.Image, *, factor: int, band_pixels: int) -> Image.Image:
    """Return a decoded image as RGB or RGBA in sRGB, averaged over `factor` x `factor` pixels, in little memory."""
    profile = image.info.get("icc_profile")
    return to_srgb(_average(image, factor=factor, band_pixels=band_pixels), profile=profile)


def to_srgb(picture: Image.Image, *, profile: Any) -> Image.Image:
    """Return a picture of mode L, RGB, RGBA or CMYK as RGB or RGBA, its numbers read as its ICC profile says."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha is not None else picture
    change = find_change(profile, colours.mode) if profile else None
    if change is not None:
        colours = ImageCms.applyTransform(colours, change) or colours
    colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


@lru_cache(maxsize=32)  # the pictures of a shop share a few
def find_change(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return how colours of `profile` become sRGB; None where they are that already, or the profile is no good."""
    if mode not in PROFILED or len(profile) > MAX_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.getOpenProfile(BytesIO(profile))
        change = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode == "RGB" and changes_nothing(change) else change
    except Exception:  # lcms raises nearly anything on hostile bytes; numbers are then read as they are
        return None


def changes_nothing(change: ImageCms.ImageCmsTransform) -> bool:
    """Is it sRGB already? Tried on colours, for what a profile calls itself is no proof."""
    colours = PROBES.transpose(Image.Transpose.FLIP_LEFT_RIGHT)  # a copy
    changed = ImageCms.applyTransform(colours, change) or colours
    before, after = (np.asarray(picture).astype(np.int16) for picture in (colours, changed))
    return int(np.abs(before - after).max()) <= 2


def lay_on_ground(picture: Image.Image) -> Image.Image:
    """Return an RGB or RGBA picture as RGB: on white, or on grey where it would vanish on white."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, GREY if vanishes_on_white(picture) else WHITE)
    return Image.alpha_composite(ground, picture).convert("RGB")


def vanishes_on_white(picture: Image.Image) -> bool:
    """Is what can be seen of an RGBA picture nearly white, with nothing but transparency to make its shape?"""
    step = max(max(picture.size) // GROUND_SIDE, 1)
    pixels = np.asarray(picture)[::step, ::step].astype(np.int16)
    seen = pixels[pixels[..., 3] >= SEEN_ALPHA]
    return bool(len(seen)) and float((255 - seen[:, :3]).max(axis=1).mean()) < VANISHES_BELOW


def _average(image: Image.Image, *, factor: int, band_pixels: int) -> Image.Image:
    """Return the image as L, RGB, RGBA or CMYK, made smaller in bands: the whole of it is never copied."""
    if factor == 1:
        return _to_eight_bits(image)
    rows = max(band_pixels // image.width // factor, 1) * factor
    size = (-(-image.width // factor), -(-image.height // factor))
    smaller: Image.Image | None = None
    for top in range(0, image.height, rows):
        band = _to_eight_bits(image.crop((0, top, image.width, min(top + rows, image.height))))
        if band.mode == "RGBA":  # what is transparent has no say in the colour
            band = band.convert("RGBa")
        band = band.reduce(factor)
        smaller = smaller or Image.new(band.mode, size)
        smaller.paste(band, (0, top // factor))
    assert smaller is not None
    return smaller.convert("RGBA") if smaller.mode == "RGBa" else smaller


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of any mode as L, RGB, RGBA or CMYK."""
    if image.mode.startswith("I"):  # 16 bits of grey, which convert() would cut off at 255
        grey = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((grey * 255 + 32767) // 65535).clip(0, 255).astype(np.uint8))
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in PROFILED:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")
