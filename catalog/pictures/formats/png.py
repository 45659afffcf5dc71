"""PNG (W3C, third edition): chunks, each with its length, name and checksum."""

from __future__ import annotations

import zlib

from catalog.pictures.formats.anatomy import Anatomy, DamagedPicture, Parts

SIGNATURES = (b"\x89PNG\r\n\x1a\n",)
KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"bKGD",
        b"pHYs", b"acTL", b"fcTL", b"fdAT"}  # fmt: skip
# By colour type, what the decoder keeps for a pixel; Pillow pads colours, and greys with alpha, to four bytes.
PIXEL_BYTES = {0: 1, 2: 4, 3: 1, 4: 4, 6: 4}


def read_png(content: bytes) -> Anatomy:
    """Return the anatomy of a PNG. What follows its end is dropped."""
    parts = Parts(content, start=8)
    clean, exif, header, is_animated = [content[:8]], b"", b"", False
    while True:
        start = parts.begin_part()
        length, name = int.from_bytes(parts.take(4), "big"), parts.take(4)
        body, checksum = parts.take(length), parts.take(4)
        if name in KEPT and zlib.crc32(content[start + 4 : parts.place - 4]) != int.from_bytes(checksum, "big"):
            raise DamagedPicture("a checksum is wrong")
        if not header and (name != b"IHDR" or length != 13):
            raise DamagedPicture("its header is missing")
        header = header or body
        is_animated = is_animated or name == b"acTL"
        if name == b"eXIf":
            exif = body
        if name in KEPT:
            clean.append(content[start : parts.place])
        if name == b"IEND":
            break
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colours = header[8], header[9]
    if not width or not height or colours not in PIXEL_BYTES:
        raise DamagedPicture("its header names no size")
    pixel_bytes = 2 if depth == 16 and colours == 0 else PIXEL_BYTES[colours]
    return Anatomy(format="PNG", width=width, height=height, full_bytes=width * height * pixel_bytes,
                   held_bytes=width * height * pixel_bytes, exif=exif, is_animated=is_animated,
                   clean=b"".join(clean))  # fmt: skip
