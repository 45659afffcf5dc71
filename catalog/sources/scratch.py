"""Files without a name on the disk of KINDRED_HOME: in containers, /tmp is often memory."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import IO

from django.conf import settings


def open_scratch() -> IO[bytes]:
    """Open an empty file that is gone when it is closed."""
    return TemporaryFile(dir=settings.KINDRED_HOME)
