"""Signals: whoever saves or deletes a product, or what it shows, leaves a row in the outbox: all that a save costs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.signals import setting_changed
from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save

from kindred_django.configuration import is_enabled
from kindred_django.courier import wake
from kindred_django.models import Outgoing
from kindred_django.sources import ProductSource, all_sources

logger = logging.getLogger("kindred_django")

ToKeys = Callable[[Any], Iterable[Any]]


def connect() -> None:
    """Listen. Which models matter is looked up when they are saved first, since sources may be overridden in tests."""
    uid = "kindred_django"
    post_save.connect(note_change, dispatch_uid=uid)
    post_delete.connect(note_change, dispatch_uid=uid)
    m2m_changed.connect(note_relations, dispatch_uid=uid)
    setting_changed.connect(forget_watchers, dispatch_uid=uid)


def queue_products(source_name: str, keys: Iterable[Any]) -> None:
    """Have these products looked at after the commit: sent where they changed, deleted where they are gone.

    For changes that no signal tells, such as a webhook of a shop elsewhere.
    """
    wanted = dict.fromkeys(str(key) for key in keys if key is not None)
    if wanted and is_enabled():
        write_outbox(Outgoing(source=source_name, key=key) for key in wanted)


def write_outbox(rows: Iterable[Outgoing]) -> None:
    """Add rows in the transaction of what they are about, and send after it."""
    Outgoing.objects.bulk_create(rows)
    transaction.on_commit(wake, using=router.db_for_write(Outgoing), robust=True)


def note_change(sender: type[Model], instance: Model, *, raw: bool = False, **_: Any) -> None:
    """A row was saved or deleted. Fixtures (`raw`) are left to the sweep: what they refer to may not be there yet."""
    if raw:
        return
    for source, to_keys in find_watchers(sender):
        try:
            keys = list(to_keys(instance))
        except Exception:  # of the shop's own function: no save fails for it, and the sweep finds what it misses
            logger.exception("%s.related cannot say which products %s changes.", source.name, sender.__name__)
            continue
        queue_products(source.name, keys)


def note_relations(
    sender: type[Model], instance: Model, *, action: str, reverse: bool, pk_set: set[Any] | None, **_: Any
) -> None:
    """Rows of a many-to-many field were added, removed or, which is asked before it is done, cleared."""
    if action not in ("post_add", "post_remove", "pre_clear"):
        return
    for source, field in find_relations(sender):
        if not reverse:
            keys: Iterable[Any] = [instance.pk]
        elif pk_set is not None:
            keys = pk_set
        else:
            column = field.m2m_reverse_field_name()
            keys = sender._default_manager.filter(**{column: instance}).values_list(field.m2m_field_name(), flat=True)
        queue_products(source.name, keys)


@lru_cache(maxsize=1024)  # migrations make classes without end
def find_watchers(sender: type[Model]) -> list[tuple[ProductSource, ToKeys]]:
    """Return, for a model, each source that it matters to with how to tell which products a row changes."""
    found: list[tuple[ProductSource, ToKeys]] = []
    for source, model in watched():
        if model is not None and issubclass(sender, model):
            found.append((source, lambda row: [row.pk]))
        for label, mapped in source.related.items():
            if issubclass(sender, apps.get_model(label)):
                found.append((source, follow_key(mapped) if isinstance(mapped, str) else mapped))
    return found


@lru_cache(maxsize=1024)  # migrations make classes without end
def find_relations(through: type[Model]) -> list[tuple[ProductSource, Any]]:
    """Return the many-to-many fields of products that a table joins, each with its source."""
    return [
        (source, field)
        for source, model in watched()
        if model is not None
        for field in model._meta.many_to_many
        if field.remote_field.through is through
    ]


def watched() -> list[tuple[ProductSource, type[Model] | None]]:
    """Return the sources with their models. None where a source cannot be imported: the system checks say so."""
    if not is_enabled():
        return []
    try:
        return [(source, source.model()) for source in all_sources().values()]
    except ImportError:
        return []


def follow_key(name: str) -> ToKeys:
    return lambda row: [getattr(row, row._meta.get_field(name).attname)]


def forget_watchers(*, setting: str, **_: Any) -> None:
    if setting == "KINDRED":
        find_watchers.cache_clear()
        find_relations.cache_clear()
