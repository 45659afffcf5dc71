"""Receipts of erasures: signed, so that whoever is shown one can tell that this server gave it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core import signing

SALT = "behaviour.privacy.receipt"


class BadReceipt(Exception):
    """This server gave no such receipt. It is one line of text; was all of it copied?"""


def sign_receipt(said: Mapping[str, Any]) -> str:
    """Return one line of text that holds what was erased, when, and of whom."""
    return signing.dumps(dict(said), salt=SALT)


def read_receipt(receipt: str) -> dict[str, Any]:
    """Return what a receipt says. Raises BadReceipt for one that is not ours, or was changed."""
    try:
        said: dict[str, Any] = signing.loads(receipt.strip(), salt=SALT)
    except signing.BadSignature:
        raise BadReceipt(str(BadReceipt.__doc__)) from None
    return said
