"""Studies become cases with nobody's name left, or are refused with the reason. Names of tests say of what."""

from __future__ import annotations

import csv
import json
import os
import struct
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless, RLELossless

from catalog.dicom import rendering
from catalog.dicom.refusals import DicomRefused
from catalog.models import Product
from tests.catalog.dicom.dicom_files import (
    CAPTURE,
    Person,
    add_pixels,
    header_of,
    phantom,
    save,
    structured_report,
    write_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(tmp_path, settings):
    """A home of its own: its salt, its media."""
    settings.KINDRED_HOME, settings.MEDIA_ROOT = tmp_path / "home", tmp_path / "home" / "media"
    return tmp_path


def load(folder: Path, **options) -> tuple[str, str]:
    """Run the command; return what it said and what it complained of."""
    said, complained = StringIO(), StringIO()
    call_command("import_dicom", str(folder), stdout=said, stderr=complained, **options)
    return said.getvalue(), complained.getvalue()


def save_radiograph(person: Person, path: Path, **changes) -> Path:
    ds = add_pixels(header_of(person), phantom(1))
    for name, value in changes.items():
        setattr(ds, name, value)
    return save(ds, path)


def everything_kept(home: Path) -> str:
    """Return all that the shop holds after an import: every table, every file with its name and its bytes."""
    rows = [str(list(model._default_manager.values())) for model in apps.get_app_config("catalog").get_models()]
    files = [
        f"{path.relative_to(home)} {path.read_bytes().decode('latin-1')}" for path in home.rglob("*") if path.is_file()
    ]
    return "\n".join(rows + files)


def report_about(person: Person) -> str:
    return (
        f"{person.hospital}, {person.day[:4]}-{person.day[4:6]}-{person.day[6:]}\n"
        f"Patient: {person.family.upper()}, {person.given} (MRN: {person.mrn}), born "
        f"{person.birth[6:]}/{person.birth[4:6]}/{person.birth[:4]}, {person.chinese}, "
        f"phone {person.phone}, {person.street}.\n"
        f"Nodule of 12 mm in the left upper zone, no pleural effusion. Discussed with Dr. {person.doctor} at 11:30.\n"
        f"Accession {person.accession}. Reported by: Igor {person.doctor}, nurse {person.nurse}"
    )


@pytest.mark.parametrize("seed", range(6))
def test_nothing_that_is_kept_says_whom_a_study_is_of(shop, seed):
    person, folder = Person(seed), shop / "in" / "Vanterpool_Ottoline"
    save_radiograph(person, folder / f"{person.family}_{person.mrn}.dcm")
    save(structured_report(person, report_about(person)), folder / "sr.dcm")
    (folder / f"{person.family}_{person.mrn}.txt").write_text(report_about(person), encoding="utf-8")
    load(shop / "in")
    product = Product.objects.get()
    kept = everything_kept(shop / "home").casefold()
    assert [one for one in person.identifiers if one.casefold() in kept] == []
    assert "Nodule of 12 mm in the left upper zone, no pleural effusion" in product.description
    assert (product.title, product.translations["zh"]["title"]) == ("Chest radiograph, PA", "胸部X 线片，后前位")
    assert product.category.path == "Chest"
    assert product.attributes == {"modality": "DX", "view": "PA", "age": "60-79"}
    assert product.images.count() == 1


def test_a_second_run_reads_nothing_again_and_changes_nothing(shop, monkeypatch):
    path = save_radiograph(Person(1), shop / "in" / "a.dcm")
    load(shop / "in")
    before = list(Product.objects.values())
    monkeypatch.setattr(rendering, "pixel_array", None)
    said, _ = load(shop / "in")
    assert "unchanged 1" in said
    monkeypatch.undo()
    path.rename(shop / "in" / "renamed.dcm")  # the same study, from another file
    load(shop / "in")
    assert list(Product.objects.values()) == before


def test_the_number_of_a_case_depends_on_a_secret_of_this_home(shop, settings):
    save_radiograph(Person(1), shop / "in" / "a.dcm")
    load(shop / "in")
    salt = shop / "home" / "dicom_salt"
    assert salt.stat().st_mode & 0o077 == 0
    settings.KINDRED_HOME = shop / "other"
    load(shop / "in")
    assert Product.objects.count() == 2


REFUSED = {
    "declared": ({"BurnedInAnnotation": "YES"}, "BurnedInAnnotation"),
    "recognisable": ({"RecognizableVisualFeatures": "YES"}, "RecognizableVisualFeatures"),
    "ultrasound that says nothing": ({"Modality": "US"}, "does not say that this one has none"),
    "captured from a screen": ({"SOPClassUID": CAPTURE}, "does not say that this one has none"),
    "scanned": ({"ConversionType": "SD"}, "does not say that this one has none"),
    "too many pixels": ({"Rows": 65000, "Columns": 65000}, "pixels"),
    "too many frames": ({"NumberOfFrames": 999_999}, "frames"),
    "no study": ({"StudyInstanceUID": ""}, "which study"),
    "broken pixels": ({"PixelData": b"\0\0"}, "cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_cleaned_or_read_is_refused_and_the_rest_is_loaded(shop, case):
    changes, reason = REFUSED[case]
    save_radiograph(Person(1), shop / "in" / "bad.dcm", **changes)
    save_radiograph(Person(2), shop / "in" / "good.dcm")
    _, complained = load(shop / "in")
    assert reason in complained
    assert "bad.dcm" in complained
    assert Product.objects.count() == 1


def test_letters_in_the_pixels_are_found_whatever_the_header_says(shop):
    person = Person(1)
    marked = write_on(phantom(1), f"{person.family} {person.mrn}")
    save(add_pixels(header_of(person), marked), shop / "in" / "marked.dcm")
    large = write_on(phantom(2, side=900), f"{person.family} {person.mrn}")
    ds = add_pixels(header_of(Person(3)), large)
    ds.BurnedInAnnotation = "NO"
    save(ds, shop / "in" / "large.dcm")
    with pytest.raises(CommandError, match="no case"):
        load(shop / "in")
    assert not Product.objects.exists()


def test_files_that_are_no_dicom_are_named_and_a_folder_of_them_is_an_error(shop):
    folder = shop / "in"
    folder.mkdir()
    (folder / "notes").write_bytes(b"x" * 200)
    (folder / "cut.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x02\0\0\0UL\x04\0")
    (folder / "alone.txt").write_text("a report")
    complained = StringIO()
    with pytest.raises(CommandError, match="no case"):
        call_command("import_dicom", str(folder), stderr=complained, stdout=StringIO())
    assert all(name in complained.getvalue() for name in ("notes", "cut.dcm", "alone.txt"))


def test_pixels_packed_in_a_way_that_needs_more_say_what_to_install(shop):
    ds = add_pixels(header_of(Person(1)), phantom(1))
    ds.file_meta.TransferSyntaxUID = JPEGLSLossless
    from pydicom.encaps import encapsulate

    ds.PixelData = encapsulate([b"\xff\xd8\xff\xf7" + b"\0" * 60])
    ds["PixelData"].is_undefined_length = True
    save(ds, shop / "in" / "a.dcm")
    complained = StringIO()
    with pytest.raises(CommandError):
        call_command("import_dicom", str(shop / "in"), stderr=complained, stdout=StringIO())
    assert "pip install pylibjpeg" in complained.getvalue()


def picture_of(shop: Path) -> np.ndarray:
    load(shop / "in", no_load=True)
    (path,) = (shop / "home" / "dicom" / "images").iterdir()
    return np.asarray(Image.open(path)).astype(float)


def test_the_middle_frame_is_shown_and_polarity_is_put_right(shop):
    ramp = np.tile(np.linspace(0, 4095, 64), (64, 1))
    frames = np.stack([ramp * 0, ramp, ramp * 0])
    save(add_pixels(header_of(Person(1)), frames, photometric="MONOCHROME1"), shop / "in" / "a.dcm")
    shown = picture_of(shop)
    assert shown[32, 2] > 240
    assert shown[32, -3] < 15
    with (shop / "home" / "dicom" / "products.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert json.loads(row["attributes"])["frames"] == "3"


def test_what_older_files_hide_in_unused_bits_is_not_shown(shop):
    plain = phantom(1)
    hidden = plain.copy()
    hidden[40:60, 40:200] |= 0xF000
    save(add_pixels(header_of(Person(1)), hidden), shop / "in" / "a.dcm")
    shown = picture_of(shop)
    assert np.abs(shown[40:60, 40:200].mean() - plain[40:60, 40:200].mean() / 4095 * 255) < 3


def test_one_study_is_one_case_with_a_picture_of_each_series_and_nothing_is_loaded_unasked(shop):
    person = Person(1)
    for series in (1, 2):
        for number in range(3):
            ds = add_pixels(header_of(person), phantom(series * 10 + number))
            ds.SeriesInstanceUID, ds.SeriesNumber, ds.InstanceNumber = f"1.2.3.{series}", series, number
            save(ds, shop / "in" / f"{series}" / f"{number}")
    load(shop / "in", no_load=True, out=shop / "out")
    assert not Product.objects.exists()
    assert len(list((shop / "out" / "images").iterdir())) == 2
    (note,) = (shop / "out" / "studies").iterdir()
    assert json.loads(note.read_text())["row"]["images"].count("|") == 1


def test_runs_that_unpack_to_more_than_the_picture_are_refused_before_they_are(shop, monkeypatch):
    monkeypatch.setattr(rendering, "pixel_array", lambda *_, **__: pytest.fail("it was unpacked"))
    ds = add_pixels(header_of(Person(1)), phantom(1))
    segment = b"\x81\x00" * 1000  # 128,000 of 65,536 bytes
    ds.file_meta.TransferSyntaxUID = RLELossless
    ds.PixelData = encapsulate([struct.pack("<16L", 2, 64, 64 + len(segment), *[0] * 13) + segment * 2])
    ds["PixelData"].is_undefined_length = True
    path = save(ds, shop / "in" / "a.dcm")
    with pytest.raises(DicomRefused, match="more than the picture"):
        rendering.render_picture(path, ds)


def test_files_whose_names_are_not_utf_8_are_read_and_named(shop):
    path = save_radiograph(Person(1), shop / "in" / "a.dcm")
    os.rename(path, os.fsencode(path.parent) + b"/\xff.dcm")
    (Path(os.fsdecode(os.fsencode(path.parent) + b"/\xfe.dcm"))).write_bytes(b"no such file")
    said, complained = load(shop / "in")
    assert "1 cases" in said
    assert "no DICOM file" in complained


def test_a_broken_value_is_repeated_nowhere_and_takes_the_report_with_it(shop, caplog):
    person, path = Person(1), shop / "in" / "a.dcm"
    save_radiograph(person, path, SeriesInstanceUID="1.2.345678901")
    broken = bytearray(path.read_bytes().replace(b"1.2.345678901", person.mrn.encode() + b"ABCD"))
    name = broken.index(b"\x10\x00\x10\x00PN")
    broken[name + 4 : name + 6] = b"\x55\x1a"  # a type of value that there is not, where the patient's name was
    path.write_bytes(broken)
    path.with_suffix(".txt").write_text(f"Nodule. {person.family} was informed.")
    complained = StringIO()
    with pytest.raises(CommandError, match="no case"):
        call_command("import_dicom", str(shop / "in"), stderr=complained, stdout=StringIO())
    assert "values that cannot be read" in complained.getvalue()
    assert person.mrn not in caplog.text + complained.getvalue()


def test_without_the_packages_the_command_says_what_to_install(shop, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "catalog.dicom.cleaning", None)
    (shop / "in").mkdir()
    with pytest.raises(CommandError, match="requirements-dicom"):
        call_command("import_dicom", str(shop / "in"))
