"""The picture of a DICOM file as a reader would see it: rescaled, windowed, its polarity put right, eight bits deep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

from catalog.dicom.refusals import DicomRefused
from catalog.dicom.run_lengths import refuse_overlong

MAX_PIXELS = 64 * 1024 * 1024  # of one frame: mammograms have 16 million
MAX_FRAMES = 20_000
SIDE_PX = 1024  # of the longer side as it is stored; encoders see a quarter of that
DECODERS = "pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg"
CUT_PERCENT = 0.5  # at both ends, where a file names no window

Array = npt.NDArray[Any]


def render_picture(path: Path, header: Dataset) -> Image.Image:
    """Return the middle frame of a file as large as it is, by what is left of its header. Raises DicomRefused."""
    refuse_too_large(header)
    try:
        frames = count_frames(header)
        refuse_overlong(path, index=frames // 2, frames=frames, pixels=header.Rows * header.Columns)
        stored: Array = pixel_array(path, index=frames // 2)
        return Image.fromarray(to_eight_bits(stored, header))
    except DicomRefused:
        raise
    except (RuntimeError, NotImplementedError) as error:
        if "transfer syntax" in str(error).lower() or "plugin" in str(error).lower() or "decod" in str(error).lower():
            raise DicomRefused(f"its pixels are packed in a way that this machine cannot unpack: {DECODERS}") from None
        raise DicomRefused(f"its pixels cannot be read ({type(error).__name__})") from None
    except Exception as error:  # a broken file makes pydicom and Pillow raise a dozen kinds
        raise DicomRefused(f"its pixels cannot be read ({type(error).__name__}): the file is broken") from None


def count_frames(header: Dataset) -> int:
    """Return how many pictures a file has; a header that says nothing of it has one."""
    return int(header.get("NumberOfFrames") or 1)


def refuse_too_large(header: Dataset) -> None:
    """Raise DicomRefused where a file has no picture, or one that nobody needs to wait for."""
    rows, columns, frames = (header.get(name) for name in ("Rows", "Columns", "NumberOfFrames"))
    if not rows or not columns:
        raise DicomRefused("it has no picture")
    if rows * columns > MAX_PIXELS:
        raise DicomRefused(f"its picture has {rows} x {columns} pixels, of {MAX_PIXELS} that one may have")
    if frames is not None and not 1 <= int(frames) <= MAX_FRAMES:
        raise DicomRefused(f"it has {frames} frames, of {MAX_FRAMES} that a file may have")


def to_eight_bits(stored: Array, header: Dataset) -> npt.NDArray[np.uint8]:
    """Return (h, w) of grey or (h, w, 3) of colour from a frame as it is stored."""
    kind = str(header.get("PhotometricInterpretation", "MONOCHROME2"))
    if kind == "PALETTE COLOR":
        coloured: Array = apply_color_lut(stored, header)
        return (coloured >> 8 if coloured.dtype.itemsize > 1 else coloured).astype(np.uint8)
    if stored.ndim == 3:
        shift = max(int(header.get("BitsStored", 8)) - 8, 0)
        return (stored >> shift).astype(np.uint8)
    values = apply_modality_lut(mask_bits(stored, header), header)
    low, high = 0.0, 0.0
    if "VOILUTSequence" in header:
        values = apply_voi_lut(values, header)
        high = float(2 ** int(header.VOILUTSequence[0].LUTDescriptor[2]) - 1)
    elif "WindowCenter" in header and "WindowWidth" in header:
        low, high = read_window(header)
    if high <= low:  # no window, or one of no width
        low, high = map(float, np.percentile(values, (CUT_PERCENT, 100 - CUT_PERCENT)))
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    if kind == "MONOCHROME1" or header.get("PresentationLUTShape") == "INVERSE":
        grey = 1 - grey
    return np.asarray(grey * 255 + 0.5, dtype=np.uint8)


def mask_bits(stored: Array, header: Dataset) -> Array:
    """Return the values without what older files keep in bits that no value uses: overlays, with names in them."""
    allocated, used = int(header.get("BitsAllocated", 16)), int(header.get("BitsStored", 16))
    if not 0 < used < allocated or stored.dtype.kind not in "iu":
        return stored
    masked = stored.astype(np.int64) & ((1 << used) - 1)
    if header.get("PixelRepresentation") == 1:
        sign = 1 << (used - 1)
        masked = (masked ^ sign) - sign
    return masked.astype(stored.dtype if allocated > 8 else np.int16)


def read_window(header: Dataset) -> tuple[float, float]:
    """Return what becomes black and what white by the first window that a file names (PS3.3, C.11.2.1.2).

    A sigmoid is taken for the line through its middle.
    """
    centre, width = (
        float(value[0] if isinstance(value, MultiValue) else value)
        for value in (header.WindowCenter, header.WindowWidth)
    )
    if header.get("VOILUTFunction") == "LINEAR_EXACT":
        return centre - width / 2, centre + width / 2
    return centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2


def shrink(picture: Image.Image) -> Image.Image:
    """Return the picture as it is stored: grey or colour, without anything but its pixels."""
    small = picture.convert("RGB" if picture.mode == "RGB" else "L")
    small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    return small
