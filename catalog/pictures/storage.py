"""Writing picture files so that a reader sees the whole of one or none, and a crash loses none."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


def write_picture(name: str, content: bytes) -> None:
    """Store `content` under `name`, in place of what is there."""
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:  # a bucket, where a new object takes the place of the old one at once
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, ContentFile(content))
    else:
        write_whole(path, content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
