"""Ground truth: which products belong beside an anchor, and how well. Read from a file, or derived by declaration."""

import csv
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from catalog.importers.formulas import read_guarded
from catalog.models import Product
from recommendations.evaluation.metrics import Floats, Ids

MAX_GRADE = 20  # gains are 2^grade - 1: beyond this one pair would drown all others
MAX_FIELD_CHARACTERS = 1_000_000
DECLARATIONS = {"category": "category_id", "variant_group": "variant_group"}


class TruthError(ValueError):
    """The ground truth cannot be used at all; the message says what to change."""


@dataclass(frozen=True)
class RejectedLine:
    """A line of the file that does not count, and why. Lines are numbered as an editor numbers them."""

    line: int
    reason: str


@dataclass(frozen=True)
class Judgements:
    """What was said about one anchor. `target_ids` may hold the anchor itself, which never counts."""

    target_ids: Ids  # (j,)
    grades: Floats  # (j,), 0 means judged and found unrelated


@dataclass(frozen=True)
class Truth:
    """Judgements by the id of their anchor. Pairs that are not listed are unrelated; in a sparse truth not judged."""

    description: str
    judgements: Mapping[int, Judgements]
    rejected: tuple[RejectedLine, ...] = field(default=())
    is_sparse: bool = False  # few pairs were judged of each anchor: of the others nothing is known

    def sample_anchors(self, count: int, *, seed: int) -> Ids:
        """Return the ids of all anchors, or of `count` drawn with `seed` where there are more; ascending."""
        anchors = np.array(sorted(self.judgements), dtype=np.int64)
        if len(anchors) > count:
            anchors = np.sort(np.random.default_rng(seed).choice(anchors, size=count, replace=False))
        return anchors


def read_truth(path: Path) -> Truth:
    """Read `source_sku,target_sku[,grade]` lines; without a grade a pair is worth 1.

    A bad line (unknown or inactive product, impossible grade, a pair that was judged before) is reported and the rest
    counts. Raises TruthError where the file cannot be read, lacks a column, or no line is left.
    """
    ids_by_sku = dict(Product.objects.filter(is_active=True).values_list("sku", "id"))
    grades: dict[int, dict[int, float]] = defaultdict(dict)
    rejected = []
    for line, row in read_rows(path, columns=("source_sku", "target_sku")):
        try:
            source, target, grade = _parse_line(row, ids_by_sku)
            if target in grades[source]:
                raise ValueError(
                    f"{row['source_sku']} and {row['target_sku']} were judged before; the first line counts"
                )
            grades[source][target] = grade
        except ValueError as error:
            rejected.append(RejectedLine(line, str(error)))
    judgements = {
        source: Judgements(np.array(list(by_target), dtype=np.int64), np.array(list(by_target.values())))
        for source, by_target in grades.items()
        if by_target
    }
    if not judgements:
        first = f" The first was line {rejected[0].line}: {rejected[0].reason}." if rejected else ""
        raise TruthError(f"{path} has no line that counts; {len(rejected)} were rejected.{first}")
    return Truth(path.name, judgements, tuple(rejected))


def derive_truth(declaration: str) -> Truth:
    """Declare active products that share their leaf `category` or `variant_group` related, with grade 1.

    Products alone in their group have nothing to find and are no anchors. Raises TruthError where no group has two.
    """
    column = DECLARATIONS[declaration]
    members: dict[Hashable, list[int]] = defaultdict(list)
    rows = Product.objects.filter(is_active=True).order_by("id").values_list("id", column)
    for product_id, group in rows.iterator():
        if group:
            members[group].append(product_id)
    judgements: dict[int, Judgements] = {}
    for product_ids in members.values():
        if len(product_ids) > 1:  # one array for all members: pairs by the million cost nothing
            shared = Judgements(np.array(product_ids, dtype=np.int64), np.ones(len(product_ids)))
            judgements.update(dict.fromkeys(product_ids, shared))
    if not judgements:
        raise TruthError(f"No two active products share a {declaration}: give a file with --truth instead.")
    return Truth(f"same {declaration.replace('_', ' ')}", judgements)


def read_rows(path: Path, *, columns: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield (line number, row) of a CSV file with a header. Raises TruthError where it is no such file."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or [])]
            if missing:
                raise TruthError(f"{path} has no column {', '.join(missing)}: its first line names the columns.")
            for row in reader:
                yield reader.line_num, row
    except OSError as error:
        raise TruthError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TruthError(f"{path} is not UTF-8 text: save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise TruthError(f"{path} is not a CSV file: {error}.") from error


def pad_judgements(truth: Truth, anchor_ids: Ids) -> Floats:
    """Return (q, j) grades of what was judged for each anchor but itself, padded with 0."""
    rows = [
        judgements.grades[judgements.target_ids != anchor_id]
        for anchor_id, judgements in ((anchor_id, truth.judgements[int(anchor_id)]) for anchor_id in anchor_ids)
    ]
    padded = np.zeros((len(rows), max((len(row) for row in rows), default=0)))
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    return padded


def _parse_line(row: Mapping[str, str], ids_by_sku: Mapping[str, int]) -> tuple[int, int, float]:
    """Return (source id, target id, grade). Raises ValueError with the reason to report."""
    written = [row["source_sku"].strip(), row["target_sku"].strip()]
    skus = [sku if sku in ids_by_sku else read_guarded(sku) for sku in written]
    for sku in skus:
        if sku not in ids_by_sku:
            raise ValueError(f"no active product has the sku {sku!r}")
    if skus[0] == skus[1]:
        raise ValueError(f"{skus[0]} is judged against itself")
    text = (row.get("grade") or "1").strip()
    try:
        grade = float(text)
    except ValueError:
        grade = float("nan")
    if not 0 <= grade <= MAX_GRADE:
        raise ValueError(f"the grade {text!r} is not a number from 0 to {MAX_GRADE}")
    return ids_by_sku[skus[0]], ids_by_sku[skus[1]], grade
