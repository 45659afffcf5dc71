"""One study as one case: its pictures, cleaned of whom they are of, its report, and what could not be taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dicognito.anonymizer import Anonymizer
from PIL import Image
from pydicom import Dataset

from catalog.dicom.burned_in import has_letters, refuse_declared
from catalog.dicom.cleaning import clean
from catalog.dicom.files import Refusal, Study, read_header
from catalog.dicom.identifiers import Identifiers
from catalog.dicom.refusals import DicomRefused
from catalog.dicom.rendering import MAX_FRAMES, render_picture, shrink
from catalog.dicom.report_texts import clean_report
from catalog.dicom.reports import is_report, read_report, read_text_file
from catalog.dicom.words import describe_case, name_case

MAX_PICTURES = 4  # of a case: one of each series
FRAMES = "NumberOfFrames"
TRIES = 3  # pictures of a series that are rendered until one can be taken


@dataclass
class Case:
    """What is kept of a study."""

    title: str = ""
    title_zh: str = ""
    category: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    report: str = ""
    pictures: list[Image.Image] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.pictures and not self.report


@dataclass(frozen=True)
class Header:
    """A file with what its header says. Nothing of it leaves this module uncleaned."""

    path: Path
    dataset: Dataset


def read_case(study: Study, anonymizer: Anonymizer) -> Case:
    """Return the case of a study; an empty one where nothing of it can be taken, whatever is wrong with its files."""
    try:
        return put_together(study, anonymizer)
    except Exception as error:  # values that no rule of the standard allows: the other studies are loaded all the same
        reason = f"it has a value that cannot be made sense of ({type(error).__name__})"
        return Case(refusals=[Refusal(study.files[0], reason)])


def put_together(study: Study, anonymizer: Anonymizer) -> Case:
    """Return the case of a study, with what of it was refused."""
    case, known = Case(), Identifiers()
    headers: list[Header] = []
    for path in study.files:
        try:
            header = Header(path, read_header(path))
        except DicomRefused as error:  # it could be read a moment ago
            case.refusals.append(Refusal(path, str(error)))
            continue
        known.collect(header.dataset)
        headers.append(header)
    pictures = [one for one in headers if not is_report(one.dataset)]
    take_pictures(case, pictures, anonymizer)
    take_reports(case, [one for one in headers if is_report(one.dataset)], anonymizer=anonymizer, known=known)
    for path in study.reports:
        take_report(case, path, partial(read_text_file, path), known=known)
    if not case.title and headers:
        name(case, clean_or_nothing(headers[0], anonymizer))
    return case


def take_pictures(case: Case, headers: list[Header], anonymizer: Anonymizer) -> None:
    """Add one picture of each series, the middle one of those that may be taken, and say how many there are."""
    by_series: defaultdict[tuple[int, str], list[Header]] = defaultdict(list)
    for header in headers:
        if reason := refuse_declared(header.dataset):
            case.refusals.append(Refusal(header.path, reason))
        elif "Rows" in header.dataset:
            by_series[read_number(header, "SeriesNumber"), str(header.dataset.get("SeriesInstanceUID"))].append(header)
        else:
            case.refusals.append(Refusal(header.path, "it has neither a picture nor a report"))
    for _, series in sorted(by_series.items(), key=lambda one: one[0])[:MAX_PICTURES]:
        series.sort(key=lambda one: (read_number(one, "InstanceNumber"), str(one.path)))
        middle = len(series) // 2
        nearest = sorted(range(len(series)), key=lambda place: (abs(place - middle), place))
        for place in nearest[:TRIES]:
            if take_picture(case, series[place], anonymizer):
                break
    frames = sum(min(max(read_number(one, FRAMES), 1), MAX_FRAMES) for series in by_series.values() for one in series)
    if frames > len(case.pictures) > 0:
        case.attributes["frames"] = f"{frames}"  # so that who reads knows of how many they see one


def take_picture(case: Case, header: Header, anonymizer: Anonymizer) -> bool:
    """Add the picture of a file, or why not. Return whether it was added."""
    try:
        cleaned = clean(header.dataset, anonymizer)
        picture = render_picture(header.path, cleaned)
        if has_letters(picture):
            raise DicomRefused("something like letters is written into its picture")
    except DicomRefused as error:
        case.refusals.append(Refusal(header.path, str(error)))
        return False
    if not case.title:
        name(case, cleaned)
    case.pictures.append(shrink(picture))
    return True


def name(case: Case, cleaned: Dataset) -> None:
    case.title, case.title_zh, case.category = name_case(cleaned)
    case.attributes = describe_case(cleaned)


def take_reports(case: Case, headers: list[Header], *, anonymizer: Anonymizer, known: Identifiers) -> None:
    """Add the texts of structured and wrapped reports."""
    for header in headers:
        take_report(case, header.path, partial(clean_and_read, header, anonymizer), known=known)


def clean_and_read(header: Header, anonymizer: Anonymizer) -> str:
    return read_report(clean(header.dataset, anonymizer, is_report=True))


def take_report(case: Case, path: Path, read: Callable[[], str], *, known: Identifiers) -> None:
    """Add a report, or why not."""
    try:
        text = clean_report(read(), known)
    except DicomRefused as error:
        case.refusals.append(Refusal(path, str(error)))
    else:
        case.report = f"{case.report}\n\n{text}".strip()


def clean_or_nothing(header: Header, anonymizer: Anonymizer) -> Dataset:
    try:
        return clean(header.dataset, anonymizer)
    except DicomRefused:
        return Dataset()


def read_number(header: Header, name: str) -> int:
    """Return a number by which files are ordered; 0 where there is none."""
    try:
        return int(header.dataset.get(name) or 0)
    except (TypeError, ValueError):
        return 0
