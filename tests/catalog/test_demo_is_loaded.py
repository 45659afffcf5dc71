"""`up --demo` asks whether the demo catalogue is there already."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_it_is_asked_without_a_warning_on_the_console():
    address = f"postgres://{connection.settings_dict['USER']}@{quote(connection.settings_dict['HOST'], safe='')}"
    asks = "from pathlib import Path; from config.management.commands.up import demo_is_loaded"
    script = f"{asks}; print(demo_is_loaded(Path({str(PROJECT / 'demo' / 'homeware')!r})))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=os.environ | {"DATABASE_URL": f"{address}/{connection.settings_dict['NAME']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
