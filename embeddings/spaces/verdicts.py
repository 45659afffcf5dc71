"""What fitting has decided about each modality beyond text and picture, in a sentence for command and admin."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext

from embeddings.fusion.admission import CLEAR
from embeddings.modalities.registry import find_modality
from embeddings.models import EmbeddingSpace

JUDGED, ADMITTED = "modalities", "admitted"  # in the report of a space


def describe_verdicts(space: EmbeddingSpace) -> list[str]:
    """Return a sentence for each that was judged as the space was fitted; none before."""
    said = []
    for name, judged in space.report.get(JUDGED, {}).items():
        figures = {"gain": number_format(round(judged["together"], 1)), "least": number_format(CLEAR)}
        words = _describe(judged, is_admitted=name in space.report.get(ADMITTED, space.modalities))
        said.append(words % {"name": capfirst(str(find_modality(name).label)), **figures})
    return said


def _describe(judged: Mapping[str, float], *, is_admitted: bool) -> str:
    if is_admitted:
        return gettext(
            "%(name)s: helps here and counts (%(gain)s standard errors gained, more than %(least)s were asked for)."
        )
    if judged["together"] > CLEAR:  # and yet by chance, or at the cost of one of the marks (admission.py)
        return gettext(
            "%(name)s: not admitted, and counts nothing. It gains hardly more here than it would with its values dealt "
            "out at random, or tells the nearest products worse."
        )
    return gettext(
        "%(name)s: not admitted, and counts nothing. It does not clearly help to tell what is alike here "
        "(%(gain)s standard errors, where more than %(least)s were asked for)."
    )
