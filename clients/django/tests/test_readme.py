"""What README.md shows is there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

from django.core.management import load_command_class
from django.template import engines

from kindred_django import ProductSource
from kindred_django.configuration import NAMES, Configuration

README = (Path(__file__).parents[1] / "README.md").read_text()


def blocks(language):
    return [dedent(block) for block in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)]


def test_every_setting_is_documented_with_its_default():
    section = README.split("## Settings")[1].split("## ")[0]
    rows = re.findall(r"^\| (`[A-Z_]+`.*?) \| (.*?) \|", section, re.MULTILINE)
    said = {}
    for names, defaults in rows:
        named = re.findall(r"`(\w+)`", names)
        said |= dict(zip(named, defaults.split(", ") if len(named) > 1 else [defaults], strict=True))
    assert set(said) == set(NAMES)
    defaults = {setting.name: setting.default for setting in fields(Configuration)}
    for name in ("DEADLINE_MS", "CACHE_S", "STALE_S", "BATCH_SIZE", "TIMEOUT_S"):
        assert float(said[name]) == defaults[name.lower()]
    assert said["DELIVER"] == f'`"{defaults["deliver"]}"`'


def test_the_command_takes_the_options_that_are_documented():
    parser = load_command_class("kindred_django", "kindred_sync").create_parser("manage.py", "kindred_sync")
    ours = {option for action in parser._actions for option in action.option_strings}
    documented = set(re.findall(r"`(--[a-z-]+)`", README))
    assert documented == {"--check", "--full", "--watch", "--sweep-minutes", "--allow-deletes"}
    assert documented <= ours


def test_the_examples_can_be_read():
    names = {}
    for block in blocks("python"):
        compile(block, "README.md", "exec")
    exec(next(block for block in blocks("python") if "class Products" in block), names)
    assert issubclass(names["Products"], ProductSource)
    for block in blocks("django"):
        assert engines["django"].from_string(block).render({"product": None}).strip() == ""
