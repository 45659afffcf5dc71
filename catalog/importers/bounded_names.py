"""Names made from others: no longer than a column takes, the same each time, different where those differ."""

from __future__ import annotations

import hashlib
import re

MAX_NAME = 100  # characters of a sku and of a group
DIGEST = 8  # hexadecimal characters


def shorten_name(name: str) -> str:
    """Return `name`, or where it is too long its beginning and a digest of all of it."""
    return name if len(name) <= MAX_NAME else add_digest(name, of=name)


def add_digest(name: str, *, of: str) -> str:
    """Return `name`, as much as there is room for, and a digest of what it stands for."""
    digest = hashlib.sha256(of.encode(errors="surrogateescape")).hexdigest()[:DIGEST]
    return f"{name[: MAX_NAME - DIGEST - 1].rstrip('-')}-{digest}"


def join_slugs(*texts: str) -> str:
    """Return the texts as one name of words and hyphens. Where that loses more than spaces, a digest says what."""
    slugs = [re.sub(r"\W+", "-", text.lower()).strip("-") for text in texts]
    name = "-".join(filter(None, slugs))
    is_whole = all(re.sub(r"\s+", "-", text.lower().strip()) == slug for text, slug in zip(texts, slugs, strict=True))
    return shorten_name(name) if is_whole else add_digest(name, of="\x1f".join(texts))
