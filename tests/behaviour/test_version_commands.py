"""What `manage.py behaviour` says of versions."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from behaviour.versions.version import Version
from tests.behaviour.version_rows import add_version

pytestmark = pytest.mark.django_db
ROWS = {("bundle", 1): [(2, 1.0, 1.0), (3, 0.5, 1.0)]}


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("behaviour", *arguments, stdout=output)
    return output.getvalue()


def test_the_list_says_what_there_is_and_how_far_a_build_is():
    add_version(name="first", figures={"rows": {"bundle": 2}})
    add_version(name="second", status="failed", failure="the disk is full", promoted_at=None)
    add_version(name="third", status="building", progress={"stage": "viewed", "done": 1, "total": 4}, promoted_at=None)
    lines = [line.split() for line in run("list").splitlines()]
    assert lines[1][:6] == ["third", "building:", "viewed", "1", "of", "4"]
    assert lines[2][:6] == ["second", "failed:", "the", "disk", "is", "full"]
    assert (lines[3][:2], lines[3][4:6]) == (["first", "live"], ["2", "bundle"])


def test_two_versions_are_compared_by_figures_and_lists():
    figures = {"validation": {"bundle": 0.25}, "rows": {"bundle": 1}}
    add_version(name="first", figures=figures, neighbours=ROWS)
    add_version(name="second", status="ready", figures={"rows": {"bundle": 2}}, neighbours=ROWS)
    lines = run("compare").splitlines()
    assert [line.split() for line in lines[:3]] == [["first", "second"], ["bundle", "0.250", "-"], ["bundle", "1", "2"]]
    assert lines[3:] == [
        "bundle: 100% of the first 10 are the same (1 products compared).",
        "cart: 0% of the first 10 are the same (0 products compared).",
        "viewed: 0% of the first 10 are the same (0 products compared).",
        "personal: 0% of the first 10 are the same (0 products compared).",
    ]


def test_a_comparison_needs_two_that_are_built():
    add_version(name="first")
    with pytest.raises(CommandError, match=r"Name two versions: `behaviour list` shows them\."):
        run("compare")
    with pytest.raises(CommandError, match=r"Name two versions: first is one\."):
        run("compare", "first", "first")
    add_version(name="second", status="building")
    with pytest.raises(CommandError, match=r"Version second is not built yet"):
        run("compare", "first", "second")


def test_a_version_is_promoted_rolled_back_to_and_dropped_by_its_name():
    add_version(name="first")
    add_version(name="second", status="ready", promoted_at=None)
    assert run("promote", "second") == "second is live; first can be rolled back to.\n"
    assert run("rollback") == "first is live again.\n"
    assert run("drop", "second") == "second is gone.\n"
    with pytest.raises(CommandError, match=r"There is no version 'second'. Versions: first\."):
        run("promote", "second")
    assert Version.objects.live().name == "first"


def test_a_step_says_what_it_did():
    add_version(name="first")
    assert run("step") == "0 events, 0 rows, 0 new products.\n"
