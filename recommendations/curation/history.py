"""The history of rules: each change is written down with the rule before and after it, and can be taken back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, cast

from django.apps import apps
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext

from recommendations.curation.rule_change import RuleChange
from recommendations.in_force import InForce


class CannotUndo(ValueError):
    """A change cannot be taken back; the message says why and what to do."""


def read_columns(rule: InForce) -> dict[str, Any]:
    """Return the columns of a stored rule by name, as JSON has them."""
    (row,) = serializers.serialize("python", [type(rule)._default_manager.get(pk=rule.pk)])
    columns: dict[str, Any] = json.loads(json.dumps(row["fields"], cls=DjangoJSONEncoder))
    return columns


def change_rule(
    rule: InForce, act: Callable[[], object], *, by: Any, deed: uuid.UUID | None = None, undoes: uuid.UUID | None = None
) -> RuleChange:
    """Do `act`, which saves or deletes `rule`, and write down who did it and what became of it, in one transaction.

    What is done at once, such as a pin that replaces a bury, shares a `deed`.
    """
    with transaction.atomic():
        is_stored = rule.pk is not None and type(rule)._default_manager.select_for_update().filter(pk=rule.pk).exists()
        before, number, label = (read_columns(rule) if is_stored else None), rule.pk, str(rule)[:300]
        act()
        is_there = rule.pk is not None and type(rule)._default_manager.filter(pk=rule.pk).exists()
        return RuleChange.objects.create(
            model=rule._meta.label_lower,
            rule_id=rule.pk if is_there else number,
            label=str(rule)[:300] if is_there else label,
            before=before,
            after=read_columns(rule) if is_there else None,
            deed=deed or uuid.uuid4(),
            undoes=undoes,
            by=by if by is not None and by.pk else None,
        )


@transaction.atomic
def undo(deed: uuid.UUID, *, by: Any) -> list[RuleChange]:
    """Take back everything that was done at once, last first, and return what that changed.

    Raises CannotUndo where a rule has been changed since, or what it names is gone: then nothing is taken back.
    """
    # Locked, so that of two who press at once the second finds it undone.
    changes = list(RuleChange.objects.select_for_update(of=("self",)).filter(deed=deed).order_by("-id"))
    if not changes:
        raise CannotUndo(gettext("There is no such change."))
    if RuleChange.objects.filter(undoes=deed).exists():
        raise CannotUndo(gettext("This has been undone already."))
    together = uuid.uuid4()
    return [_undo_one(change, by=by, deed=together) for change in changes]


def _undo_one(change: RuleChange, *, by: Any, deed: uuid.UUID) -> RuleChange:
    model = cast(type[InForce], apps.get_model(change.model))
    stored = model._default_manager.select_for_update().filter(pk=change.rule_id).first()
    if (read_columns(stored) if stored else None) != change.after:
        said = gettext("“%s” has been changed since: look at its history, and undo the later change first.")
        raise CannotUndo(said % change.label)
    if change.before is None:
        if stored is None:
            raise CannotUndo(gettext("“%s” is gone already.") % change.label)
        return change_rule(stored, stored.delete, by=by, deed=deed, undoes=change.deed)
    row = {"model": change.model, "pk": change.rule_id, "fields": change.before}
    (found,) = serializers.deserialize("python", [row])
    rule = cast(InForce, found.object)
    try:
        rule.clean_fields()
    except ValidationError as error:
        said = gettext("“%(rule)s” cannot come back: %(why)s")
        raise CannotUndo(said % {"rule": change.label, "why": " ".join(error.messages)}) from error
    return change_rule(rule, rule.save, by=by, deed=deed, undoes=change.deed)


@transaction.atomic
def put_columns_back(deed: uuid.UUID, *, by: Any) -> None:
    """Take back of a deed what is still as it has left it, column by column: what was changed since stays."""
    together = uuid.uuid4()
    for change in RuleChange.objects.filter(deed=deed).order_by("-id"):
        model = cast(type[InForce], apps.get_model(change.model))
        rule = model._default_manager.select_for_update(of=("self",)).filter(pk=change.rule_id).first()
        if rule is None:
            continue
        now = read_columns(rule)
        same = {name: was for name, (was, left) in change.changed.items() if now[name] == left}
        for name, was in same.items():
            setattr(rule, model._meta.get_field(name).attname, was)  # type: ignore[union-attr]
        if same:
            change_rule(rule, rule.save, by=by, deed=together, undoes=deed)
