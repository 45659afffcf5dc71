"""The DICOM files of a folder: found, looked at within bounds, and put together by study."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, MediaStorageDirectoryStorage

from catalog.dicom.refusals import DicomRefused

MAX_FILES = 200_000  # of a folder: a header takes a millisecond or two
MAX_BYTES = 1024**3  # of a file
MAX_TEXT_BYTES = 200_000
PREAMBLE, MAGIC = 128, b"DICM"
REPORT_SUFFIX = ".txt"
OTHERS = frozenset({".json", ".csv", ".md", ".jpg", ".jpeg", ".png", ".xml", ".html", ".pdf", REPORT_SUFFIX})


@dataclass
class Study:
    """The files of one study, and the texts beside them."""

    uid: str
    files: list[Path] = field(default_factory=list)
    reports: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Refusal:
    """A file, or a whole study by its first file, and why it was not taken."""

    path: Path
    reason: str


def find_files(root: Path) -> Iterator[Path]:
    """Yield the files below `root` in a fixed order, links left out. Raises DicomRefused where there are too many."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MAX_FILES:
                raise DicomRefused(f"The folder has more than {MAX_FILES} files: import its folders one by one.")
            yield path


def is_dicom(path: Path) -> bool:
    """Does the file say that it is DICOM (PS3.10)?"""
    with path.open("rb") as file:
        return file.read(PREAMBLE + len(MAGIC))[PREAMBLE:] == MAGIC


def read_header(path: Path) -> Dataset:
    """Return all of a file but its pixels. Raises DicomRefused."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DicomRefused(f"it has {size / 1024**3:.1f} GiB, of {MAX_BYTES // 1024**3} that a file may have")
        if not is_dicom(path):
            raise DicomRefused("it is no DICOM file: it lacks the mark DICM behind its first 128 bytes")
        # Unpacked all at once, whatever it comes to: a file of a few MB may hold as many GB of nothing.
        if read_file_meta_info(path).get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            raise DicomRefused("it is deflated as a whole: unpack it first, such as with `dcmconv +te`")
        return dcmread(path, stop_before_pixels=True)
    except DicomRefused:
        raise
    except Exception as error:  # whatever a broken file makes pydicom raise: a dozen kinds, RecursionError among them
        raise DicomRefused(f"it cannot be read ({type(error).__name__}): it is broken, or no DICOM file") from None


def group_studies(root: Path) -> tuple[list[Study], list[Refusal]]:
    """Return the studies below `root`, by their UID, and what belongs to none."""
    studies: dict[str, Study] = {}
    refusals: list[Refusal] = []
    texts: list[Path] = []
    for path in find_files(root):
        if path.suffix.lower() == REPORT_SUFFIX:
            texts.append(path)
            continue
        if path.suffix.lower() in OTHERS and not is_dicom(path):
            continue
        try:
            uid = read_study_uid(path)
        except DicomRefused as error:
            refusals.append(Refusal(path, str(error)))
            continue
        if uid:
            studies.setdefault(uid, Study(uid)).files.append(path)
    refusals += place_reports(texts, studies)
    return list(studies.values()), refusals


def read_study_uid(path: Path) -> str:
    """Return which study a file belongs to; nothing of a table of contents (DICOMDIR). Raises DicomRefused."""
    header = read_header(path)
    try:
        if header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
            return ""
        uid = UID(str(header.get("StudyInstanceUID", "")).strip())
    except Exception as error:  # a value is only read when it is asked for
        raise DicomRefused(f"its header cannot be read ({type(error).__name__}): the file is broken") from None
    if not uid.is_valid:
        raise DicomRefused("it does not say which study it belongs to: StudyInstanceUID is missing or no UID")
    return str(uid)


def place_reports(texts: list[Path], studies: dict[str, Study]) -> list[Refusal]:
    """Give each text to the study of the file that is called like it, or of its whole folder; return the others."""
    by_name: dict[tuple[Path, str], Study] = {}
    by_folder: defaultdict[Path, set[str]] = defaultdict(set)
    in_folder: defaultdict[Path, int] = defaultdict(int)
    for known in studies.values():
        for path in known.files:
            by_name[path.parent, path.stem] = by_name[path.parent, path.name] = known
            by_folder[path.parent].add(known.uid)
    for path in texts:
        in_folder[path.parent] += 1
    refusals: list[Refusal] = []
    for path in texts:
        study: Study | None = by_name.get((path.parent, path.stem))
        if study is None and len(by_folder[path.parent]) == 1 and in_folder[path.parent] == 1:
            study = studies[next(iter(by_folder[path.parent]))]
        if study is None:
            said = "nothing says which study this text is of: call it like one of its files, with .txt behind"
            refusals.append(Refusal(path, said))
        else:
            study.reports.append(path)
    return refusals
