"""What a master and its executors need, found out and said before anything starts."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection

from catalog.models import ProductAudio, ProductImage
from embeddings.distributed.work import Job
from embeddings.modalities.registry import find_modality

NO_SPARK = "Spark is not installed: pip install --no-deps -r requirements-spark.txt"
NO_JAVA = "Spark needs Java 17 or 21: apt-get install openjdk-17-jre-headless, or set JAVA_HOME."
LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
LOCAL_MASTERS = ("local", "local-cluster")  # everything on this machine: sockets and paths are the same


class NotReady(Exception):
    """Spark cannot do the job as it is set up. The message says what is missing and what to do."""


def is_local(master: str) -> bool:
    """Does everything run on this machine? An empty master is what spark-submit or spark-defaults.conf says."""
    return master.partition("[")[0] in LOCAL_MASTERS


def check_installed() -> None:
    """Raise NotReady where Spark or Java is missing."""
    if importlib.util.find_spec("pyspark") is None or importlib.util.find_spec("py4j") is None:
        raise NotReady(NO_SPARK)
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        raise NotReady(NO_JAVA)


def check_master(master: str) -> None:
    """Raise NotReady where executors of `master` could not reach the database by the address that this process uses."""
    host = str(connection.settings_dict.get("HOST") or "")
    if not is_local(master) and (host in LOOPBACK or host.startswith("/")):
        raise NotReady(
            f"The executors of {master} are on other machines and cannot reach the database of this one, at "
            f"{host or 'a socket'}: set DATABASE_URL to an address that they can reach by TCP, such as "
            "postgres://user:password@db.internal:5432/kindred."
        )


def check_here(job: Job) -> Iterator[str]:
    """Yield what is amiss in the process that asks: it is to reach the database, the files and the encoders."""
    try:
        connection.ensure_connection()
        yield from _check_files(job)
    finally:
        connection.close()
    for name, encoding in job.encodings.items():
        encoder = find_modality(name).load_encoder(encoding.spec)
        if encoder.info.identity != encoding.identity:
            yield f"It has {encoder.info.identity}, not {encoding.identity}: install the same weights everywhere."


def _check_files(job: Job) -> Iterator[str]:
    """Look for one file of each kind: any will do, for they are all in one storage."""
    if job.media or not isinstance(default_storage, FileSystemStorage):
        return
    tables: dict[str, Any] = {"image": ProductImage, "audio": ProductAudio}
    for name in tables.keys() & job.encodings.keys():
        files = list(tables[name].objects.order_by("-pk").values_list("file", flat=True)[:10])
        if files and not any(default_storage.exists(file) for file in files):
            yield (
                f"The shop's files are not in {settings.MEDIA_ROOT} there: mount the folder at that path on every "
                "machine, keep them in object storage, or give --media the URL that they are served from."
            )
            return
