"""A data set without whom it is of: dicognito replaces what identifies, and only what a short list names stays.

The list is what matters: what the standard, a vendor or a typist may put anywhere else, in private tags, comments,
overlays or nested sequences, is not looked for but left behind. dicognito (MIT; it needs pydicom alone, and is seeded,
so that the same study gives the same) goes first, so that what stays has been cleaned as well.
"""

from __future__ import annotations

from dicognito.anonymizer import Anonymizer
from pydicom import Dataset

from catalog.dicom.refusals import DicomRefused

# What is read of a picture: codes and numbers of the pixel module, and codes by which the case is named.
KEPT = frozenset({
    "SOPClassUID", "Modality", "BodyPartExamined", "ViewPosition", "Laterality", "ImageLaterality", "PatientAge",
    "BurnedInAnnotation", "RecognizableVisualFeatures", "ConversionType", "SeriesNumber", "InstanceNumber",
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns", "NumberOfFrames",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "WindowCenter", "WindowWidth",
    "VOILUTFunction", "RescaleSlope", "RescaleIntercept", "PresentationLUTShape", "ModalityLUTSequence",
    "VOILUTSequence", "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
})  # fmt: skip
# Of a report only the tree of its contents stays, whose texts are cleaned one by one.
KEPT_OF_REPORTS = frozenset({
    "SOPClassUID", "Modality", "ContentSequence", "ValueType", "ConceptNameCodeSequence", "CodeMeaning", "TextValue",
    "ConceptCodeSequence", "MIMETypeOfEncapsulatedDocument", "EncapsulatedDocument",
})  # fmt: skip


def make_anonymizer(salt: bytes) -> Anonymizer:
    """Return what cleans all data sets of one run alike."""
    return Anonymizer(seed=salt.decode())


def clean(dataset: Dataset, anonymizer: Anonymizer, *, is_report: bool = False) -> Dataset:
    """Return a new data set with what may be read of `dataset`, which is spoilt. Raises DicomRefused."""
    try:
        anonymizer.anonymize(dataset)
    except Exception as error:  # values that are no dates, names or UIDs in elements that should hold one
        raise DicomRefused(
            f"it cannot be cleaned ({type(error).__name__}): a value in its header is malformed"
        ) from None
    return keep(dataset, KEPT_OF_REPORTS if is_report else KEPT)


def keep(dataset: Dataset, names: frozenset[str]) -> Dataset:
    """Return what of `dataset` is named in `names`, all the way down."""
    kept = Dataset()
    for element in dataset:
        if element.tag.is_private or element.keyword not in names:
            continue
        if element.VR == "SQ" and element.keyword not in ("ModalityLUTSequence", "VOILUTSequence"):
            element.value = [keep(item, names) for item in element.value]
        kept.add(element)
    return kept
