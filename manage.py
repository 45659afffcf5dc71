#!/usr/bin/env python
"""Run administrative tasks: `python manage.py help`."""

import os
import sys

# These need no server; `up` starts its own, and `doctor` says why they do not start.
WITHOUT_SERVICES = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "doctor",
    "findstatic",
    "help",
    "makemessages",
    "spectacular",
    "startapp",
    "up",
    "version",
}


def needs_services(arguments: list[str]) -> bool:
    """Does this command line, less the program's name, need the database or the broker?"""
    if not arguments or arguments[0].startswith("-") or {"--help", "-h"} & set(arguments):
        return False
    if arguments[-1] == "--version":  # of Django; with a name behind it, one of ours
        return False
    return arguments[0] not in WITHOUT_SERVICES or "--database" in arguments


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured

    from config import services

    if needs_services(sys.argv[1:]):
        try:
            services.ensure_running()
        except services.ServiceError as error:
            sys.exit(f"Kindred cannot start: {error}")
    try:
        run(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Kindred cannot start: {error}")


def run(arguments: list[str]) -> None:
    from django.core.management import execute_from_command_line

    if arguments[1:2] == ["up"]:
        # It stays for as long as the shop does. Without the applications it takes a third of the memory.
        from config.management.commands.up import Command

        Command().run_from_argv(arguments)
    else:
        execute_from_command_line(arguments)


if __name__ == "__main__":
    main()
