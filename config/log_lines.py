"""Lines of the logs: what happened, and nothing of what products, searches or people say.

Postgres quotes values in its messages: in the lines below the first one (the row that failed, the statement), and at
the end of the first (`invalid input syntax for type json: "..."`). Both are left out, wherever an error is written.
"""

from __future__ import annotations

import logging
import re

QUOTING_LINES = re.compile(r"\n(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):[^\n]*(?:\n\s*\^)?")
QUOTED_VALUE = re.compile(r'(invalid [^\n:"]*(?:"\w+")?[^\n:"]*: )"[^\n]*"')

# What an app calls a user may be a name, also in an address that is nearly the right one.
USER_ADDRESS = re.compile(r"(/api/[^\s]*?users?/)[^\n]+", re.IGNORECASE)

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MAX_LINE = 4_000  # characters of an entry without what Python adds of an exception


class LineFormatter(logging.Formatter):
    """Django's LOGGING names it: `{asctime} {levelname} {name}: {message}` and what Python adds of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        return leave_values_out(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The entry itself, in one line: an address may hold line ends and whatever moves a terminal's cursor."""
        text = leave_values_out(super().formatMessage(record)).strip("\n")
        # Of users once more: a name's line end hid what follows it.
        return USER_ADDRESS.sub(r"\1...", CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text))[:MAX_LINE]


def leave_values_out(text: str) -> str:
    """Return a log entry without the values that Postgres quotes, and without users in addresses."""
    return USER_ADDRESS.sub(r"\1...", QUOTED_VALUE.sub(r'\1"..."', QUOTING_LINES.sub("", text)))
