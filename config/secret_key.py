"""The key that signs cookies and seals stored secrets, where no variable names one."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def read_or_create_secret_key(path: Path) -> str:
    """Return the key kept in `path`, made on first use so that no key is ever in the repository."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):  # another process made it a moment ago
            os.link(draft, path)  # all of it or nothing, also on a full disk
        os.unlink(draft)
    return path.read_text().strip()
