"""Golden pairs as CSV, source_sku,target_sku,grade: what `evaluate --truth FILE` reads as well."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from catalog.importers.formulas import guard_cell, read_guarded
from catalog.models import Product
from recommendations.golden.pair import GoldenJudgement, GoldenPair, GoldenPairQuerySet, LowerMedian

COLUMNS = ("source_sku", "target_sku", "grade")
MAX_ROWS = 20_000  # of a file
SHOWN_SKU = 100  # characters of a text that counts for nothing
Row = tuple[int, tuple[str, str, int | None]]  # its line, and SKU, SKU and grade
GRADES = {"": None, **{str(int(grade)): int(grade) for grade in GoldenJudgement.Grade}}


class UnreadableFile(Exception):
    """The file is no list of pairs. The message says what to change."""


@dataclass(frozen=True)
class Taken:
    """What became of a file: how many pairs it graded, how many it asks about, and why which lines did not count."""

    graded: int
    asked: int
    rejected: tuple[str, ...]


def list_rows(pairs: GoldenPairQuerySet) -> Iterator[tuple[str, str, str]]:
    """Yield the heading and a row for each pair, with the grade that counts; pairs that nobody judged have none.

    A SKU that a spreadsheet would run has an apostrophe in front, which whoever reads such a file takes away again.
    """
    yield COLUMNS
    rows = pairs.values_list("first__sku", "second__sku", LowerMedian("judgements__grade")).order_by("pk")
    for first, second, grade in rows.iterator(chunk_size=2_000):
        yield guard_cell(first), guard_cell(second), "" if grade is None else str(grade)


def respond_with_csv(pairs: GoldenPairQuerySet) -> HttpResponse:
    """Return the pairs as a file to download."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="golden-pairs.csv"'
    csv.writer(response).writerows(list_rows(pairs))
    return response


def take_file(lines: Iterable[str], *, user: User) -> Taken:
    """Take the pairs of a file as if `user` had judged them; those without a grade are asked about first.

    A later line of a pair, or a judgement that `user` gave before, is overwritten. Raises UnreadableFile.
    """
    rows, rejected = _read(lines)
    skus = {sku for _, row in rows for sku in row[:2] if "\0" not in sku}
    ids = dict(Product.objects.filter(sku__in=skus | set(map(read_guarded, skus))).values_list("sku", "pk"))
    grades: dict[tuple[int, int], int | None] = {}
    for line, (*names, grade) in rows:
        source, target = (name if name in ids else read_guarded(name) for name in names)
        missing = [sku for sku in (source, target) if sku not in ids]
        if missing or source == target:
            said = (
                gettext("no product has the SKU %s") % missing[0][:SHOWN_SKU]
                if missing
                else gettext("a product beside itself")
            )
            rejected.append(_name_line(line, said))
        else:
            first, second = sorted((ids[source], ids[target]))
            grades[first, second] = grade
    _store(grades, user=user)
    graded = sum(grade is not None for grade in grades.values())
    return Taken(graded=graded, asked=len(grades) - graded, rejected=tuple(rejected))


def _read(lines: Iterable[str]) -> tuple[list[Row], list[str]]:
    """Return what can be read, and what is said of the rest."""
    rows: list[Row] = []
    rejected: list[str] = []
    try:
        reader = csv.DictReader(lines, restval="")
        missing = [column for column in COLUMNS[:2] if column not in (reader.fieldnames or [])]
        if missing:
            said = gettext("The file has no column %s: its first line names the columns.")
            raise UnreadableFile(said % ", ".join(missing))
        for row in reader:
            if len(rows) + len(rejected) >= MAX_ROWS:
                raise UnreadableFile(gettext("The file has more than %d rows: split it.") % MAX_ROWS)
            text = (row.get("grade") or "").strip()
            if text in GRADES:
                rows.append((reader.line_num, (row["source_sku"].strip(), row["target_sku"].strip(), GRADES[text])))
            else:
                said = gettext("the grade %s is not 0, 1, 2 or empty") % text[:SHOWN_SKU]
                rejected.append(_name_line(reader.line_num, said))
    except UnicodeDecodeError as error:
        raise UnreadableFile(gettext("The file is not UTF-8 text: save it as CSV UTF-8.")) from error
    except csv.Error as error:
        raise UnreadableFile(gettext("The file is not a CSV file: %s.") % error) from error
    return rows, rejected


def _store(grades: Mapping[tuple[int, int], int | None], *, user: User) -> None:
    """Make the pairs that there are not, and keep the grades as the user's."""
    with transaction.atomic():
        pairs = [
            GoldenPair(first_id=first, second_id=second, origin=GoldenPair.Origin.IMPORTED) for first, second in grades
        ]
        GoldenPair.objects.bulk_create(pairs, ignore_conflicts=True, batch_size=1_000)
        ids = {first for first, _ in grades}
        known = GoldenPair.objects.filter(first__in=ids).values_list("first_id", "second_id", "pk")
        now = timezone.now()
        judgements = [
            GoldenJudgement(pair_id=pk, user=user, grade=grades[first, second], judged_at=now)
            for first, second, pk in known
            if grades.get((first, second)) is not None
        ]
        GoldenJudgement.objects.bulk_create(
            judgements,
            update_conflicts=True,
            unique_fields=["user", "pair"],
            update_fields=["grade", "judged_at"],
            batch_size=1_000,
        )


def _name_line(line: int, said: str) -> str:
    return gettext("Line %(line)d: %(reason)s") % {"line": line, "reason": said}
