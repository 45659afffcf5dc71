"""The report of a study: out of structured reports, encapsulated text, or text files beside the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydicom import Dataset

from catalog.dicom.files import MAX_TEXT_BYTES
from catalog.dicom.refusals import DicomRefused

ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."  # PDF, CDA, and whatever else is wrapped into DICOM
STRUCTURED = "1.2.840.10008.5.1.4.1.1.88."
ENCODINGS = ("utf-8-sig", "gb18030")
MAX_DEPTH = 20


def is_report(header: Dataset) -> bool:
    """Is the file a structured report or a wrapped document, rather than a picture?"""
    sop_class = str(header.get("SOPClassUID", ""))
    return sop_class.startswith((STRUCTURED, ENCAPSULATED)) or "ContentSequence" in header


def read_report(cleaned: Dataset) -> str:
    """Return the text of a report, not yet cleaned itself. Raises DicomRefused."""
    if str(cleaned.get("SOPClassUID", "")).startswith(ENCAPSULATED):
        if not str(cleaned.get("MIMETypeOfEncapsulatedDocument", "")).lower().startswith("text/plain"):
            raise DicomRefused("its report is a document (PDF, CDA) whose text is not read: put it beside as .txt")
        return decode(bytes(cleaned.get("EncapsulatedDocument") or b"").rstrip(b"\0"))
    text = "\n".join(read_contents(cleaned))
    if not text.strip():
        raise DicomRefused("its structured report has no text")
    return text


def read_contents(dataset: Dataset, depth: int = 0) -> Iterator[str]:
    """Yield texts and codes of the tree of contents. Names, dates and references are never read."""
    if depth > MAX_DEPTH:
        return
    for item in dataset.get("ContentSequence") or []:
        value = str(item.get("ValueType", ""))
        if value == "TEXT":
            yield f"{read_code(item, 'ConceptNameCodeSequence', behind=': ')}{item.get('TextValue', '')}"
        elif value == "CODE":
            yield f"{read_code(item, 'ConceptNameCodeSequence', behind=': ')}{read_code(item, 'ConceptCodeSequence')}"
        yield from read_contents(item, depth + 1)


def read_code(item: Dataset, name: str, *, behind: str = "") -> str:
    codes = item.get(name) or []
    meaning = str(codes[0].get("CodeMeaning", "")) if codes else ""
    return meaning + behind if meaning else ""


def read_text_file(path: Path) -> str:
    """Return the text of a file. Raises DicomRefused."""
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise DicomRefused(f"it has more than {MAX_TEXT_BYTES} bytes")
    return decode(path.read_bytes())


def decode(content: bytes) -> str:
    if len(content) > MAX_TEXT_BYTES:
        raise DicomRefused(f"its text has more than {MAX_TEXT_BYTES} bytes")
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DicomRefused("its text is neither UTF-8 nor GB 18030")
