"""What the doctor has found of products, in a sentence for each check: for the terminal, which has no lists."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import ngettext

from api.counts import count_rows, word_count
from catalog.doctor.checks import list_checks
from catalog.doctor.remarks import Examination, Link, Remark
from catalog.models import Finding


def summarise() -> list[Examination]:
    """Return what is on the list of each check, counted up to a bound, with the page that shows it."""
    return [
        Examination(title=str(check.title), remarks=tuple(_count(check.name, str(check.title), str(check.advice))))
        for check in list_checks()
    ]


def _count(name: str, title: str, advice: str) -> list[Remark]:
    count = count_rows(Finding.objects.open().filter(check_name=name))
    if not count.number:
        return []
    said = ngettext("%(count)s finding.", "%(count)s findings.", count.number) % {"count": word_count(count)}
    return [Remark(message=said, advice=advice, links=(Link(title, reverse("doctor_findings", args=[name])),))]
