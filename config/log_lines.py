"""Lines of the logs: what happened, and nothing of what products, searches or people say.

Postgres quotes values in its messages: in the lines below the first one (the row that failed, the statement), and at
the end of the first (`invalid input syntax for type json: "..."`). Both are left out, wherever an error is written.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from api.request_ids import current_id

QUOTING_LINES = re.compile(r"\n(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):[^\n]*(?:\n\s*\^)?")
QUOTED_VALUE = re.compile(r'(invalid [^\n:"]*(?:"\w+")?[^\n:"]*: )"[^\n]*"')

# What an app calls a user may be a name, also in an address that is nearly the right one.
USER_ADDRESS = re.compile(r"(/api/[^\s]*?users?/)[^\n]+", re.IGNORECASE)

# What opens a door: API keys, passwords in the address of a server, tokens of a header.
SECRETS = re.compile(r"(kindred_[sp]k_|://[^\s/:@]*:|\bBearer\s+)[^\s@/\"']+")

# What follows the path of an address: searches, and signatures of storages that open what is there.
QUERIES = re.compile(r"((?:https?:/|\s)/[^\s?\"']*\?)[^\s\"']+")

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MAX_LINE = 4_000  # characters of an entry without what Python adds of an exception


class LineFormatter(logging.Formatter):
    """Django's LOGGING names it: `{asctime} {levelname} {name}: {message}` and what Python adds of an exception.

    At the end of the entry itself stands what it belongs to, where it does: `[` the id of a request or task `]`.
    """

    def format(self, record: logging.LogRecord) -> str:
        return leave_values_out(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        request_id = current_id()
        return write_line(super().formatMessage(record)) + (f" [{request_id}]" if request_id else "")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, process, and where there are such, request and exception.

    And the `fields` that an entry brings (`extra={"fields": {...}}`), by their names.
    """

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": write_line(read_message(record)),
            "process": record.process,
        }
        if request_id := current_id():
            entry["request"] = request_id
        if record.exc_info:
            entry["exception"] = leave_values_out(self.formatException(record.exc_info))
        # In ASCII: halves of characters are none that a stream would take, and some are line ends to one reader.
        return json.dumps(getattr(record, "fields", {}) | entry, default=str)


def read_message(record: logging.LogRecord) -> str:
    """Return what an entry says, as far as its values fit: `logging` would print the rest over many lines."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def write_line(text: str) -> str:
    """Return an entry in one line: an address may hold line ends and whatever moves a terminal's cursor."""
    line = CONTROLS.sub(lambda found: ascii(found[0])[1:-1], leave_values_out(text).strip("\n"))
    # Of users once more: a name's line end hid what follows it.
    return USER_ADDRESS.sub(r"\1...", line)[:MAX_LINE]


def leave_values_out(text: str) -> str:
    """Return a log entry without what Postgres quotes, users and queries in addresses, keys and passwords."""
    text = QUERIES.sub(r"\1...", SECRETS.sub(r"\1...", text))
    return USER_ADDRESS.sub(r"\1...", QUOTED_VALUE.sub(r'\1"..."', QUOTING_LINES.sub("", text)))
