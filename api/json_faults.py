"""Why a text is no JSON, in the language of whoever wrote it: Python says it in English alone."""

from __future__ import annotations

import json

from django.utils.translation import gettext, gettext_noop

FAULTS = frozenset(  # as Python's `json` words them
    {
        gettext_noop("Expecting value"),
        gettext_noop("Expecting ',' delimiter"),
        gettext_noop("Expecting ':' delimiter"),
        gettext_noop("Expecting property name enclosed in double quotes"),
        gettext_noop("Illegal trailing comma before end of object"),
        gettext_noop("Illegal trailing comma before end of array"),
        gettext_noop("Extra data"),
        gettext_noop("Invalid control character at"),
        gettext_noop("Invalid \\escape"),
        gettext_noop("Invalid \\uXXXX escape"),
        gettext_noop("Unterminated string starting at"),
        gettext_noop("Unexpected UTF-8 BOM (decode using utf-8-sig)"),
    }
)
LONG_NUMBER = "Exceeds the limit"  # of thousands of digits, which Python refuses to read


def describe_json_fault(error: Exception) -> str:
    """Return what is wrong, without a full stop. `error` is what reading or encoding a text as JSON has raised."""
    if isinstance(error, json.JSONDecodeError):
        fault = gettext(error.msg) if error.msg in FAULTS else gettext("Invalid character")
        place = {"fault": fault, "line": error.lineno, "column": error.colno, "char": error.pos}
        return gettext("%(fault)s: line %(line)d column %(column)d (char %(char)d)") % place
    if isinstance(error, UnicodeDecodeError):
        return gettext("byte %d is not UTF-8") % error.start
    if isinstance(error, UnicodeEncodeError):
        return gettext("it holds half of a surrogate pair")
    if isinstance(error, RecursionError):
        return gettext("it is nested too deeply")
    if str(error).startswith(LONG_NUMBER):
        return gettext("a number is too large")
    return str(error)  # our own, of the hooks that we give to `json`
