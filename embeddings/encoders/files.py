"""Files of products that encoders read: loaded, or why they cannot be used."""

from __future__ import annotations

from collections.abc import Callable


class UnusableFile(ValueError):
    """The file is nothing that can be encoded. The message says why and what to do."""


def load_file(load: Callable[[], bytes], *, what: str) -> bytes:
    """Return the bytes that `load` gives, of a picture or sound. Raise UnusableFile; other exceptions pass."""
    try:
        content = load()
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UnusableFile(f"The {what}'s file cannot be read ({error}): upload it again.") from error
    if not content:
        raise UnusableFile(f"The {what}'s file is empty: upload it again.")
    return content
