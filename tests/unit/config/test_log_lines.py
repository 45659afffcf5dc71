"""What logs say and what they leave out: values of products, searches and people."""

from __future__ import annotations

import json
import logging
import runpy
from types import SimpleNamespace

import pytest

from config import monitoring
from config.celery import leave_banner_out
from config.log_lines import JsonFormatter, LineFormatter, leave_values_out
from tests.counted import known_as


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            'NotNullViolation: null value in column "sku"\nDETAIL:  Failing row contains (1, Ann\'s ring).\nGoing on.',
            'NotNullViolation: null value in column "sku"\nGoing on.',
        ),
        ("syntax error at \"x\"\nLINE 1: SELECT 'Ann's ring'\n               ^", 'syntax error at "x"'),
        ('invalid input syntax for type json: "Ann\'s ring"', 'invalid input syntax for type json: "..."'),
        ('invalid byte sequence for encoding "UTF8": 0x00', 'invalid byte sequence for encoding "UTF8": 0x00'),
        ("Forbidden: /api/v1/users/Ann Smith/", "Forbidden: /api/v1/users/..."),
        ("Not Found: /api/v1/Users/Ann Smith/", "Not Found: /api/v1/Users/..."),
        ("Not Found: /api/user/Ann/", "Not Found: /api/user/..."),
        ("Not Found: /admin/auth/user/3/change/", "Not Found: /admin/auth/user/3/change/"),
        ("refused: kindred_sk_abc-DEF_123 is no key", "refused: kindred_sk_... is no key"),
        ("cannot reach redis://:s3cret@10.0.0.5:6379/0", "cannot reach redis://:...@10.0.0.5:6379/0"),
        ("postgres://shop:s3cret@db/shop refuses", "postgres://shop:...@db/shop refuses"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ..."),
        (
            "What is at https://cdn.example/a.jpg?X-Sig=abc was not fetched",
            "What is at https://cdn.example/a.jpg?... was not fetched",
        ),
        ("Error handling request /search/?q=a+gift+for+Ann", "Error handling request /search/?..."),
        ("Is it up? Which?", "Is it up? Which?"),
        ("Space second is ready.", "Space second is ready."),
    ],
)
def test_values_that_postgres_quotes_are_left_out(text, left):
    assert leave_values_out(text) == left


def test_so_they_are_in_what_python_adds_of_an_exception():
    try:
        raise ValueError("no\nDETAIL:  Key (email)=(ann@shop.example) already exists.")
    except ValueError as error:
        record = logging.LogRecord("shop", logging.ERROR, "", 0, "Failed.", None, (ValueError, error, None))
    assert LineFormatter("{levelname} {message}", style="{").format(record) == "ERROR Failed.\nValueError: no"


def test_an_address_writes_no_line_of_its_own_and_moves_no_cursor():
    path = "/images/\x00\n2026-01-01 ERROR django: forged\x1b[2J\u2028" + "x" * 9000
    record = logging.LogRecord("shop", logging.ERROR, "", 0, "%s: no\nDETAIL:  Key (sku)=(A).", (path,), None)
    line = LineFormatter("{levelname} {message}", style="{").format(record)
    assert line.startswith(r"ERROR /images/\x00\n2026-01-01 ERROR django: forged\x1b[2J\u2028xxx")
    assert len(line) == 4_000


def test_a_users_address_is_left_out_as_a_whole_line_ends_and_all():
    record = logging.LogRecord("shop", logging.ERROR, "", 0, "Not Found: %s", ("/api/v1/users/Ann\nSmith/",), None)
    assert LineFormatter("{message}", style="{").format(record) == "Not Found: /api/v1/users/..."


def test_a_line_ends_with_the_id_of_its_request():
    record = logging.LogRecord("shop", logging.INFO, "", 0, "Saved.", None, None)
    with known_as("0123456789abcdef"):
        assert LineFormatter("{message}", style="{").format(record) == "Saved. [0123456789abcdef]"
    assert LineFormatter("{message}", style="{").format(record) == "Saved."


def test_json_has_one_object_a_line_and_leaves_out_what_lines_do():
    try:
        raise ValueError("no\nDETAIL:  Key (email)=(ann@shop.example) already exists.")
    except ValueError as error:
        found = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("shop", logging.ERROR, "", 0, "Not Found: %s", ("/api/users/Ann\nSmith/",), found)
    record.created, record.process, record.fields = 1_790_000_000.25, 7, {"ms": 12.5}
    with known_as("0123456789abcdef"):
        line = JsonFormatter().format(record)
    assert "\n" not in line
    said = json.loads(line)
    assert said.pop("exception").endswith("ValueError: no")
    assert said == {
        "time": "2026-09-21T14:13:20.250+00:00",
        "level": "ERROR",
        "logger": "shop",
        "message": "Not Found: /api/users/...",
        "process": 7,
        "request": "0123456789abcdef",
        "ms": 12.5,
    }


@pytest.mark.parametrize(
    ("message", "values", "said"),
    [
        ("half a character: %s", ("\ud83d",), r"half a character: \ud83d"),
        ("one value for %s and %s", ("A",), "one value for %s and %s"),
        ("a line\u2028and \x85 another", (), r"a line\u2028and \x85 another"),
        ("茶", (), "茶"),
    ],
)
def test_whatever_an_entry_holds_it_is_one_line_of_json(message, values, said):
    record = logging.LogRecord("shop", logging.ERROR, "", 0, message, values, None)
    record.fields = {"level": "forged", "title": "\udcff\x85", "none": object}
    line = JsonFormatter().format(record)
    entry = json.loads(line.encode("ascii"))
    assert (entry["message"], entry["level"], len(line.splitlines())) == (said, "ERROR", 1)


def test_what_libraries_send_and_read_is_written_down_at_no_level(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("KINDRED_LOG_FORMAT", "json")
    captured = []
    monkeypatch.setattr(logging, "captureWarnings", captured.append)
    chosen = runpy.run_path(monitoring.__file__)["LOGGING"]
    assert captured == [True]  # or warnings of Python would be lines that are no JSON
    assert chosen["root"]["level"] == "DEBUG"
    assert {chosen["loggers"][name]["level"] for name in ("botocore", "urllib3", "PIL")} == {"INFO"}


@pytest.mark.parametrize(("form", "is_quiet"), [("json", True), ("line", False)])
def test_a_worker_prints_its_banner_where_lines_are_for_people(settings, form, is_quiet):
    settings.KINDRED_LOG_FORMAT = form
    worker = SimpleNamespace(quiet=False)
    leave_banner_out(worker)
    assert worker.quiet == is_quiet
