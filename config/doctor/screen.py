"""Everything that an operator asks of an installation, the database first: without it, what needs it is not asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.checks import ERROR, WARNING, CheckMessage, run_checks
from django.db import DatabaseError

from api.health import Check, NotReady, all_checks
from config import services
from config.doctor import looks
from config.doctor.line import Level, Line

DATABASE = "database"
TABLES_NEED = frozenset({DATABASE, "migrations"})
HEARD = "process "  # how the names begin of those that tell by the cache that they live
WITHOUT_TABLES = ("broker", HEARD)
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
SECURITY = "security."  # what Django says of settings that strangers would gain by
BY_HTTPS = frozenset({"security.W004", "security.W008", "security.W012", "security.W016"})  # HTTPS=true mends these


def look() -> list[Line]:
    """Return the lines of the screen. Whatever is down is said, and raises nothing."""
    with silence():
        database = start_services() or ask(DATABASE, all_checks()[DATABASE])
        has_database = database.level == Level.FINE
        lines = guard(looks.look_at_database) if has_database else [database]
        lines += guard(looks.look_at_migrations) if has_database else []
        can_ask = has_tables(lines)
        parts = (*looks.LOOKS, *(looks.DATABASE_LOOKS if can_ask else ()))
        lines += [line for part in parts for line in guard(part)]
        can_hear = not any(line.name == "cache" and line.level for line in lines)
        return [*lines, *look_at_readiness(can_ask=can_ask, can_hear=can_hear), *look_at_checks(has_database)]


@contextmanager
def silence() -> Iterator[None]:
    """Log nothing: what is wrong is on the screen, in the words that are meant for it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def start_services() -> Line | None:
    """Have the embedded servers run, as every command does. Returns what keeps them from it."""
    try:
        services.ensure_running()
    except services.ServiceError as error:
        return Line(DATABASE, Level.FAULT, f"The embedded servers cannot start: {error}", "python manage.py up")
    return None


def look_at_readiness(*, can_ask: bool, can_hear: bool) -> list[Line]:
    """Ask what /readyz asks, as far as there are tables, and a cache by which other processes are heard."""
    checks = {name: check for name, check in all_checks().items() if name != DATABASE}
    if not can_ask:
        checks = {name: check for name, check in checks.items() if name.startswith(WITHOUT_TABLES)}
    if not can_hear:
        checks = {name: check for name, check in checks.items() if not name.startswith(HEARD)}
    unheard = [Line("processes", Level.FAULT, "cannot be heard: workers and beat tell by the cache that they live")]
    return [*(ask(name, check) for name, check in checks.items()), *([] if can_hear else unheard)]


def ask(name: str, check: Check) -> Line:
    """Return what a readiness check says; an error in the words of its driver, which /readyz keeps to itself."""
    try:
        return Line(name, Level.FINE, check() or "fine")
    except NotReady as reason:
        return Line(name, Level.FAULT, str(reason), looks.find_mend(name))
    except Exception as error:  # a check fails in as many ways as its server has
        return Line(name, Level.FAULT, f"does not answer: {looks.word_error(error)}", looks.find_mend(name))


def guard(part: Callable[[], list[Line]]) -> list[Line]:
    """Return what a look finds; tables that are missing are named by the line of the migrations."""
    try:
        return part()
    except (DatabaseError, OSError) as error:
        name = part.__name__.removeprefix("look_at_").replace("_", " ")
        return [Line(name, Level.WARNING, f"cannot be looked at: {looks.word_error(error)}")]


def look_at_checks(has_database: bool) -> list[Line]:
    """Return what `check --deploy --database default` complains of, or that it does not."""
    try:
        found = run_checks(include_deployment_checks=True, databases=["default"] if has_database else None)
    except Exception as error:  # they ask files and packages as well
        return [Line("checks", Level.FAULT, looks.word_error(error), "python manage.py check --database default")]
    told = {str(one.id): one for one in found if one.level >= WARNING and not one.is_silenced()}
    where = f"for {', '.join(settings.ALLOWED_HOSTS)}"
    lines = []
    if is_local():
        told = {name: one for name, one in told.items() if not name.startswith(SECURITY)}
        where = "for this machine alone"
    elif told.keys() & BY_HTTPS and not settings.HTTPS:
        told = {name: one for name, one in told.items() if name not in BY_HTTPS}
        said = f"{where} without TLS: whoever is in between reads passwords and cookies"
        lines.append(Line("settings", Level.WARNING, said, "HTTPS=true, behind a server that speaks TLS"))
    lines += [word_check(name, one) for name, one in told.items()]
    return lines or [Line("settings", Level.FINE, f"{where}: `check --deploy` has nothing to say")]


def word_check(name: str, message: CheckMessage) -> Line:
    level = Level.FAULT if message.level >= ERROR else Level.WARNING
    return Line(name, level, " ".join(str(message.msg).split()), str(message.hint or ""))


def is_local() -> bool:
    """Return whether nobody but this machine is served: what protects strangers is not missing then."""
    return set(settings.ALLOWED_HOSTS) <= LOCAL_HOSTS


def has_tables(lines: list[Line]) -> bool:
    """Return whether these lines say that the database answers and is migrated: else nothing in it is asked."""
    return not any(line.name in TABLES_NEED and line.level == Level.FAULT for line in lines)
