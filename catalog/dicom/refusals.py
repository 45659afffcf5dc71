"""Why a file, or a study, is not taken."""

from __future__ import annotations


class DicomRefused(ValueError):
    """A file or a study that cannot be taken, or not cleaned. The message is the reason, and names nobody."""
