"""Migrations from now on let the release before them serve on: docs/upgrading.md has the rules."""

from __future__ import annotations

import inspect

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.architecture.migration_rules import find_faults

# The last ones that are not held to the rules: an upgrade from before them stops the shop.
EARLIER = {"api": 1, "catalog": 20, "embeddings": 11, "recommendations": 17, "behaviour": 11}
POSITIVE = models.CheckConstraint(condition=models.Q(stock__gte=0), name="stock_positive")
INDEX = models.Index(fields=["stock"], name="by_stock")


def test_migrations_let_the_release_before_them_serve_on():
    loader = MigrationLoader(None)
    found = {
        f"{app}/migrations/{name}.py": faults
        for (app, name), migration in loader.disk_migrations.items()
        if app in EARLIER and int(name[:4]) > EARLIER[app]
        if (faults := judge_in_place(loader, migration))
    }
    assert found == {}


def judge_in_place(loader: MigrationLoader, migration: migrations.Migration) -> list[str]:
    before = loader.project_state((migration.app_label, migration.name), at_end=False)
    return find_faults(migration, before, source=inspect.getsource(inspect.getmodule(type(migration))))


def judge(*operations: object, source: str = "", atomic: bool = True) -> list[str]:
    """Return the faults of a migration of a shop whose products have a title of 100 characters and a stock."""
    state = ProjectState()
    fields = [("title", models.CharField(max_length=100)), ("stock", models.IntegerField())]
    state.add_model(ModelState("shop", "Product", fields))
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations), "atomic": atomic})
    return find_faults(kind("0002_next", "shop"), state, source=source)


def add(field: models.Field) -> migrations.AddField:
    return migrations.AddField("product", "weight", field)


def alter(name: str, field: models.Field) -> migrations.AlterField:
    return migrations.AlterField("product", name, field)


SHELF = migrations.CreateModel("Shelf", [("stock", models.IntegerField(unique=True))])


@pytest.mark.parametrize(
    "operations",
    [
        [SHELF],
        [SHELF, migrations.AddIndex("shelf", INDEX)],
        [add(models.IntegerField(null=True))],
        [add(models.IntegerField(db_default=0))],
        [add(models.ManyToManyField("shop.Product"))],
        [alter("title", models.CharField(max_length=200, help_text="Longer"))],
        [alter("stock", models.IntegerField(null=True, default=3))],
        [AddConstraintNotValid("product", POSITIVE)],
        [ValidateConstraint("product", "stock_positive")],
        [migrations.AlterModelOptions("product", {"ordering": ["title"]})],
        [migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("product", "stock")])],
    ],
)
def test_what_stops_nobody_passes(operations):
    assert judge(*operations) == []


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (migrations.AddIndex("product", INDEX), "AddIndex: nobody can save while it is built: AddIndexConcurrently"),
        (AddIndexConcurrently("product", INDEX), "AddIndexConcurrently: set atomic = False"),
        (migrations.AddConstraint("product", POSITIVE), "AddConstraint: it reads the whole table under a lock"),
        (migrations.RemoveField("product", "stock"), "RemoveField: say since which version no code knows it"),
        (migrations.RenameField("product", "stock", "left"), "RenameField: say since which version"),
        (migrations.DeleteModel("product"), "DeleteModel: say since which version"),
        (migrations.RenameModel("product", "item"), "RenameModel: say since which version"),
        (migrations.RunSQL("UPDATE shop_product SET stock = 0"), "RunSQL: say what it locks and for how long"),
        (migrations.RunPython(migrations.RunPython.noop), "RunPython: say what it locks and for how long"),
        (migrations.AlterUniqueTogether("product", {("title", "stock")}), "AlterUniqueTogether: say what it locks"),
        (add(models.IntegerField(default=0)), "AddField: the release before does not fill it"),
        (add(models.IntegerField(null=True, db_index=True)), "AddField: its index is built under a lock"),
        (add(models.ForeignKey("shop.Product", models.CASCADE, null=True, db_index=False)), "AddField: both tables"),
        (alter("title", models.CharField(max_length=50)), "AlterField: it rewrites or reads the whole table"),
        (alter("title", models.CharField(max_length=100, unique=True)), "AlterField: it rewrites or reads the whole"),
        (alter("stock", models.BigIntegerField()), "AlterField: it rewrites or reads the whole table"),
        (alter("stock", models.IntegerField(db_column="left")), "AlterField: it rewrites or reads the whole table"),
    ],
)
def test_what_stops_or_breaks_the_release_before_is_named_with_what_to_do_instead(operation, fault):
    [found] = judge(operation)
    assert found.startswith(fault)


def test_what_is_no_transaction_has_nothing_but_indexes():
    index = AddIndexConcurrently("product", INDEX)
    assert judge(index, atomic=False) == []
    [fault] = judge(index, add(models.IntegerField(null=True)), atomic=False)
    assert fault.startswith("What is no transaction is left half done when it fails")


def test_a_lock_that_is_stated_and_a_column_that_is_stated_to_be_unused_pass():
    drop = migrations.RunSQL("ALTER TABLE shop_product DROP COLUMN stock")
    lock, contract = "    # lock: of the table, for a moment\n", "    # contract: unused since 1.4\n"
    assert len(judge(drop)) == 2
    assert len(judge(drop, source=lock)) == len(judge(drop, source=contract)) == 1
    assert judge(drop, source=lock + contract) == []
    assert len(judge(drop, source="    # lock:\n" + contract)) == 1  # which says nothing
