"""Signals: whoever saves or deletes a product, or what it shows, leaves a row in the outbox: all that a save costs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

from django.apps import apps
from django.core.signals import setting_changed
from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import ModelSignal, m2m_changed, post_save, pre_delete
from django.dispatch import receiver

from kindred_django.configuration import is_enabled, is_switched_off
from kindred_django.courier import wake
from kindred_django.models import Outgoing
from kindred_django.sources import ProductSource, all_sources

logger = logging.getLogger("kindred_django")

UID = "kindred_django"

ToKeys = Callable[[Any], Iterable[Any]]
Watcher = tuple[ProductSource, ToKeys]

_listening: list[tuple[ModelSignal, Callable[..., None], type[Model]]] = []


def connect() -> None:
    """Listen to the models that matter, and to no other: Django reads every row that it deletes where anybody does."""
    forget_watchers()
    while _listening:
        signal, note, model = _listening.pop()
        signal.disconnect(note, sender=model, dispatch_uid=UID)
    for model in apps.get_models(include_auto_created=True):
        if find_watchers(model):
            _listening.append((post_save, note_save, model))
        if find_watchers(model) or find_targets(model):
            _listening.append((pre_delete, note_delete, model))
        if find_relations(model):
            _listening.append((m2m_changed, note_relations, model))
    for signal, note, model in _listening:
        signal.connect(note, sender=model, dispatch_uid=UID)


def queue_products(source_name: str, keys: Iterable[Any], *, using: str = "") -> None:
    """Have these products looked at after the commit: sent where they changed, deleted where they are gone.

    For changes that no signal tells, such as a webhook of a shop elsewhere. `using` is the database of the change,
    where that is not the one of the outbox.
    """
    wanted = dict.fromkeys(str(key) for key in keys if key is not None)
    if wanted and is_enabled():
        write_outbox([Outgoing(source=source_name, key=key) for key in wanted], using=using)


def write_outbox(rows: list[Outgoing], *, using: str = "") -> None:
    """Add rows in the transaction of what they are about, and send after it.

    A transaction of another database is waited for: what is not committed yet would be read as it was.
    """
    ours = router.db_for_write(Outgoing)
    if using not in ("", ours):
        transaction.on_commit(lambda: write_outbox(rows), using=using, robust=True)
        return
    Outgoing.objects.bulk_create(rows)
    transaction.on_commit(wake, using=ours, robust=True)


def note_save(sender: type[Model], instance: Model, *, using: str, raw: bool = False, **_: Any) -> None:
    """A row was saved. Fixtures (`raw`) are left to the sweep: what they refer to may not be there yet."""
    if not raw:
        queue_of_row(find_watchers(sender), instance, using=using)


def note_delete(sender: type[Model], instance: Model, *, using: str, **_: Any) -> None:
    """A row will be deleted. Asked before it is done: then nothing says any more which products showed it."""
    queue_of_row([*find_watchers(sender), *find_targets(sender)], instance, using=using)


def queue_of_row(watchers: Iterable[Watcher], row: Model, *, using: str) -> None:
    for source, to_keys in watchers:
        try:
            keys = list(to_keys(row))
        except Exception:  # of the shop's own function: no save fails for it, and the sweep finds what it misses
            logger.exception("%s.related cannot say which products %s changes.", source.name, type(row).__name__)
            continue
        queue_products(source.name, keys, using=using)


def note_relations(
    sender: type[Model], instance: Model, *, action: str, pk_set: set[Any] | None, using: str, **rest: Any
) -> None:
    """Rows of a many-to-many field were added, removed or, which is asked before it is done, cleared."""
    if action not in ("post_add", "post_remove", "pre_clear"):
        return
    for source, field in find_relations(sender):
        if not rest["reverse"]:
            keys: Iterable[Any] = [instance.pk]
        elif pk_set is not None:
            keys = pk_set
        else:
            keys = follow_relation(field)(instance)
        queue_products(source.name, keys, using=using)


@cache
def find_watchers(sender: type[Model]) -> list[Watcher]:
    """Return, for a model, each source that it matters to with how to tell which products a row changes."""
    found: list[Watcher] = []
    for source, model in watched():
        if is_same_row(sender, model):
            found.append((source, lambda row: [row.pk]))
        for label, mapped in source.related.items():
            if is_kind_of(sender, label):
                found.append((source, follow_key(mapped) if isinstance(mapped, str) else mapped))
        for field in relations_of(model):
            through = field.remote_field.through
            if through is sender and not through._meta.auto_created:  # rows of it may be saved by themselves
                found.append((source, follow_key(field.m2m_field_name())))
    return found


@cache
def find_targets(sender: type[Model]) -> list[Watcher]:
    """Return, for what many-to-many fields of products point to, the sources: no signal says that rows go with it."""
    return [
        (source, follow_relation(field))
        for source, model in watched()
        for field in relations_of(model)
        if issubclass(sender, field.related_model)
    ]


@cache
def find_relations(through: type[Model]) -> list[tuple[ProductSource, Any]]:
    """Return the many-to-many fields of products that a table joins, each with its source."""
    return [
        (source, field)
        for source, model in watched()
        for field in relations_of(model)
        if field.remote_field.through is through
    ]


@lru_cache(maxsize=1)
def watched() -> list[tuple[ProductSource, type[Model] | None]]:
    """Return the sources with their models; none where they cannot be had: the system checks say so, no save fails."""
    if is_switched_off():
        return []
    try:
        return [(source, source.model()) for source in all_sources().values()]
    except Exception:
        logger.exception("KINDRED['SOURCES'] cannot be read: only kindred_sync will find what changes.")
        return []


def is_same_row(sender: type[Model], model: type[Model] | None) -> bool:
    """Does a row of the one belong to a row of the other, with its primary key: a proxy, or a parent or child of it?"""
    if model is None:
        return False
    saved, ours = sender._meta.concrete_model or sender, model._meta.concrete_model or model
    return issubclass(saved, ours) or issubclass(ours, saved)


def is_kind_of(sender: type[Model], label: str) -> bool:
    """Is it the model of that label, a proxy or a child of it? A label that is none is named by the system checks."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return issubclass(sender, model._meta.concrete_model or model)


def relations_of(model: type[Model] | None) -> Iterable[Any]:
    return model._meta.many_to_many if model is not None else ()


def follow_key(name: str) -> ToKeys:
    return lambda row: [getattr(row, row._meta.get_field(name).attname)]


def follow_relation(field: Any) -> ToKeys:
    """Return what finds the products that a many-to-many field joins to a row."""
    rows = field.remote_field.through._default_manager
    column, product = field.m2m_reverse_field_name(), field.m2m_field_name()
    return lambda row: rows.using(row._state.db).filter(**{column: row}).values_list(product, flat=True)  # noqa: SLF001


def forget_watchers() -> None:
    for found in (watched, find_watchers, find_targets, find_relations):
        found.cache_clear()


@receiver(setting_changed)
def connect_anew(*, setting: str, **_: Any) -> None:
    """Tests override settings."""
    if setting == "KINDRED":
        connect()
