"""What a migration may do while the code of the release before goes on serving: read from its operations.

docs/upgrading.md says the rules in words. A migration is judged by the state before it: what is done to a table that it
makes itself stops nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.migrations.state import ProjectState

LOCK, CONTRACT = "lock", "contract"
MARK = re.compile(r"^\s*# (lock|contract): (\S.{9,})$", re.MULTILINE)  # what follows says something
CONTRACTED_SQL = re.compile(r"\b(DROP\s+(COLUMN|TABLE)|RENAME)\b", re.IGNORECASE)

# What changes names in Django alone, takes a lock for a moment, or is about a table that nobody knows yet.
QUICK = (
    migrations.CreateModel,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterModelTableComment,
    migrations.RemoveConstraint,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    AddConstraintNotValid,
)
CONCURRENT = (AddIndexConcurrently, RemoveIndexConcurrently)
GONE = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
SAY_CONTRACT = "say since which version no code knows it any more: # contract: unused since ..."
SAY_LOCK = "say what it locks and for how long at a million products: # lock: ..."


def find_faults(migration: Any, before: ProjectState, *, source: str) -> list[str]:
    """Return what would stop or break the release before, a line each with what to do instead."""
    marks = dict(MARK.findall(source))
    state = before.clone()
    made: set[str] = set()
    faults = []
    for operation in migration.operations:
        for real in unfold(operation):
            judged = judge(real, find_field(state, migration.app_label, real), made)
            faults += [f"{type(real).__name__}: {advice}" for mark, advice in judged if mark not in marks]
            if isinstance(real, CONCURRENT) and migration.atomic:
                faults.append(f"{type(real).__name__}: set atomic = False")
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        operation.state_forwards(migration.app_label, state)
    if not migration.atomic and not all(is_alone_without_transaction(one) for one in migration.operations):
        faults.append("What is no transaction is left half done when it fails: have indexes alone in it.")
    return faults


def unfold(operation: Any) -> Iterator[Any]:
    """Yield what is done to the database: what Django alone is told stops nobody."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from unfold(inner)
    else:
        yield operation


def is_alone_without_transaction(operation: Any) -> bool:
    return all(isinstance(real, (*CONCURRENT, ValidateConstraint, migrations.RunPython)) for real in unfold(operation))


def judge(operation: Any, field_before: Any, made: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the mark that would let an operation pass, and what to do instead."""
    model = getattr(operation, "model_name_lower", "")
    if isinstance(operation, (*QUICK, *CONCURRENT)) or model in made:
        return
    if isinstance(operation, GONE):
        yield CONTRACT, SAY_CONTRACT
    elif isinstance(operation, migrations.RunSQL):
        yield LOCK, SAY_LOCK
        if CONTRACTED_SQL.search(str(operation.sql)):
            yield CONTRACT, SAY_CONTRACT
    elif isinstance(operation, migrations.AddIndex):
        yield LOCK, "nobody can save while it is built: AddIndexConcurrently in a migration with atomic = False"
    elif isinstance(operation, migrations.AddField):
        yield from judge_new_field(operation.field)
    elif isinstance(operation, migrations.AlterField):
        yield from judge_altered_field(field_before, operation.field)
    elif isinstance(operation, migrations.AddConstraint):
        yield LOCK, "it reads the whole table under a lock: AddConstraintNotValid here, ValidateConstraint in the next"
    elif not isinstance(operation, ValidateConstraint):
        yield LOCK, SAY_LOCK


def judge_new_field(field: Any) -> Iterator[tuple[str, str]]:
    if field.many_to_many:
        return
    if isinstance(field, models.GeneratedField):
        yield LOCK, "it rewrites the table: a nullable field that a worker fills"
    elif not field.null and not field.has_db_default():
        yield LOCK, "the release before does not fill it: null=True or db_default"
    if field.unique or field.db_index:
        yield LOCK, "its index is built under a lock: db_index=False here, AddIndexConcurrently in the next"
    if field.remote_field and getattr(field, "db_constraint", False):
        yield LOCK, "both tables are locked to check it: db_constraint=False, or AddConstraintNotValid by SQL"


def find_field(state: ProjectState, app: str, operation: Any) -> Any:
    """Return the field that an operation alters, as it was; None for operations that alter none."""
    if not isinstance(operation, migrations.AlterField):
        return None
    return state.models[app, operation.model_name_lower].fields[operation.name]


def judge_altered_field(before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """What only Django knows of a field, a longer text, an end of NOT NULL and another default stop nobody."""
    old, new = say_column(before), say_column(after)
    longer = {"max_length"} if isinstance(after, models.CharField) and is_longer(old, new) else set()
    free = {"default", "db_default"} | longer | ({"null"} if after.null else set())
    if {name: value for name, value in old.items() if name not in free} != {
        name: value for name, value in new.items() if name not in free
    }:
        yield LOCK, "it rewrites or reads the whole table under a lock: a new field beside it, filled by a worker"


def say_column(field: Any) -> dict[str, Any]:
    _, path, _, options = field.deconstruct()
    known_to_django_alone = set(field.non_db_attrs) - {"db_column"}
    return {"type": path} | {name: value for name, value in options.items() if name not in known_to_django_alone}


def is_longer(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return (new.get("max_length") or float("inf")) >= (old.get("max_length") or float("inf"))
