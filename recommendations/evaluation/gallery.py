"""The page of pictures: what a shopper would see where the figures are best, worst, and changed most."""

import base64
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import numpy as np
from django.db.models import Prefetch
from PIL import ImageOps

from catalog.models import Product, ProductImage
from embeddings.encoders.pictures import decode_picture
from recommendations.evaluation.comparison import Evaluation
from recommendations.evaluation.contenders import NO_PRODUCT, ContenderResult, Questions
from recommendations.evaluation.metrics import Floats, Ids
from recommendations.evaluation.photos import PhotoResult

SHOWN = 8  # neighbours in a row
ROWS = 6  # anchors in each part
MISSED = 5  # of what should have been there
PER_CATEGORY = 2  # so that one odd category does not fill a part
THUMBNAIL_PX = 168  # twice the 84 px it is shown at
QUALITY = 72  # a thumbnail takes about 4 kB


@dataclass(frozen=True)
class Card:
    """One product in a row. `grade` is None for the anchor, 0 for what nobody judged related."""

    sku: str
    title: str
    picture: str  # data URI, empty where there is none
    grade: float | None = None
    is_new: bool = False  # not in the row it is compared with
    is_right: bool = False  # of a search by photo: this is the product

    @property
    def grade_text(self) -> str:
        return "" if self.grade is None else f"{self.grade:g}"

    @property
    def grade_class(self) -> str:
        return f"g{min(3, int(np.ceil(self.grade or 0)))}"


@dataclass(frozen=True)
class Row:
    """What one contender shows beside an anchor."""

    label: str
    value: float
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Story:
    """An anchor, what is shown beside it, and what is missing."""

    anchor: Card
    category: str
    rows: tuple[Row, ...]
    missed: tuple[Card, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A part of the page."""

    title: str
    text: str
    stories: tuple[Story, ...]


@dataclass
class Cards:
    """Makes cards, each product's picture loaded and reduced once."""

    questions: Questions
    _made: dict[int, Card] = field(default_factory=dict)

    def load(self, product_ids: Iterable[int]) -> None:
        """Read what is not known yet; two queries however many products."""
        wanted = set(product_ids) - set(self._made) - {NO_PRODUCT}
        images = ProductImage.objects.order_by("position", "id")
        for product in Product.objects.filter(pk__in=wanted).prefetch_related(Prefetch("images", queryset=images)):
            picture = next((uri for image in product.images.all() if (uri := _stored_thumbnail(image))), "")
            self._made[product.pk] = Card(product.sku, product.title, picture)

    def make_row(self, product_ids: Ids, *, anchor_id: int, compared_with: Ids | None = None) -> tuple[Card, ...]:
        """Return graded cards; with `compared_with`, those that are not in it are marked as new."""
        self.load(product_ids.tolist())
        grades = self._grades(anchor_id)
        before = None if compared_with is None else set(compared_with.tolist())
        return tuple(
            replace(
                self._made[product_id],
                grade=grades.get(product_id, 0.0),
                is_new=before is not None and product_id not in before,
            )
            for product_id in product_ids.tolist()
            if product_id in self._made
        )

    def make_anchor(self, product_id: int) -> Card:
        self.load([product_id])
        return self._made[product_id]

    def make_missed(self, anchor_id: int, *, shown: Ids) -> tuple[Card, ...]:
        """Return the best judged products that are not among `shown`."""
        grades = self._grades(anchor_id)
        wanted = [
            product_id
            for product_id, grade in sorted(grades.items(), key=lambda item: (-item[1], item[0]))
            if grade >= self.questions.options.min_grade and product_id not in set(shown.tolist())
        ][:MISSED]
        return self.make_row(np.array(wanted, dtype=np.int64), anchor_id=anchor_id)

    def _grades(self, anchor_id: int) -> dict[int, float]:
        judgements = self.questions.truth.judgements[anchor_id]
        pairs = zip(judgements.target_ids.tolist(), judgements.grades.tolist(), strict=True)
        return {target_id: grade for target_id, grade in pairs if target_id != anchor_id}


def make_gallery(evaluation: Evaluation, *, photos: Sequence[PhotoResult] = ()) -> list[Chapter]:
    """Return the chapters that have something to show."""
    cards = Cards(evaluation.questions)
    subject = evaluation.results[0]
    values = subject.values[evaluation.headline]
    chapters = [
        Chapter(
            "Where it works best",
            f"The anchors with the highest {evaluation.headline} in {subject.label}.",
            _tell(evaluation, cards, [subject], _choose(evaluation, -values)),
        ),
        Chapter(
            "Where it fails",
            f"The anchors with the lowest {evaluation.headline} in {subject.label}, and what should have been there. "
            "Often a picture or a text is missing, or the answer key is mistaken.",
            _tell(evaluation, cards, [subject], _choose(evaluation, values), with_missed=True),
        ),
        *(_tell_changes(evaluation, cards, other) for other in _rivals(evaluation)),
        *(_tell_photos(result, cards) for result in photos[:1]),
    ]
    return [chapter for chapter in chapters if chapter.stories]


def _rivals(evaluation: Evaluation) -> list[ContenderResult]:
    """Return the same modality in other spaces, or where there is one space only, its other modalities."""
    first = evaluation.results[0].contender
    others = evaluation.results[1:]
    spaces = [other for other in others if other.contender.space != first.space]
    return [other for other in spaces if other.contender.modality == first.modality] or list(others[:1])


def _tell_changes(evaluation: Evaluation, cards: Cards, other: ContenderResult) -> Chapter:
    first = evaluation.results[0]
    change = other.values[evaluation.headline] - first.values[evaluation.headline]
    gains = _choose(evaluation, np.where(change > 0, -change, np.nan), count=ROWS // 2)
    losses = _choose(evaluation, np.where(change < 0, change, np.nan), count=ROWS // 2)
    return Chapter(
        f"What changes from {first.label} to {other.label}",
        f"The largest gains and losses of {evaluation.headline}. Framed products are new in the second row.",
        _tell(evaluation, cards, [first, other], [*gains, *losses]),
    )


def _tell(
    evaluation: Evaluation,
    cards: Cards,
    results: Sequence[ContenderResult],
    places: Iterable[int],
    *,
    with_missed: bool = False,
) -> tuple[Story, ...]:
    stories = []
    for place in places:
        anchor_id = int(evaluation.questions.anchor_ids[place])
        shown = [result.neighbour_ids[place, :SHOWN] for result in results]
        rows = [
            Row(
                result.label,
                float(result.values[evaluation.headline][place]),
                cards.make_row(ids, anchor_id=anchor_id, compared_with=shown[0] if number else None),
            )
            for number, (result, ids) in enumerate(zip(results, shown, strict=True))
        ]
        missed = cards.make_missed(anchor_id, shown=shown[0]) if with_missed else ()
        stories.append(Story(cards.make_anchor(anchor_id), evaluation.anchor_categories[place], tuple(rows), missed))
    return tuple(stories)


def _choose(evaluation: Evaluation, order_by: Floats, *, count: int = ROWS) -> list[int]:
    """Return the places with the lowest `order_by`, NaN never, ties by product id, few from any one category."""
    chosen: list[int] = []
    taken: Counter[str] = Counter()
    for place in np.argsort(order_by, kind="stable").tolist():
        category = evaluation.anchor_categories[place]
        if len(chosen) == count or not np.isfinite(order_by[place]):
            break
        if taken[category] < PER_CATEGORY:
            chosen.append(place)
            taken[category] += 1
    return chosen


def _tell_photos(result: PhotoResult, cards: Cards) -> Chapter:
    """Return the photos whose product came last, worst first."""
    worst = [place for place in np.argsort(-result.ranks, kind="stable").tolist() if result.ranks[place] > 1][:ROWS]
    stories = []
    for place in worst:
        found, right_id = result.found_ids[place], int(result.product_ids[place])
        cards.load([*found.tolist(), right_id])
        row = tuple(
            replace(cards.make_anchor(product_id), is_right=product_id == right_id)
            for product_id in found.tolist()
            if product_id != NO_PRODUCT
        )
        path, right = result.paths[place], cards.make_anchor(right_id)
        missed = () if right_id in found.tolist() else (replace(right, is_right=True),)
        photo = Card(f"photo of {right.sku}", path.name, _file_thumbnail(path))
        stories.append(Story(photo, "", (Row(result.label, float(1 / result.ranks[place]), row),), missed))
    return Chapter(
        "Photos that were not recognised at once",
        f"Search by photo in {result.label}: the photos whose product came latest. The right product is framed.",
        tuple(stories),
    )


def _stored_thumbnail(image: ProductImage) -> str:
    try:
        with image.file.open("rb") as file:
            return _make_thumbnail(file)
    except (OSError, ValueError):  # gone from the storage, or damaged: a report can do without it
        return ""


def _file_thumbnail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _make_thumbnail(file)
    except (OSError, ValueError):
        return ""


def _make_thumbnail(file: IO[bytes]) -> str:
    """Return a square WebP as a data URI. Raises OSError or ValueError where the file is no usable picture."""
    upright = decode_picture(file.read(), wanted_side=THUMBNAIL_PX)
    square = ImageOps.pad(upright, (THUMBNAIL_PX, THUMBNAIL_PX), color="white")
    buffer = io.BytesIO()
    square.save(buffer, format="WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
