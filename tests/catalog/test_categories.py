"""Paths stay right, whatever happens to the tree."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product
from tests.factories import CategoryFactory, ProductFactory


def paths() -> list[str]:
    return list(Category.objects.values_list("path", flat=True))


@pytest.fixture
def tree(db):
    for path in ("A/B/C", "A/B2", "D"):
        Category.objects.get_or_create_path(path)


@pytest.mark.django_db
def test_a_path_is_made_with_its_ancestors_once():
    leaf = Category.objects.get_or_create_path(" A / B//C ")

    assert paths() == ["A", "A/B", "A/B/C"]
    assert leaf.parent.parent.name == "A"
    assert Category.objects.get_or_create_path("A/B/C") == leaf
    assert Category.objects.get_or_create_path(" / ") is None
    assert Category.objects.count() == 3


def test_a_rename_moves_everything_below_in_one_statement(tree):
    node = Category.objects.get(path="A")
    node.name = "Z_%"

    with CaptureQueriesContext(connection) as queries:
        node.save()

    assert paths() == ["D", "Z_%", "Z_%/B", "Z_%/B/C", "Z_%/B2"]
    updates = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert len(updates) == 2  # the node, and all its descendants


def test_names_with_the_wildcards_of_like_move_only_their_own(db):
    for path in ("A_/x", "AB/x", "A%/x"):
        Category.objects.get_or_create_path(path)
    node = Category.objects.get(path="A_")
    node.name = "Q"
    node.save()

    assert paths() == ["A%", "A%/x", "AB", "AB/x", "Q", "Q/x"]


def test_a_move_takes_the_subtree_along_and_a_sibling_with_a_similar_name_stays(tree):
    node = Category.objects.get(path="A/B")
    node.parent = Category.objects.get(path="D")
    node.save()

    assert paths() == ["A", "A/B2", "D", "D/B", "D/B/C"]


def test_a_move_to_the_root_works_and_so_does_saving_only_the_name(tree):
    node = Category.objects.get(path="A/B")
    node.parent = None
    node.save()
    node.name = "Bee"
    node.save(update_fields=["name"])

    assert paths() == ["A", "A/B2", "Bee", "Bee/C", "D"]


def test_a_parent_that_is_old_in_memory_does_not_bring_its_old_path_back(tree):
    old = Category.objects.get(path="A")
    renamed = Category.objects.get(path="A")
    renamed.name = "Z"
    renamed.save()

    assert Category.objects.create(parent=old, name="New").path == "Z/New"


@pytest.mark.parametrize(("path", "parent"), [("A", "A"), ("A", "A/B"), ("A", "A/B/C")])
def test_a_category_cannot_be_moved_below_itself(tree, path, parent):
    node = Category.objects.get(path=path)
    node.parent = Category.objects.get(path=parent)

    with pytest.raises(ValidationError, match="cannot be moved into itself"):
        node.full_clean()
    with pytest.raises(ValidationError, match="cannot be moved into itself"):
        node.save()
    assert paths() == ["A", "A/B", "A/B/C", "A/B2", "D"]


def test_a_path_that_is_taken_is_refused(tree):
    node = Category.objects.get(path="A/B2")
    node.name = "B"

    with pytest.raises(ValidationError, match="There is already a category A/B"):
        node.save()
    assert paths() == ["A", "A/B", "A/B/C", "A/B2", "D"]


def test_a_name_with_a_slash_is_refused(db):
    with pytest.raises(ValidationError, match="may not contain a slash"):
        CategoryFactory(name="A/B")


def test_a_path_that_would_be_too_long_is_refused_also_for_what_is_below(db):
    node = Category.objects.get_or_create_path("/".join(["n" * 190] * 5))
    assert len(node.path) == 954
    root = Category.objects.get(path="n" * 190)
    root.name = "m" * 200
    root.save()
    assert len(Category.objects.get(pk=node.pk).path) == 964
    CategoryFactory(name="o" * 36 + "p", parent=None).delete()

    with pytest.raises(ValidationError, match="longer than 1000"):
        CategoryFactory(name="x" * 36, parent=node)
    top = CategoryFactory(name="t" * 40)
    root.parent = top
    with pytest.raises(ValidationError, match="longer than 1000"):
        root.save()


def test_products_are_found_in_the_subtree_only(tree):
    for path in ("A", "A/B", "A/B/C", "A/B2", "D"):
        ProductFactory(sku=path, category=Category.objects.get(path=path))

    assert [product.sku for product in Product.objects.in_category("A/B")] == ["A/B", "A/B/C"]


@pytest.mark.django_db(transaction=True)
def test_a_child_added_while_its_grandparent_is_being_renamed_gets_the_new_path():
    """The child's save has to wait for the rename: Postgres does not show it a snapshot from before."""
    from django.db import transaction

    parent = Category.objects.get_or_create_path("A/B")
    grandparent = parent.parent
    created: list[str] = []

    def add_child() -> None:
        try:
            created.append(Category.objects.create(parent=parent, name="C").path)
        finally:
            connections.close_all()

    thread = threading.Thread(target=add_child)
    with transaction.atomic():
        grandparent.name = "Z"
        grandparent.save()
        thread.start()
        wait_until_somebody_waits_for_a_lock()
    thread.join(timeout=60)

    assert created == ["Z/B/C"]
    assert paths() == ["Z", "Z/B", "Z/B/C"]


def wait_until_somebody_waits_for_a_lock() -> None:
    """Ask Postgres, which knows; at most 10 s."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    pytest.fail("nobody waits for the tree's lock")
