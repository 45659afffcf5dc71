"""Files in a bucket (S3, or what speaks it) instead of on a disk: a storage for Django, on that of django-storages.

The settings name it where KINDRED_MEDIA_BUCKET is set, and nothing else imports it: its packages are an extra
(requirements-s3.txt). What it adds to S3Storage: a file is read in as few requests as it takes, from where a reader
jumps to; a bucket that refuses or is away raises OSError, as a disk does; addresses are ours, or those of MEDIA_URL.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

WINDOW = 1024 * 1024  # bytes of one request: most pictures are smaller
NOT_THERE, EMPTY = ("404", "NoSuchKey"), "InvalidRange"


class Bucket(S3Storage):  # type: ignore[misc]
    """Objects by the names that files have; nobody but we may read them unless the bucket itself says so."""

    def __init__(self, *, bucket: str, endpoint: str = "", region: str = "", cache_control: str = "no-store") -> None:
        super().__init__(
            bucket_name=bucket,
            endpoint_url=endpoint or None,
            region_name=region or None,
            default_acl=None,
            file_overwrite=True,
            object_parameters={"CacheControl": cache_control},
            client_config=make_config(is_elsewhere=bool(endpoint)),
        )

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("What is in a bucket is written whole, by save().")
        return File(io.BufferedReader(Ranges(self, name), WINDOW), name)

    def _save(self, name: str, content: Any) -> str:
        with as_os_errors(name):
            return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        with as_os_errors(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with as_os_errors(name):
            return int(self.connection.meta.client.head_object(**self.named(name))["ContentLength"])

    def delete(self, name: str) -> None:
        with as_os_errors(name):
            super().delete(name)

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with as_os_errors(name):
            folders, files = super().listdir(name)
        return folders, files

    def get_modified_time(self, name: str) -> datetime:
        with as_os_errors(name):
            written: datetime = self.connection.meta.client.head_object(**self.named(name))["LastModified"]
        return written

    def url(self, name: str | None, *_: Any, **__: Any) -> str:
        """Return its address: ours, which asks who may see it, or that of MEDIA_URL."""
        return urljoin(settings.MEDIA_URL, filepath_to_uri(name) or "")

    def list_sizes(self, folder: str) -> dict[str, int]:
        """Return what there is below a folder, by name in their order, with its bytes."""
        with as_os_errors(folder):
            pages = self.connection.meta.client.get_paginator("list_objects_v2")
            found = pages.paginate(Bucket=self.bucket_name, Prefix=f"{folder}/")
            return {item["Key"]: item["Size"] for page in found for item in page.get("Contents", ())}

    def read_range(self, name: str, start: int, stop: int) -> tuple[bytes, int]:
        """Return the bytes from `start` up to `stop`, or up to the end, and how many there are in all."""
        with as_os_errors(name):
            try:
                answer = self.connection.meta.client.get_object(**self.named(name), Range=f"bytes={start}-{stop - 1}")
            except ClientError as error:
                if read_code(error) != EMPTY:
                    raise
                return b"", start  # nothing is there, or nothing any more
            content: bytes = answer["Body"].read(stop - start)
        if "ContentRange" not in answer:
            raise OSError(f"The bucket gave all of {name} where a part was asked for: its server has to know ranges.")
        return content, int(answer["ContentRange"].rpartition("/")[2])

    def named(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": name}


class Ranges(io.RawIOBase):
    """An object as a file that can be jumped in. Raises OSError, also as it is opened."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self.bucket, self.object_name, self.place, self.start = bucket, name, 0, 0
        self.held, self.size = bucket.read_range(name, 0, WINDOW)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        return self.place

    def readinto(self, target: Any) -> int:
        content = self.take(len(target))
        target[: len(content)] = content
        return len(content)

    def readall(self) -> bytes:
        content = self.take(self.size)
        return content + self.take(self.size) if self.place < self.size else content

    def take(self, most: int) -> bytes:
        """Return what is held from here on, or what a request brings: at least one byte unless this is the end."""
        if self.place >= self.size:
            return b""
        if not self.start <= self.place < self.start + len(self.held):
            stop = self.place + max(most, WINDOW)
            self.start, (self.held, _) = self.place, self.bucket.read_range(self.object_name, self.place, stop)
        content = self.held[self.place - self.start :][:most]
        self.place += len(content)
        return content


def make_config(*, is_elsewhere: bool) -> Config:
    """Return how to talk to the server: no request of a visitor waits for long. Seconds."""
    return Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"max_attempts": 2, "mode": "standard"},
        s3={"addressing_style": "path" if is_elsewhere else "auto"},  # few others know a host name for each bucket
        request_checksum_calculation="when_required",  # nor sums at the end of what is sent
        response_checksum_validation="when_required",
    )


@contextmanager
def as_os_errors(name: str) -> Iterator[None]:
    """Raise what a disk would: FileNotFoundError, or OSError with the reason."""
    try:
        yield
    except ClientError as error:
        if read_code(error) in NOT_THERE:
            raise FileNotFoundError(f"{name} is not in the bucket") from error
        raise OSError(f"The bucket refuses {name}: {error}") from error
    except BotoCoreError as error:
        raise OSError(f"The bucket does not answer for {name}: {error}") from error


def read_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
