"""The category tree's one invariant: a path is the parent's path, a slash and the name, for every node at all times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Func, Max, Value
from django.db.models.functions import Concat, Length, Substr
from django.utils.translation import gettext

from catalog.characters import clean_name
from catalog.conditions import is_below

if TYPE_CHECKING:
    from catalog.category import Category

SEPARATOR = "/"
MAX_PATH_LENGTH = 1_000  # characters
# A B-tree of Postgres takes no row above 2,704 bytes (a third of a page), its own few included; paths are unique.
MAX_PATH_BYTES = 2_600
# Whoever changes the tree holds this lock until the end of the transaction: without it, a child added while its
# grandparent is being renamed would keep the old path (the rename's snapshot does not see it).
TREE_LOCK = 0x6B696E_01


def validate_name(name: str) -> None:
    """A name is one step of a path, so it may not hold the separator."""
    if SEPARATOR in name:
        raise ValidationError(gettext("A category's name may not contain a slash; make a subcategory instead."))


class CategoryQuerySet(models.QuerySet["Category"]):
    """Subtrees by path."""

    def get_or_create_path(self, path: str) -> Category | None:
        """Return the node at `path`, `A/B/C`, made with its ancestors where missing. None for an empty path."""
        return self.get_or_create_paths([path])[path]

    def get_or_create_paths(self, paths: Iterable[str]) -> dict[str, Category | None]:
        """Return what `get_or_create_path` does, for each path: five statements, however many paths.

        Raises ValidationError for a path that no index can hold.
        """
        wanted = {path: _normalize_again(path) for path in paths}
        named = set(wanted.values()) - {""}
        found = {node.path: node for node in self.filter(path__in=named)} if named else {}
        if named - found.keys():
            found |= self._create_paths(named - found.keys())
        return {path: found.get(normal) for path, normal in wanted.items()}

    def _create_paths(self, paths: set[str]) -> dict[str, Category]:
        """Make what is missing of these paths, and return the nodes on the way to each by path."""
        lineages = [split_path(path) for path in paths]
        wanted = {SEPARATOR.join(names[:depth]) for names in lineages for depth in range(1, len(names) + 1)}
        with transaction.atomic():
            lock_tree()  # so that two importers do not make the same node
            nodes = {node.path: node for node in self.filter(path__in=wanted)}
            new = [self.model(path=path, name=split_path(path)[-1]) for path in sorted(wanted - nodes.keys())]
            for node in new:
                check_length(node.path)
            nodes |= {node.path: node for node in self.bulk_create(new)}
            for node in new:
                node.parent = nodes.get(node.path.rpartition(SEPARATOR)[0])
            self._store_parents([node.pk for node in new])
        return nodes

    def _store_parents(self, node_ids: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE catalog_category AS node SET parent_id = parent.id FROM catalog_category AS parent "
                "WHERE node.id = ANY(%s) AND parent.path = left(node.path, -length(node.name) - 1)",
                [list(node_ids)],
            )


def split_path(path: str) -> list[str]:
    """Return the names in `path`, trimmed, without empty ones: ` A / B//C` is A, B, C."""
    return [name for part in path.split(SEPARATOR) if (name := clean_name(part))]


def normalize_path(path: str) -> str:
    """Return `path` as it is stored."""
    return SEPARATOR.join(split_path(path))


_normalize_again = lru_cache(maxsize=2048)(normalize_path)  # of paths that are in bounds, as all that are stored


@contextmanager
def keep_paths(node: Category) -> Iterator[None]:
    """Set `node.path` before the block saves the node, and move everything below it after, in one transaction."""
    with transaction.atomic():
        lock_tree()
        old_path = place_in_tree(node)
        yield
        if old_path is not None and old_path != node.path:
            move_subtree(type(node)._default_manager.all(), old_path=old_path, new_path=node.path)


def place_in_tree(node: Category) -> str | None:
    """Set `node.path` and return the path it has in the database (None for a new node).

    Paths are read from the database, since a parent in memory may be older than a rename of its ancestors.
    Raises ValidationError where the node cannot be in that place.
    """
    validate_name(node.name)
    nodes = type(node)._default_manager.all()
    paths = dict(nodes.filter(pk__in=[node.pk, node.parent_id]).values_list("pk", "path"))
    old_path = paths.get(node.pk) if node.pk else None
    parent_path = paths.get(node.parent_id) if node.parent_id else None
    if old_path and parent_path and is_below(parent_path, old_path):
        raise ValidationError({"parent": gettext("A category cannot be moved into itself or below itself.")})
    node.path = f"{parent_path}{SEPARATOR}{node.name}" if parent_path else node.name
    if nodes.filter(path=node.path).exclude(pk=node.pk).exists():
        raise ValidationError({"name": gettext("There is already a category %s.") % node.path})
    length, octets = _longest_rest(nodes, path=old_path)
    check_length(node.path, length=length, octets=octets)
    return old_path


def check_length(path: str, *, length: int = 0, octets: int = 0) -> None:
    """Raise ValidationError where `path`, and the characters and bytes that follow below it, are more than is kept."""
    if len(path) + length > MAX_PATH_LENGTH or len(path.encode()) + octets > MAX_PATH_BYTES:
        said = gettext("A path here would be longer than %(most)d characters, or than %(bytes)s bytes in UTF-8.")
        raise ValidationError({"name": said % {"most": MAX_PATH_LENGTH, "bytes": f"{MAX_PATH_BYTES:,}"}})


def _longest_rest(nodes: models.QuerySet[Any], *, path: str | None) -> tuple[int, int]:
    """How many characters, and how many bytes, the longest paths below `path` have after it."""
    if not path:
        return 0, 0
    length, octets = len(path), len(path.encode())
    octet_length = Func("path", function="octet_length", output_field=models.IntegerField())
    longest = nodes.filter(path__startswith=path + SEPARATOR).aggregate(
        length=Max(Length("path"), default=length), octets=Max(octet_length, default=octets)
    )
    return longest["length"] - length, longest["octets"] - octets


def move_subtree(nodes: models.QuerySet[Any], *, old_path: str, new_path: str) -> int:
    """Give everything below `old_path` its path below `new_path`, in one statement. Returns how many moved."""
    rest = Substr("path", len(old_path) + 1)
    below = nodes.filter(path__startswith=old_path + SEPARATOR)
    return below.update(path=Concat(Value(new_path), rest, output_field=models.CharField()))


def lock_tree() -> None:
    """Wait until nobody else is changing the tree; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])
