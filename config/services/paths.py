"""Where the embedded servers keep their files, and where their sockets are."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from config.services.errors import ServiceError

BASE_DIR = Path(__file__).resolve().parent.parent.parent
SOCKET_PATH_MAX_BYTES = 107  # sun_path of sockaddr_un, less the closing zero
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
PLAIN_PATH = re.compile(r"[A-Za-z0-9._/+-]+")  # needs no quoting in a URL, in postgresql.conf or in a connection string


def home_directory() -> Path:
    """Return KINDRED_HOME, by default `var` beside manage.py. It need not exist yet."""
    return Path(os.environ.get("KINDRED_HOME") or BASE_DIR / "var").resolve()


def socket_directory(home: Path) -> Path:
    """Return the directory of both servers' sockets: `run` under `home`, or a short one in /tmp where that is too long.

    Only computed, not made. Every process of one installation must come to the same answer, so neither TMPDIR nor
    XDG_RUNTIME_DIR is asked: they differ between a login, a service and a cron job, and the latter goes at logout.
    """
    directory = home / "run"
    longest = os.fsencode(directory / LONGEST_SOCKET_NAME)
    if len(longest) <= SOCKET_PATH_MAX_BYTES and PLAIN_PATH.fullmatch(str(directory)):
        return directory
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/tmp") / f"kindred-{os.getuid()}-{digest}"


def make_private_directory(path: Path, *, owner: int) -> None:
    """Make `path` a directory that only `owner` (a uid) can enter; refuse one that somebody else made there first."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), owner}:
            raise ServiceError(
                f"{path} belongs to somebody else (uid {found.st_uid}). Run Kindred as that user, remove the "
                f"directory, or set KINDRED_HOME to a directory of your own."
            )
        if found.st_uid != owner:
            os.chown(path, owner, -1)
        path.chmod(0o700)
    except OSError as error:
        raise ServiceError.from_os_error(error, path) from error


def hand_over(path: Path, *, owner: int) -> None:
    """As root, give a directory under KINDRED_HOME to the user that the servers run as: it may change between starts.

    Raises ServiceError where it belongs to somebody else and we are not root.
    """
    if not path.exists() or (found := path.stat().st_uid) == owner:
        return
    if os.geteuid() != 0:
        raise ServiceError(
            f"{path} belongs to uid {found}. Run Kindred as that user, or set KINDRED_HOME to a directory of your own."
        )
    for directory, _, files in os.walk(path):
        os.chown(directory, owner, -1)
        for name in files:
            os.chown(Path(directory) / name, owner, -1, follow_symlinks=False)
