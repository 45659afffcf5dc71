"""JPEG (ITU T.81): segments that begin with a marker, and the scans between them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from catalog.pictures.formats.anatomy import Anatomy, DamagedPicture, Parts

SIGNATURES = (b"\xff\xd8\xff",)
END = 0xD9
SCAN = 0xDA
ALONE = {0x01, *range(0xD0, 0xD8)}  # markers that nothing belongs to
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # tables stand between them
MANY_SCANS = {0xC2, 0xC6, 0xCA, 0xCE}  # progressive: coefficients of the whole picture are kept until the last scan
TABLES = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD}
AFTER_ENTROPY = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
MARKER = re.compile(rb"\xff[^\x00\xff]")
COEFFICIENT_BYTES = 2


@dataclass
class Frame:
    """What the frame's header says: the size, and each component with its share of the samples."""

    width: int = 0
    height: int = 0
    shares: dict[int, float] = field(default_factory=dict)  # component -> samples for each pixel
    is_progressive: bool = False


def read_jpeg(content: bytes) -> Anatomy:
    """Return the anatomy of a JPEG. What follows its end, such as further pictures or a film, is dropped."""
    parts = Parts(content, start=2)
    clean, exif, header, scanned, scans = [content[:2]], b"", Frame(), 0.0, 0
    while True:
        parts.begin_part()
        marker = _read_marker(parts)
        if marker == END:
            clean.append(b"\xff\xd9")
            break
        if marker in ALONE:
            continue
        length = parts.take(2)
        body = parts.take(int.from_bytes(length, "big") - 2) if length > b"\x00\x01" else b""
        if marker == 0xE1 and body.startswith(b"Exif\x00\x00") and not exif:
            exif = body[6:]
        if marker in FRAMES and not header.width:
            header = _read_frame(body, marker=marker)
        if kept := _keep(marker, body):
            clean.append(bytes([0xFF, marker]) + (len(kept) + 2).to_bytes(2, "big") + kept)
        if marker == SCAN:
            scanned, scans = scanned + _count_samples(body, header), scans + 1
            clean.append(_take_entropy(parts))
            if parts.place >= len(content):
                break
    if not header.width or not scans:
        raise DamagedPicture("it holds no picture")
    samples = sum(header.shares.values())
    pixels = header.width * header.height
    held = int(pixels * samples * COEFFICIENT_BYTES) if header.is_progressive or scans > 1 else 0
    depth = 1 if len(header.shares) == 1 else 4  # bytes of a pixel in memory
    return Anatomy(format="JPEG", width=header.width, height=header.height, full_bytes=pixels * depth + held,
                   held_bytes=held, passes=scanned / samples, exif=exif, is_lossless=False,
                   clean=b"".join(clean))  # fmt: skip


def _read_marker(parts: Parts) -> int:
    """Return the next marker. Bytes between segments that belong to none are left out; decoders skip them, too."""
    found = MARKER.search(parts.content, parts.place)
    if not found:
        raise DamagedPicture("a segment is missing")
    parts.take(found.end() - parts.place)
    return found[0][1]


def _keep(marker: int, body: bytes) -> bytes:
    """Return what stays of a segment: tables, and what says how numbers become colours."""
    if marker in FRAMES or marker in TABLES or marker == SCAN:
        return body
    if marker == 0xE0 and body.startswith(b"JFIF\x00") and len(body) >= 14:
        return body[:12] + b"\x00\x00"  # without its thumbnail
    is_colour = (marker, body[:5]) == (0xEE, b"Adobe") or (marker, body[:12]) == (0xE2, b"ICC_PROFILE\x00")
    return body if is_colour else b""


def _read_frame(body: bytes, *, marker: int) -> Frame:
    components = body[6:]
    if len(body) < 9 or len(components) < 3 * body[5]:
        raise DamagedPicture("its header is cut short")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    factors = {components[i]: (components[i + 1] >> 4) * (components[i + 1] & 15) for i in range(0, 3 * body[5], 3)}
    most = max(factors.values(), default=0)
    if not width or not height or not most:
        raise DamagedPicture("its header names no size")
    shares = {component: factor / most for component, factor in factors.items()}
    return Frame(width, height, shares, is_progressive=marker in MANY_SCANS)


def _count_samples(body: bytes, header: Frame) -> float:
    """Return how many samples for each pixel a scan goes through."""
    return sum(header.shares.get(component, 1.0) for component in body[1 : 1 + 2 * body[0] : 2]) if body else 0.0


def _take_entropy(parts: Parts) -> bytes:
    """Return the coded data up to the next marker, or to the end of the file."""
    found = AFTER_ENTROPY.search(parts.content, parts.place)
    return parts.take((found.start() if found else len(parts.content)) - parts.place)
