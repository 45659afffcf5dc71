"""System checks, which name settings and spaces that cannot work together, and what /readyz asks of this app.

`manage.py check` asks nothing of a database and loads no encoder; `manage.py check --database default` (and `migrate`)
looks at spaces, vectors and indexes as well; `--deploy` adds what only matters in production.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import DatabaseError, connection, connections

from api.database_session import has_session
from api.health import NotReady, readiness_check
from api.postgres.prerequisites import find_missing_extensions
from embeddings.coverage import read_coverage, read_standstill
from embeddings.encoders.base import EncoderError, EncoderUnavailable
from embeddings.encoders.registry import describe
from embeddings.fusion.pipeline import FUSION_CHOICE, FUSIONS
from embeddings.modalities.registry import find_modality
from embeddings.models import EmbeddingSpace
from embeddings.spaces.gates import GATES, list_gates
from embeddings.spaces.indexes import missing_indexes
from embeddings.spaces.recipe import find_ignored_settings
from embeddings.spaces.refitting import MODES
from embeddings.vectors import load_pipeline

STANDSTILL_MAX = timedelta(minutes=10)  # more than a worker takes to load its encoders, or to die of a product alone


@register()
def check_recipe_settings(**_: Any) -> list[CheckMessage]:
    """Name settings of the first space's recipe that cannot be used."""
    found: list[CheckMessage] = []
    for name, modality in (("KINDRED_TEXT_ENCODER", "text"), ("KINDRED_IMAGE_ENCODER", "image")):
        spec = getattr(settings, name)
        try:
            modalities = describe(spec).modalities
        except EncoderUnavailable as error:
            hint = "It is fetched or installed before the worker can embed anything."
            found.append(Warning(f"{name} is {spec!r}: {error}", hint=hint, id="embeddings.W002"))
        except EncoderError as error:
            hint = f"Unset {name} for the packaged encoder, or set it to one of the forms named."
            found.append(Error(f"{name} is {spec!r}: {error}", hint=hint, id="embeddings.E001"))
        else:
            if modality not in modalities:
                hint = f"Choose an encoder that encodes {modality}, or leave {name} unset."
                found.append(
                    Error(f"{name} is {spec!r}, which encodes no {modality}.", hint=hint, id="embeddings.E002")
                )
    if settings.KINDRED_FUSION not in FUSIONS:
        message = f"KINDRED_FUSION is {settings.KINDRED_FUSION!r}: no first space can be made of it."
        found.append(Error(message, hint=f"Choose {FUSION_CHOICE}.", id="embeddings.E003"))
    return found


@register()
def check_gate(**_: Any) -> list[CheckMessage]:
    """Name a gate that there is not: no space could be promoted."""
    name = settings.KINDRED_PROMOTION_GATE
    if not name or name in GATES:
        return []
    hint = f"Set it to one of {list_gates()}, or leave it unset: then nothing objects to a promotion."
    return [Error(f"KINDRED_PROMOTION_GATE is {name!r}: there is no such gate.", hint=hint, id="embeddings.E009")]


@register()
def check_refit(**_: Any) -> list[CheckMessage]:
    """Name a way of fitting the live space again that there is not: it would be asked for ever."""
    if settings.KINDRED_REFIT in MODES:
        return []
    said = f"KINDRED_REFIT is {settings.KINDRED_REFIT!r}: there is no such way."
    return [Error(said, hint=f"Set it to one of {', '.join(MODES)}, or leave it unset.", id="embeddings.E010")]


@register(deploy=True)
def check_production(**_: Any) -> list[CheckMessage]:
    """Name what is fine on one machine and not in production."""
    if not getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False):
        return []
    hint = "Unset CELERY_TASK_ALWAYS_EAGER: the web process would load encoders and every save would wait for them."
    return [Error("Tasks run in the process that sends them.", hint=hint, id="embeddings.E004")]


@register(Tags.database, deploy=True)
def check_pooler(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a pooler that lets a statement of the web process take for ever: from here no limit can be set."""
    if not settings.KINDRED_STATEMENT_TIMEOUT_S or all(map(_limits_statements, databases or ())):
        return []
    milliseconds = f"{settings.KINDRED_STATEMENT_TIMEOUT_S * 1000:.0f}"
    message = "A pooler stands before Postgres, and KINDRED_STATEMENT_TIMEOUT_S cannot be set through it."
    hint = (
        f"Give the web process a database of its own in pgbouncer.ini, with connect_query='SET statement_timeout = "
        f"{milliseconds}' (docs/operations.md), or set KINDRED_STATEMENT_TIMEOUT_S=0 to go without."
    )
    return [Error(message, hint=hint, id="embeddings.E008")]


def _limits_statements(alias: str) -> bool:
    """Whether statements there are limited: by the web process, where it may, or by a pooler."""
    if has_session(connections[alias]):
        return True
    with connections[alias].cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return bool(cursor.fetchone()[0] != "0")


@register(Tags.database)
def check_spaces(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Look at the extensions, the spaces and their indexes."""
    if not databases:
        return []
    try:
        found = [*_check_extensions()]
        if "embeddings_embeddingspace" not in connection.introspection.table_names():
            return found  # before the first migration
        return [*found, *_check_live_space(), *_check_dims(), *_check_declared()]
    except DatabaseError as error:
        hint = "Start it, or mend DATABASE_URL."
        return [Error(f"The database cannot be asked: {error}", hint=hint, id="embeddings.E005")]


@readiness_check("live space")
def check_readiness() -> None:
    """Raises NotReady before the first space is live: products can only be recommended in one."""
    if not EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.LIVE).exists():
        raise NotReady("no space is live yet: start a worker, or run `manage.py embed_products`")


@readiness_check("queue")
def check_queue() -> str:
    """Return how far the embedding is, empty where nothing waits. Raises NotReady where products wait in vain."""
    standstill = read_standstill()
    coverage = read_coverage()
    progress = f"{coverage.embedded} of {coverage.products} products embedded" if coverage else ""
    if standstill and standstill > STANDSTILL_MAX:
        minutes = int(standstill.total_seconds() / 60)
        reason = f"products have waited for {minutes} minutes and none was embedded: see the log of the worker"
        raise NotReady(f"{reason} ({progress})" if progress else reason)
    return progress


def _check_extensions() -> Iterator[CheckMessage]:
    for message, hint in find_missing_extensions(connection):
        yield Error(message, hint=hint, id="embeddings.E006")


def _check_live_space() -> Iterator[CheckMessage]:
    live = EmbeddingSpace.objects.live()
    if live is None:
        hint = "Run manage.py embed_products, or start a worker: the first one makes it."
        yield Info("There is no live space yet.", hint=hint, id="embeddings.I001")
        return
    for name in missing_indexes(live):
        hint = "Run manage.py embed_products: it builds what is missing while searches go on."
        yield Warning(f"The index {name} is missing or invalid: searches are slow.", hint=hint, id="embeddings.W001")


def _check_declared() -> Iterator[CheckMessage]:
    """Name settings of the first space's recipe that came too late."""
    if "embeddings_firstrecipe" in connection.introspection.table_names():  # `migrate` checks before it makes the table
        for ignored in find_ignored_settings():
            yield Warning(ignored.message, hint=ignored.hint, id="embeddings.W004")


def _check_dims() -> Iterator[CheckMessage]:
    """Compare what encoders give with what spaces were fitted on, as far as that is known without loading one."""
    for space in EmbeddingSpace.objects.kept_fresh():
        try:
            pipeline = load_pipeline(space)
        except ValueError as error:  # a warning: whoever mends it needs the commands
            hint = "Restore the row of the space from a backup, or create and promote another: manage.py spaces create."
            yield Warning(
                f"What space {space.name} has learned cannot be read: {error}", hint=hint, id="embeddings.W005"
            )
            continue
        for name, chosen in space.list_modalities().items():
            if find_modality(name).is_fitted:
                continue  # its encoder is in the space itself
            spec, dim = chosen.encoder, pipeline.modalities[name].input_dim
            try:
                given = describe(spec).dim
            except EncoderError as error:
                hint = "Install what it needs, or build and promote a space with another encoder."
                yield Warning(f"Space {space.name} needs {spec}: {error}", hint=hint, id="embeddings.W003")
                continue
            if given and given != dim:
                hint = "Create a new space: manage.py spaces create NAME."
                message = f"Encoder {spec} gives {given}, space {space.name} holds {dim}."
                yield Error(message, hint=hint, id="embeddings.E007")
