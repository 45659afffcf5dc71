"""Names and URLs of pictures in one cell, between commas, and in one text of ours, between bars."""

from __future__ import annotations

import re
from collections.abc import Iterable

NEXT_LINK = re.compile(r"(?<=[\s,;|])(?=(?:https?:)?//)", re.IGNORECASE)  # a comma inside an address stays
BETWEEN = " \t\r\n,;|"
NEXT_NAME = re.compile(r",\s+|,(?=(?:https?:)?//)", re.IGNORECASE)


def split_links(text: str) -> list[str]:
    """Return the links that one text joins by commas, semicolons, bars or spaces; //host/x.jpg is of the web, too."""
    links = (link.strip(BETWEEN) for link in NEXT_LINK.split(text))
    return [f"https:{link}" if link.startswith("//") else link for link in links if link]


def split_names(text: str) -> list[str]:
    """Return the names between commas; a comma inside a URL, as of resizing services, has no space behind it."""
    parts = NEXT_NAME.split(text)
    names = [name for part in parts for name in ([part] if "//" in part else part.split(","))]
    return list(filter(None, map(str.strip, names)))


def join_names(names: Iterable[str]) -> str:
    """Return the names between bars. A bar in a URL is written as what it is to servers as well."""
    return "|".join(dict.fromkeys(name.replace("|", "%7C") if "//" in name else name for name in names))
