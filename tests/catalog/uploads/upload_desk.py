"""Uploads in tests: files are received, and done what is asked for as a worker does."""

from __future__ import annotations

import zipfile
from io import BytesIO

from catalog.models import Upload
from catalog.uploads.receiving import begin_upload, complete_upload, receive_piece
from catalog.uploads.running import run_upload
from catalog.uploads.steering import request_check, request_load, request_undo


class UploadDesk:
    """Does what the pages do, and then what the worker does."""

    def receive(self, content: str | bytes, *, name: str = "products.csv", pictures: bytes | None = None) -> Upload:
        upload = begin_upload(name=name, asked_by=None)
        receive_piece(upload, [content.encode() if isinstance(content, str) else content], part="file", at=0)
        if pictures is not None:
            receive_piece(upload, [pictures], part="pictures", at=0)
        complete_upload(upload)
        return self.look(upload)

    def check(self, upload: Upload, **said) -> Upload:
        Upload.objects.filter(pk=upload.pk).update(**said)
        request_check(upload)
        return self.work(upload)

    def load(self, upload: Upload, **said) -> Upload:
        Upload.objects.filter(pk=upload.pk).update(**said)
        request_load(upload)
        return self.work(upload)

    def undo(self, upload: Upload) -> Upload:
        request_undo(upload)
        return self.work(upload)

    def work(self, upload: Upload) -> Upload:
        run_upload(upload.pk)
        return self.look(upload)

    def look(self, upload: Upload) -> Upload:
        upload.refresh_from_db()
        return upload

    def import_text(self, content: str | bytes, **said) -> Upload:
        return self.load(self.receive(content), **said)


def counts(upload: Upload) -> tuple[int, ...]:
    return upload.created, upload.changed, upload.unchanged, upload.rejected


def pack(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
