"""`up --demo` asks whether the demo catalogue is there already."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection


@pytest.mark.django_db
def test_it_is_asked_without_a_warning_on_the_console():
    address = f"postgres://{connection.settings_dict['USER']}@{quote(connection.settings_dict['HOST'], safe='')}"
    script = "from config.management.commands.up import demo_is_loaded; print(demo_is_loaded())"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=os.environ | {"DATABASE_URL": f"{address}/{connection.settings_dict['NAME']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
