"""What readers advise in options of `import_products`, in words of the page, which has fields for them."""

from __future__ import annotations

import re

WORDINGS = (
    (re.compile(r"pass --format ([\w-]+)(, or shopify-json for that of Shopify)?"), r"choose the format \1 above"),
    (re.compile(r"pass --encoding ([\w-]+)"), r"choose the encoding \1"),
    (re.compile(r"--encoding ([\w-]+)"), r"choose the encoding \1"),
    (re.compile(r"pass --decimal point or --decimal comma"), "choose the decimal mark"),
    (re.compile(r"put each below --images at the path of its URL"), "put each into the zip at the path of its URL"),
    (re.compile(r"pass the pictures' own as --images"), "pack fewer files"),
    (re.compile(r"below --images"), "in the zip of pictures,"),
    (re.compile(r"run it again with --allow-many-gone"), "choose so above, and import again"),
)


def word_for_pages(said: str) -> str:
    """Return what a reader said, with what to do about it on the page."""
    for pattern, wording in WORDINGS:
        said = pattern.sub(wording, said)
    return said
