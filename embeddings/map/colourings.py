"""What the points of a map may be coloured by. An app registers a colouring as it starts; a worker reads it.

A colouring says of each product a key. Where it has `labels`, these are all its keys, in order, each with its shade;
otherwise keys are names out of the catalogue, and the most frequent ones get a shade each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Func
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.categories import SEPARATOR
from catalog.conditions import Condition
from catalog.models import Category, Product
from catalog.wordings.lexicon import word_category_path
from embeddings.models import PendingEmbedding

SHADES = 7  # that everybody tells apart, colour-blind or not; further groups share OTHER's
OTHER, NONE = "other", "none"  # shades beside those of numbers
ORDERED = ("low2", "low1", "middle", "high1", "high2")  # of what is more or less, in this order
UNSAID = ""  # the key of a product of which nothing is known

Read = Callable[[Sequence[int]], Mapping[int, str]]  # keys by product id; one that is missing has UNSAID


@dataclass(frozen=True)
class Label:
    """What a key means, and the shade of its points: 1 to SHADES, OTHER, NONE, or one of ORDERED."""

    text: str | Promise
    shade: str


@dataclass(frozen=True, kw_only=True)
class Colouring:
    """`begin` is called once for each drawing and returns what reads keys, a slice of the products at a time."""

    title: str | Promise
    begin: Callable[[], Read]
    labels: Mapping[str, Label] = field(default_factory=dict)
    part: str = ""  # of a field (`hidden` in api/field.py), without which it is not offered
    unsaid: str | Promise = ""
    word: Callable[[str], str] = str  # a name in the reader's language


@dataclass(frozen=True)
class Group:
    """Points of one shade and one line of the legend. Its `key` is a name, or stands for words."""

    key: str
    shade: str
    count: int


COLOURINGS: dict[str, Colouring] = {}  # by name, in the order in which they are offered
WORDS = {OTHER: _("Others")}


def register_colouring(name: str, colouring: Colouring) -> None:
    """Offer a colouring; a second one of the same name takes the place of the first."""
    COLOURINGS[name] = colouring


def choose_groups(counts: Counter[str], *, colouring: Colouring) -> tuple[list[Group], dict[str, int]]:
    """Return the legend, and which of its groups each key belongs to: `codes[key]` is a place in the legend.

    Ties go by name; what has no name comes last, behind what is taken together as OTHER.
    """
    if colouring.labels:
        groups = [Group(key, label.shade, counts[key]) for key, label in colouring.labels.items()]
        return groups, {key: code for code, key in enumerate(colouring.labels)}
    named = sorted((key for key in counts if key != UNSAID), key=lambda key: (-counts[key], key))
    shown = named[:SHADES]
    groups = [Group(key, str(place + 1), counts[key]) for place, key in enumerate(shown)]
    codes = {key: code for code, key in enumerate(shown)}
    if others := named[len(shown) :]:
        codes |= dict.fromkeys(others, len(groups))
        groups.append(Group(OTHER, OTHER, sum(counts[key] for key in others)))
    if counts[UNSAID]:
        codes[UNSAID] = len(groups)
        groups.append(Group(UNSAID, NONE, counts[UNSAID]))
    return groups, codes


def word_group(name: str, group: Mapping[str, object]) -> str:
    """Return a group of a colouring in the reader's language."""
    colouring, key, shade = COLOURINGS[name], str(group["key"]), group["shade"]
    if key in colouring.labels:
        return str(colouring.labels[key].text)
    if shade == OTHER:
        return str(WORDS[OTHER])
    return str(colouring.unsaid) if key == UNSAID else colouring.word(key)


def among(column: str, values: Sequence[object]) -> Func:
    """Return the condition that a column has one of thousands of values: one array, where `in` would send each."""
    return Condition(column, "{0} = ANY({1})", (list(values),)).as_expression()


def begin_categories() -> Read:
    """By the first level of the tree that has more than one category."""
    roots = list(Category.objects.filter(parent=None).values_list("pk", flat=True)[:2])
    depth = 1 if len(roots) > 1 else 2

    def read(product_ids: Sequence[int]) -> dict[int, str]:
        rows = Product.objects.filter(among("id", product_ids), category__isnull=False)
        return {pk: _cut(path, depth=depth) for pk, path in rows.values_list("pk", "category__path").order_by()}

    return read


def _cut(path: str, *, depth: int) -> str:
    return SEPARATOR.join(path.split(SEPARATOR)[:depth])


def begin_brands() -> Read:
    def read(product_ids: Sequence[int]) -> dict[int, str]:
        return dict(Product.objects.filter(among("id", product_ids)).order_by().values_list("pk", "brand"))

    return read


def begin_states() -> Read:
    """What waits is in the queue; nearly all products are not."""

    def read(product_ids: Sequence[int]) -> dict[int, str]:
        shown = Product.objects.filter(among("id", product_ids)).order_by().values_list("pk", "is_active")
        keys = {pk: "current" if is_active else "hidden" for pk, is_active in shown}
        waiting = PendingEmbedding.objects.filter(among("product_id", product_ids)).order_by()
        rows: Iterable[tuple[int, object, int]] = waiting.values_list("product_id", "retry_at", "attempts")
        return keys | {pk: "parked" if at is None else "again" if tried else "waiting" for pk, at, tried in rows}

    return read


register_colouring(
    "category",
    Colouring(title=_("Category"), begin=begin_categories, unsaid=_("Without a category"), word=word_category_path),
)
register_colouring("brand", Colouring(title=_("Brand"), begin=begin_brands, unsaid=_("Without a brand"), part="brand"))
register_colouring(
    "state",
    Colouring(
        title=_("Embedding state"),
        begin=begin_states,
        labels={
            "current": Label(_("Up to date"), "1"),
            "waiting": Label(_("Changed, waits for the worker"), "2"),
            "again": Label(_("Failed, is tried again"), "4"),
            "parked": Label(_("Failed, waits for a change"), "6"),
            "hidden": Label(_("Hidden from the shop"), NONE),
        },
    ),
)
