"""The one error of the embedded servers: a line that says what is wrong and what to do next."""

from __future__ import annotations

import errno
from pathlib import Path


class ServiceError(Exception):
    """An embedded server cannot run. The message says what is wrong and what to do next."""

    @classmethod
    def from_os_error(cls, error: OSError, path: Path) -> ServiceError:
        """Say what a failed write under KINDRED_HOME means for the person who started Kindred."""
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return cls.disk_full(path)
        return cls(
            f"Cannot write to {path} ({error.strerror}). Give this user write access to it, or set KINDRED_HOME to a "
            f"directory that it can write to."
        )

    @classmethod
    def disk_full(cls, path: Path) -> ServiceError:
        return cls(
            f"The disk of {path} is full. Free some space and start again (nothing that was saved is lost), or set "
            f"KINDRED_HOME to a directory on a larger disk."
        )
