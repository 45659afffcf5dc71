"""The first of the installed apps: it chooses where processes count before any metric is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings

from api.metrics.slots import FOLDER_VARIABLE, Slots


class MetricsConfig(AppConfig):
    name = "api.metrics"
    label = "metrics"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        share_counts(Path(settings.KINDRED_HOME) / "metrics")


def share_counts(folder: Path) -> None:
    """Have this process, and those that it forks, count in a folder that all processes of the home share."""
    os.environ[FOLDER_VARIABLE] = str(folder)
    from prometheus_client import values  # it reads the variable as it is imported

    values.ValueClass = values.MultiProcessValue(Slots(folder).find_own)  # type: ignore[no-untyped-call]
