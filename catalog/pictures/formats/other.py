"""Formats that are not taken, told by how their files begin, so that whoever sent one learns what it is."""

from __future__ import annotations

BEGINNINGS = (
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"8BPS", "PSD"),
    (b"%PDF", "PDF"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\x00\x00\x01\x00", "ICO"),
)
BRANDS = {b"avif": "AVIF", b"avis": "AVIF"}  # of ISO media files; what phones write under other brands is HEIC
PHONE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
SVG_WITHIN = 1024  # bytes


def name_format(content: bytes) -> str:
    """Return what a file is, nothing where it is none of these."""
    if content[4:8] == b"ftyp":
        return BRANDS.get(content[8:12], "HEIC" if content[8:12] in PHONE_BRANDS else "")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml")) and b"<svg" in content[:SVG_WITHIN]:
        return "SVG"
    return next((name for beginning, name in BEGINNINGS if content.startswith(beginning)), "")
