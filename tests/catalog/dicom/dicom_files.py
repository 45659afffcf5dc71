"""DICOM files as hospitals write them, full of who the patient is. Made here, seeded; nobody is in them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

RADIOGRAPH = "1.2.840.10008.5.1.4.1.1.1.1"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
STRUCTURED = "1.2.840.10008.5.1.4.1.1.88.11"
FAMILY = ["Vanterpool", "Brzęczyk", "Okonkwo-Reyes", "Müllerhoff", "Tessarolo"]
GIVEN = ["Ottoline", "Casimir", "Philippa", "Anselm", "Zenobia"]
STREETS = ["Quillback Lane", "Harrowgate Mews", "Zeppelinweg"]


class Person:
    """A made-up patient, and every text that gives them away."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.family, self.given = rng.choice(FAMILY), rng.choice(GIVEN)
        self.doctor, self.nurse = f"Dr{rng.choice(['Quackenbush', 'Thistlewood'])}", "Pennyfeather"
        self.doctor = self.doctor[2:]
        self.mrn = f"MR{rng.randrange(10**6, 10**7)}"
        self.accession = f"ACC{rng.randrange(10**6, 10**7)}"
        self.birth = f"19{rng.randrange(30, 80)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
        self.day = f"20{rng.randrange(10, 20)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
        self.phone = f"0171 {rng.randrange(10**6, 10**7)}"
        self.street = f"{rng.randrange(10, 99)} {rng.choice(STREETS)}"
        self.hospital = "Saint Wilgefortis Infirmary"
        self.station = f"XRAYWS{rng.randrange(100, 999)}"
        self.private = f"PVT{rng.randrange(10**7, 10**8)}"
        self.chinese = "欧阳静怡"
        self.study = generate_uid(entropy_srcs=[f"study {seed}"])

    @property
    def identifiers(self) -> list[str]:
        """What nothing that is kept may hold, in any spelling of case."""
        y, m, d = self.birth[:4], self.birth[4:6], self.birth[6:]
        return [
            self.family, self.given, self.doctor, self.nurse, self.mrn, self.mrn[2:], self.accession,
            self.accession[3:],
            self.birth, f"{y}-{m}-{d}", f"{d}/{m}/{y}", self.day, self.phone, self.phone[5:],
            self.street.split(" ", 1)[1],
            "Wilgefortis", self.station, self.private, self.chinese, self.study, *self.family.split("-"),
        ]  # fmt: skip


def phantom(seed: int, *, side: int = 256) -> np.ndarray:
    """Return twelve bits of a smooth body with ribs, and no letters."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    rng = np.random.default_rng(seed)
    body = 2400 * np.exp(-((x / 0.8) ** 4)) - 1300 * np.exp(-(((np.abs(x) - 0.4) / 0.25) ** 2) - (y / 0.6) ** 4)
    return np.clip(body + rng.normal(0, 30, body.shape) + 300, 0, 4095).astype(np.uint16)


def write_on(pixels: np.ndarray, text: str) -> np.ndarray:
    """Return the pixels with `text` written into them."""
    layer = Image.new("L", (len(text) * 8, 14))
    ImageDraw.Draw(layer).text((2, 0), text, fill=255)
    layer = layer.resize((layer.width * 3 // 2, layer.height * 3 // 2))
    marked = pixels.copy()
    place = marked[8 : 8 + layer.height, 8 : 8 + layer.width]
    place[np.asarray(layer)[: place.shape[0], : place.shape[1]] > 90] = 4095
    return marked


def header_of(person: Person, *, sop_class: str = RADIOGRAPH, modality: str = "DX") -> FileDataset:
    """Return a data set with the person in every corner of it, and no pixels."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = person.study, generate_uid()
    ds.PatientName = f"{person.family}^{person.given}={person.chinese}"
    ds.PatientID, ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = person.mrn, person.birth, "F", "064Y"
    ds.OtherPatientIDs, ds.AccessionNumber, ds.StudyID = (
        [person.mrn, person.private],
        person.accession,
        person.accession,
    )
    ds.PatientAddress, ds.PatientTelephoneNumbers = person.street, person.phone
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = person.day
    ds.StudyTime = "113059"
    ds.InstitutionName, ds.StationName = person.hospital, person.station
    ds.ReferringPhysicianName, ds.OperatorsName = f"{person.doctor}^Igor", f"{person.nurse}^May"
    ds.StudyDescription = f"Chest of {person.given} {person.family}"
    ds.PatientComments = ds.ImageComments = f"{person.family}, {person.mrn}: call {person.phone}"
    ds.AdditionalPatientHistory = f"lives at {person.street}"
    ds.BodyPartExamined, ds.ViewPosition, ds.Modality = "CHEST", "PA", modality
    ds.SeriesNumber, ds.InstanceNumber = 1, 1
    block = ds.private_block(0x0011, "ACME 1.0", create=True)
    block.add_new(0x01, "LO", person.private)
    block.add_new(0x02, "PN", f"{person.family}^{person.given}")
    block.add_new(0x03, "UN", person.mrn.encode())
    inner, request = Dataset(), Dataset()
    inner.PatientName, inner.PatientID = f"{person.family}^{person.given}", person.mrn
    request.ReferencedPatientSequence = Sequence([inner])
    request.RequestedProcedureDescription = f"PA chest, {person.family}"
    request.AccessionNumber = person.accession
    ds.RequestAttributesSequence = Sequence([request])
    ds.add_new(0x60000010, "US", 16)
    ds.add_new(0x60000022, "LO", f"overlay {person.family}")
    return ds


def add_pixels(
    ds: FileDataset, pixels: np.ndarray, *, photometric: str = "MONOCHROME2", stored: int = 12
) -> FileDataset:
    """Give the data set `pixels` (h, w) or (frames, h, w) of 16 bits."""
    ds.Rows, ds.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        ds.NumberOfFrames = len(pixels)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, photometric, 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, stored, stored - 1
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    ds.PixelData = pixels.astype("<u2").tobytes()
    return ds


def structured_report(person: Person, text: str) -> FileDataset:
    """Return a report as a tree of contents, signed, with `text` as its finding."""
    ds = header_of(person, sop_class=STRUCTURED, modality="SR")
    who, what, name = Dataset(), Dataset(), Dataset()
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "121071", "DCM", "Finding"
    who.ValueType, who.PersonName = "PNAME", f"{person.doctor}^Igor"
    what.ValueType, what.TextValue, what.ConceptNameCodeSequence = "TEXT", text, Sequence([name])
    ds.ValueType, ds.ContentSequence = "CONTAINER", Sequence([who, what])
    return ds


def save(ds: FileDataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path
