"""The list of deliberate faults keeps up with the code. Whether the tests notice them, `tests/mutants.py` finds out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants import MUTANTS, apply_mutant

PROJECT = Path(__file__).resolve().parents[2]


def names_of_tests(path: Path) -> set[str]:
    """Return `test` and `Class::test` of each function of a file."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return names


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}: {mutant.why}")
def test_every_fault_can_still_be_made_and_its_tests_are_there(mutant):
    text = (PROJECT / mutant.file).read_text()
    assert apply_mutant(mutant, text=text) != text
    assert mutant.tests
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert (PROJECT / file).is_file(), f"{file} is not there"
        assert not name or name.partition("[")[0] in names_of_tests(PROJECT / file), f"{test} is not there"


def test_no_fault_is_in_the_list_twice():
    assert len({(mutant.file, mutant.new, mutant.old) for mutant in MUTANTS}) == len(MUTANTS)
