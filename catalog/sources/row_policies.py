"""What of a feed's rows is for the catalogue, by the options of its source: pictures, and whose language it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from catalog.importers.report import SourceRow
from catalog.importers.rows import split_images
from catalog.models import Source

TEXTS = ("title", "description")


def apply_policies(rows: Iterator[SourceRow], source: Source) -> Iterator[SourceRow]:
    """Pass the rows on with what the source is to bring."""
    for row in rows:
        kept = _keep_pictures(row, source.pictures)
        yield _keep_translation(kept, source.language) if source.language else kept


def _keep_pictures(row: SourceRow, policy: str) -> SourceRow:
    """Pictures that are not wanted are not named: those that a product has stay."""
    if policy == Source.Pictures.ALL or "images" not in row.fields:
        return row
    if policy == Source.Pictures.NONE:
        return replace(row, fields={name: text for name, text in row.fields.items() if name != "images"})
    return replace(row, fields=row.fields | {"images": "".join(split_images(row.fields["images"])[:1])})


def _keep_translation(row: SourceRow, language: str) -> SourceRow:
    """Return sku and title, which every row has to have, and the texts as those of their language."""
    texts = {f"{name}_{language}": row.fields[name] for name in TEXTS if name in row.fields}
    if row.is_group_title:
        texts.pop(f"title_{language}", None)
    kept = {name: row.fields[name] for name in ("sku", "title") if name in row.fields}
    return replace(row, fields=kept | texts, attributes={}, emptied=frozenset())
