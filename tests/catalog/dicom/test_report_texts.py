"""Texts of reports lose what identifies and keep their findings, or are refused."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from pydicom import Dataset

from catalog.dicom.identifiers import Identifiers
from catalog.dicom.refusals import DicomRefused
from catalog.dicom.report_texts import MAX_CHARACTERS, clean_report
from tests.catalog.dicom.dicom_files import Person, header_of


@pytest.fixture
def known() -> Identifiers:
    found = Identifiers()
    found.collect(header_of(Person(0)))
    return found


CLEANED = {
    "Seen on 3 March 2019 and 12.04.2019, 2018年3月5日.": "Seen on [removed] and [removed].",
    "Call 0171 5558899 or mail a.b@clinic.example": "Call [removed] or mail [removed]",
    "Nodule 12 mm, T7-T8, 3.5 x 4 cm, grade 2/3.": "Nodule 12 mm, T7-T8, 3.5 x 4 cm, grade 2/3.",
    "A 93-year-old, MRN 4711008": "A [removed], MRN [removed]",
    "On the fourth of July, 12-Mar-45, 12MAR1945, July '19.": "On the [removed].",
    "二〇一九年七月四日复查。The third is a node.": "[removed]复查。The third is a node.",
    "Aged 92, 92 yo, 九十二岁": "[removed]",
    "Seen at Wilgefortis Infirmary": "Seen at [removed] Infirmary",
}


@pytest.mark.parametrize("text", CLEANED)
def test_dates_numbers_and_addresses_go_and_findings_stay(known, text):
    assert clean_report(text, known) == CLEANED[text]


@pytest.mark.parametrize(
    "text",
    [
        "Discussed with Dr. Unheardof.",
        "Patient: Jonathan Unknown",
        "Electronically signed by A. Stranger",
        "Reported by Somebody Else",
        "患者：王小明，右肺结节。",
        "Copy to QUACKENBUSHIGOR and THISTLEWOODIGOR",
        "Copy to Thistle-\nwood and Quacken-\nbush",
        "SEEN BY DR UNHEARDOF",
        "told mrs unheardof",
        "Reported by: somebody",
        "Signed, J. Stranger MD",
        "王医生会诊",
    ],
)
def test_a_report_that_names_somebody_the_header_does_not_know_is_refused(known, text):
    with pytest.raises(DicomRefused, match="report"):
        clean_report(text, known)


@pytest.mark.parametrize(
    "text", ["Müllers Thorax", "MUELLER", "mu\u0308ller", "Mül\u00adler", "Müller's", "Strøm", "STROEM", "Lukasz"]
)
def test_a_name_is_found_however_its_letters_are_written(text):
    for name in ("Müller^Łukasz=Strøm", "Mueller^Lukasz=Stroem"):
        known, header = Identifiers(), Dataset()
        header.SpecificCharacterSet, header.PatientName = "ISO_IR 192", name
        known.collect(header)
        assert clean_report(f"Nodule, {text}.", known).startswith("Nodule, [removed]"), name


def test_a_name_in_another_character_set_than_the_header_says_takes_the_report_with_it():
    known, header = Identifiers(), Dataset()
    header.PatientName = "ÍõÐ¡"  # GB 18030 where nothing says so
    known.collect(header)
    with pytest.raises(DicomRefused, match="cannot be read"):
        clean_report("王小", known)


def test_a_hostile_report_takes_no_longer_than_others(known):
    start = process_time()
    for sign in ("A-", "1-", "A", "Ab", "a.", "二"):
        with suppress(DicomRefused):
            clean_report(sign * (MAX_CHARACTERS // len(sign)), known)
    assert process_time() - start < 6  # they took 20
