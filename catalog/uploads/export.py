"""An export of products that takes longer than a page may: a worker writes it to a file."""

from __future__ import annotations

from django.db import models

from catalog.uploads.file_work import FileWork


class Export(FileWork):
    """Products as a CSV that an import reads back."""

    RESULTS = ("rows", "size")

    query = models.TextField(blank=True, help_text="What the list of products was narrowed to")
    size = models.PositiveBigIntegerField("bytes", default=0)

    class Meta(FileWork.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.pk}"
