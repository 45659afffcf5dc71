"""The web application of `manage.py up`: it answers once the database is migrated and the static files are collected.

The process that imports Django to serve with does both, so that nobody waits for a second one to import it.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connections  # noqa: E402

from config import services, static_files  # noqa: E402

try:
    services.ensure_running()
    call_command("migrate", interactive=False, verbosity=0)
except (services.ServiceError, CommandError) as error:
    sys.exit(f"ERROR: {error}")
connections.close_all()
static_files.collect_changed()

from config.wsgi import application as application  # noqa: E402  (it looks at the static files that there are)
