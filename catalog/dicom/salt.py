"""What numbers of cases are made with: a secret, so that nobody else can tell which study one was."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from django.conf import settings

NAME = "dicom_salt"  # below KINDRED_HOME
CASE_DIGITS = 16  # of hexadecimal: two of a million studies are one by a chance of one in thirty million


def read_or_create_salt() -> bytes:
    """Return the salt, made on first use. Only its owner can read it.

    It is never to change: with another one the same study becomes another case. Whoever has it can tell whether a study
    whose UID they know is among the cases.
    """
    path = Path(settings.KINDRED_HOME) / NAME
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(draft, path)  # all of it or nothing
        except FileExistsError:  # another process made it a moment ago
            pass
        finally:
            os.unlink(draft)
    return path.read_bytes().strip()


def hash_with(salt: bytes, text: str) -> str:
    """Return `text` as 64 hexadecimal digits from which nobody without the salt can tell what it was.

    Names of files need not be UTF-8: Python keeps such bytes as lone surrogates.
    """
    return hmac.new(salt, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def number_case(salt: bytes, study_uid: str) -> str:
    """Return the sku of a study: the same for the same study, whatever its files are called."""
    return f"CASE-{hash_with(salt, study_uid)[:CASE_DIGITS].upper()}"
