"""A variable that makes no sense is refused by its name, before anything starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from config.services.paths import BASE_DIR

SETTINGS = BASE_DIR / "config" / "settings.py"


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, env=os.environ | variables, capture_output=True, text=True)


@pytest.mark.parametrize("text", ["", "600", "600/week", "many/min"])
def test_a_rate_that_is_none_is_refused_by_its_name(monkeypatch, text):
    monkeypatch.setenv("KINDRED_API_RATE_EVENTS", text)
    with pytest.raises(ImproperlyConfigured, match=rf"^KINDRED_API_RATE_EVENTS: \'{text}\' is not a rate\. Write a"):
        Environment().rate("KINDRED_API_RATE_EVENTS", default="600/min")


def test_a_rate_is_kept_as_it_is_written_and_has_a_default(monkeypatch):
    monkeypatch.setenv("KINDRED_API_RATE_EVENTS", "5/s")
    assert Environment().rate("KINDRED_API_RATE_EVENTS", default="600/min") == "5/s"
    assert Environment().rate("KINDRED_API_RATE_STAFF", default="600/min") == "600/min"


def test_every_setting_with_rate_in_its_name_is_read_as_one():
    read = re.findall(r'env\.(\w+)\("(KINDRED_\w*RATE\w*)"', SETTINGS.read_text())
    assert {name for _, name in read} == {
        "KINDRED_API_RATE_ANONYMOUS", "KINDRED_API_RATE_EVENTS", "KINDRED_API_RATE_PUBLISHABLE",
        "KINDRED_API_RATE_SECRET", "KINDRED_API_RATE_STAFF", "KINDRED_API_RATE_WRONG_KEYS", "KINDRED_PAGE_RATE",
    }  # fmt: skip
    assert {method for method, _ in read} == {"rate"}


def test_a_number_that_is_none_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("KINDRED_UNSEEN_DAYS", "a month")
    with pytest.raises(ImproperlyConfigured, match=r"^KINDRED_UNSEEN_DAYS cannot be read: .*'a month'"):
        Environment().int("KINDRED_UNSEEN_DAYS", default=28)


@pytest.mark.parametrize("command", [["check"], ["up", "--port", "1"]])
def test_a_command_says_it_in_one_line_and_starts_nothing(home, command):
    run = manage(*command, KINDRED_API_RATE_EVENTS="")
    reason = "'' is not a rate. Write a number and one of s/sec/min/hour/day, such as 6000/min."
    said = f"Kindred cannot start: KINDRED_API_RATE_EVENTS: {reason}\n"
    assert (run.returncode, run.stdout, run.stderr) == (1, "", said)
    assert not (home / "run").exists()
