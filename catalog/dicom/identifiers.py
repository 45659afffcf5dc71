"""What the headers of a study give away of whom it is of: to be found again in its texts, and then thrown away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from pydicom import DataElement, Dataset

RUN = re.compile(r"[^\W\d_]+|\d+")  # of letters, or of figures
IDEOGRAPHS = re.compile(r"[\u3400-\u9fff\uac00-\ud7af\u3040-\u30ff]")
LEAST_NAME = 2  # letters of a part of a name; initials would take a letter out of everything
LEAST_INFLECTED = 4  # letters of a name that is also looked for with an s behind: Müllers
LEAST_PLACE = 5  # letters of a word by which an institution or a street is known
LEAST_PRIVATE = 4  # characters of a private text
# Elements whose value names a person, a thing of theirs, or where they were.
NAMING = frozenset({
    "PatientID", "OtherPatientIDs", "IssuerOfPatientID", "AccessionNumber", "StudyID", "PatientAddress",
    "CountryOfResidence",
    "RegionOfResidence", "PatientTelephoneNumbers", "PatientTelecomInformation", "MedicalRecordLocator", "MilitaryRank",
    "BranchOfService", "Occupation", "PatientInsurancePlanCodeSequence", "InstitutionName", "InstitutionAddress",
    "InstitutionalDepartmentName", "StationName", "DeviceSerialNumber", "RequestingService", "CurrentPatientLocation",
    "AdmissionID", "ServiceEpisodeID", "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID",
    "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest", "ReferringPhysicianAddress",
    "ReferringPhysicianTelephoneNumbers", "PersonAddress", "PersonTelephoneNumbers", "ResponsibleOrganization",
    "PatientReligiousPreference", "DeviceUID", "ProtocolContextSequence", "InstitutionCodeSequence",
})  # fmt: skip
# Of their values each word is looked for alone, unless any report may have it.
PLACES = frozenset({
    "InstitutionName", "InstitutionAddress", "PatientAddress", "ReferringPhysicianAddress", "PersonAddress",
    "ResponsibleOrganization",
})  # fmt: skip
COMMON = frozenset({
    "abdominal", "avenue", "cancer", "center", "central", "centre", "chest", "children", "clinic", "clinical",
    "college", "community", "department", "district", "floor", "general", "health", "heart", "hospital", "imaging",
    "infirmary", "institute", "klinik", "klinikum", "krankenhaus", "left", "lower", "medical", "medicine", "north",
    "orthopaedic", "orthopedic", "place", "praxis", "private", "radiologie", "radiology", "regional", "right", "road",
    "saint", "south", "square", "state", "strasse", "street", "suite", "surgery", "surgical", "trauma", "unit",
    "university", "upper",
})  # fmt: skip
# Letters that are no others with an accent, and how they are written without: Müller, Mueller; Strøm, Stroem.
SPELT = str.maketrans({"ł": "l", "đ": "d", "ı": "i", "ø": "o", "æ": "ae", "œ": "oe"})
SPELT_LONG = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
TEXTS = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "PN", "AE", "UN", "CS"})


def fold(text: str) -> str:
    """Return `text` without case and accents, as names are compared: Müller, MULLER."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(SPELT))
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()


def fold_long(text: str) -> str:
    """Return `text` folded as headers in ASCII have it, with two letters for one: Müller, MUELLER."""
    return fold(unicodedata.normalize("NFC", text).casefold().translate(SPELT_LONG))


def split_words(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and folded text of each word, those that are run together apart: JohnSmith, SMITH01."""
    words = []
    for run in RUN.finditer(text):
        cuts = [
            place for place in range(run.start() + 1, run.end()) if text[place - 1].islower() and text[place].isupper()
        ]
        bounds = [run.start(), *cuts, run.end()]
        words += [(start, end, fold(text[start:end])) for start, end in pairwise(bounds)]
    return words


class Identifiers:
    """What is known to identify: phrases as tuples of folded words, and names in ideographs, which have no words."""

    def __init__(self) -> None:
        self.phrases: set[tuple[str, ...]] = set()
        self.names: set[str] = set()  # parts of names, folded
        self.ideographs: set[str] = set()
        self.is_complete = True  # False: something could not be read, and might have been a name

    def collect(self, dataset: Dataset) -> None:
        """Add what a data set gives away, in nested sequences and private tags as well."""
        is_ascii = not dataset.get("SpecificCharacterSet")
        for element in self._walk(dataset):
            for text in read_texts(element):
                if element.VR == "PN" and ("\ufffd" in text or (is_ascii and not text.isascii())):
                    self.is_complete = False  # of another character set than the header says: nobody can tell the name
                self._add(element, text)

    def _walk(self, dataset: Dataset) -> Iterator[DataElement]:
        """Yield all elements, those of nested sequences too."""
        for tag in list(dataset.keys()):
            try:
                element = dataset[tag]
                items = list(element.value or ()) if element.VR == "SQ" else []
            except Exception:  # as `read_header`: of whatever kind
                self.is_complete = False
                continue
            yield element
            for item in items:
                yield from self._walk(item)

    def _add(self, element: DataElement, text: str) -> None:
        if element.VR == "PN":
            for start, end, _ in split_words(text):
                self._add_name(text[start:end])
            self._add_ideographs(re.sub(r"[\s^=]", "", text.split("=")[1]) if text.count("=") else "")
        elif element.keyword in NAMING or (element.tag.is_private and is_telling(text)):
            self._add_phrase(text)
            for start, end, word in split_words(text) if element.keyword in PLACES else ():
                if len(word) >= LEAST_PLACE and word not in COMMON and not word.isdigit():
                    self._add_name(text[start:end])

    def _add_name(self, word: str) -> None:
        if IDEOGRAPHS.search(word):
            self._add_ideographs(word)
        elif len(word) >= LEAST_NAME:
            spellings = {fold(word), fold_long(word)}
            self.names |= spellings | {f"{one}s" for one in spellings if len(one) >= LEAST_INFLECTED}

    def _add_ideographs(self, text: str) -> None:
        if len(text) >= LEAST_NAME:
            self.ideographs.add(text)

    def _add_phrase(self, text: str) -> None:
        if IDEOGRAPHS.search(text):
            self._add_ideographs(text.strip())
        words = tuple(word for *_, word in split_words(text))
        if words and len("".join(words)) > 1:
            self.phrases.add(words)


def read_texts(element: DataElement) -> list[str]:
    """Return the values of an element that is of text."""
    if element.VR not in TEXTS:
        return []
    values = element.value if element.VM > 1 else [element.value]
    texts = (value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value or "") for value in values)
    return [text.strip("\0 ") for text in texts if text.strip("\0 ")]


def is_telling(text: str) -> bool:
    """May a private text be a number or a name? Single plain words are what vendors call things by, such as CHEST."""
    return LEAST_PRIVATE <= len(text) <= 200 and (any(map(str.isdigit, text)) or len(text.split()) > 1 or "^" in text)
