"""Whether something is written into a picture's own pixels: nothing takes it out again, and the picture is refused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image
from pydicom import Dataset

from catalog.pictures.lettering import count_letters
from catalog.pictures.measuring import SIDE_PX, to_grey

# Where a machine or a person usually writes names into the picture, unless the file says that nobody did: ultrasound,
# endoscopes, cameras, microscopes, and whatever was captured from a screen or scanned.
WRITTEN_ON = frozenset({"US", "IVUS", "ES", "XC", "GM", "SM", "OP", "OPT", "OT", "SC", "DOC", "SCR", "ECG", "XA", "RF"})
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture Image Storage, and its kinds below
LETTERS_FROM = 4  # in a row: one or two are markers of the side
SMALL_PX = 800  # of the longer side
MAX_TILES = 64  # of one picture; a larger one is looked at in strides


def refuse_declared(header: Dataset) -> str:
    """Return why a picture may not be taken by what its header says, or nothing."""
    declared = str(header.get("BurnedInAnnotation", "")).strip().upper()
    if declared == "YES":
        return "its header says that something is written into the picture (BurnedInAnnotation)"
    if str(header.get("RecognizableVisualFeatures", "")).strip().upper() == "YES":
        return "its header says that the person can be recognised (RecognizableVisualFeatures)"
    is_capture = str(header.get("SOPClassUID", "")).startswith(CAPTURE) or "ConversionType" in header
    if declared != "NO" and (is_capture or str(header.get("Modality", "")).strip().upper() in WRITTEN_ON):
        return "names are often written into pictures of its kind, and its header does not say that this one has none"
    return ""


def has_letters(picture: Image.Image) -> bool:
    """Are there rows of what look like letters, seen from afar or from near?"""
    return any(count_letters(to_grey(part, side=SIDE_PX)) >= LETTERS_FROM for part in look_at(picture))


def look_at(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield the picture, and its parts as they are: twice as large where it is small, and letters may be too."""
    yield picture
    if max(picture.size) <= SMALL_PX:
        picture = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)
    if max(picture.size) <= SIDE_PX:
        yield picture
        return
    stride = SIDE_PX // 2  # so that a row of letters that one part cuts is whole in the next
    lefts, tops = (np.arange(0, max(side - stride, 1), stride) for side in picture.size)
    places = [(int(left), int(top)) for top in tops for left in lefts]
    for left, top in places[:: max(1, -(-len(places) // MAX_TILES))]:
        yield picture.crop((left, top, min(left + SIDE_PX, picture.width), min(top + SIDE_PX, picture.height)))
