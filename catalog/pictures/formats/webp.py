"""WebP (RFC 9649): chunks in a RIFF file, each padded to an even length."""

from __future__ import annotations

from catalog.pictures.formats.anatomy import Anatomy, DamagedPicture, Parts

KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
HAS_EXIF, HAS_XMP, IS_ANIMATED = 0x08, 0x04, 0x02
# libwebp's decoder of animations, which Pillow uses for all, keeps two grounds and hands over a copy: measured.
PIXEL_BYTES = 16


def is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def read_webp(content: bytes) -> Anatomy:
    """Return the anatomy of a WebP. Chunks that are no picture are dropped, and so is what follows its end."""
    length = int.from_bytes(content[4:8], "little") + 8
    if length > len(content):
        raise DamagedPicture("it is cut short")
    parts = Parts(content[:length], start=12)
    clean, exif, size, flags, is_lossless = [], b"", (0, 0), 0, False
    while parts.place + 8 <= length:
        parts.begin_part()
        name, held = parts.take(4), int.from_bytes(parts.take(4), "little")
        body = parts.take(held)
        padding = parts.take(held % 2) if parts.place < length else b"\x00" * (held % 2)
        if name == b"VP8X":
            flags = body[0] if body else 0
            body = bytes([flags & ~(HAS_EXIF | HAS_XMP)]) + body[1:]
        if name == b"EXIF" and not exif:
            exif = body.removeprefix(b"Exif\x00\x00")
        size = max(size, _read_size(name, body))
        is_lossless = is_lossless or name == b"VP8L"
        if name in KEPT:
            clean.append(name + held.to_bytes(4, "little") + body + padding)
    if not all(size):
        raise DamagedPicture("it holds no picture")
    body = b"WEBP" + b"".join(clean)
    cost = size[0] * size[1] * PIXEL_BYTES
    return Anatomy(format="WEBP", width=size[0], height=size[1], full_bytes=cost, held_bytes=cost, exif=exif,
                   is_lossless=is_lossless, is_animated=bool(flags & IS_ANIMATED),
                   clean=b"RIFF" + len(body).to_bytes(4, "little") + body)  # fmt: skip


def _read_size(name: bytes, body: bytes) -> tuple[int, int]:
    """Return width and height where a chunk says them, else zeros."""
    if name == b"VP8X" and len(body) >= 10:
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) >= 10:
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    if name == b"VP8L" and body[:1] == b"\x2f" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0
