"""How large run-length encoded pixels become (PS3.5, annex G), told before they are unpacked.

pydicom unpacks a segment to its end and looks at its length afterwards: a file of some MB holds gigabytes of one value.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.filereader import read_file_meta_info
from pydicom.uid import RLELossless

from catalog.dicom.refusals import DicomRefused

HEADER = struct.Struct("<16L")  # how many segments, and where each begins


def refuse_overlong(path: Path, *, index: int, frames: int, pixels: int) -> None:
    """Raise DicomRefused where the frame at `index` holds more than its `pixels` in one of its segments."""
    if read_file_meta_info(path).get("TransferSyntaxUID") != RLELossless:
        return
    frame = get_frame(dcmread(path, specific_tags=["PixelData"]).PixelData, index, number_of_frames=frames)
    count, *places = HEADER.unpack_from(frame)
    bounds = [*places[: min(count, len(places))], len(frame)]
    for start, stop in pairwise(bounds):
        if measure(frame[start:stop], most=pixels + 1) > pixels + 1:  # one more, of padding
            raise DicomRefused("its pixels are packed to more than the picture has: the file is broken")


def measure(segment: bytes, *, most: int) -> int:
    """Return how many bytes a segment unpacks to; anything above `most` as soon as it is that."""
    place = length = 0
    while place < len(segment) and length <= most:
        sign = segment[place]
        length += sign + 1 if sign < 128 else (257 - sign if sign > 128 else 0)
        place += sign + 2 if sign < 128 else (2 if sign > 128 else 1)
    return length
