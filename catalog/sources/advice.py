"""What readers advise in options of `import_products`, in words of a source, which has a kind and a folder."""

from __future__ import annotations

import re

WORDINGS = (
    (re.compile(r"pass --format ([\w-]+)"), r"give the source the kind \1"),
    (re.compile(r"\bshopify-json\b"), "shopify"),  # which is told from the table by its first bytes
    (re.compile(r"pass the pictures' own as --images"), "move the feed and its pictures to a folder of their own"),
    (re.compile(r"below --images"), "beside the feed,"),
)


def word_for_sources(said: str) -> str:
    """Return what a reader said, with what to do about it in a source."""
    for pattern, wording in WORDINGS:
        said = pattern.sub(wording, said)
    return said
