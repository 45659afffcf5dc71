"""GIF (89a): blocks, of which those that are no picture may hold anything."""

from __future__ import annotations

from catalog.pictures.formats.anatomy import Anatomy, DamagedPicture, Parts

SIGNATURES = (b"GIF87a", b"GIF89a")
EXTENSION, FRAME, END = b"\x21", b"\x2c", b"\x3b"
TIMING, APPLICATION = b"\xf9", b"\xff"
LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
PIXEL_BYTES = 2  # the palette's number, and the frame before it is laid on the ground


def read_gif(content: bytes) -> Anatomy:
    """Return the anatomy of a GIF: its size is that of the ground, or of the first frame where it sticks out."""
    parts = Parts(content, start=6)
    screen = parts.take(7)
    _skip_palette(parts, screen[4])
    clean, frames = [content[: parts.place]], 0
    width, height = int.from_bytes(screen[:2], "little"), int.from_bytes(screen[2:4], "little")
    while True:
        start = parts.begin_part()
        kind = parts.take(1)
        if kind == END:
            clean.append(END)
            break
        label = parts.take(1) if kind == EXTENSION else b""
        if kind == FRAME:
            left, top, wide, high = (int.from_bytes(parts.take(2), "little") for _ in range(4))
            _skip_palette(parts, parts.take(1)[0])
            parts.take(1)  # the size of its first codes
            if not frames:
                width, height = max(width, left + wide), max(height, top + high)
            frames += 1
        elif kind != EXTENSION:
            raise DamagedPicture("it holds a block of no known kind")
        is_loop = label == APPLICATION and content.startswith(LOOPS, parts.place)
        _skip_blocks(parts)
        if kind == FRAME or label == TIMING or is_loop:
            clean.append(content[start : parts.place])
    if not frames or not width or not height:
        raise DamagedPicture("it holds no picture")
    cost = width * height * PIXEL_BYTES
    return Anatomy(format="GIF", width=width, height=height, full_bytes=cost, held_bytes=cost, is_animated=frames > 1,
                   clean=b"".join(clean))  # fmt: skip


def _skip_palette(parts: Parts, flags: int) -> None:
    if flags & 0x80:
        parts.take(3 << ((flags & 7) + 1))


def _skip_blocks(parts: Parts) -> None:
    while length := parts.take(1)[0]:
        parts.begin_part()
        parts.take(length)
