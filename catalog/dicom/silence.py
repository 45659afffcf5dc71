"""Libraries that say what is wrong with a value repeat the value, in warnings and logs: nobody is to read it there."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

SPEAKING = ("pydicom", "dicognito")


@contextmanager
def silence_libraries() -> Iterator[None]:
    """Let no value out of a header into warnings and logs while studies are read."""
    loggers = [logging.getLogger(name) for name in SPEAKING]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
