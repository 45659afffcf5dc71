"""docs/evaluation.md explains every figure that a report shows, and shows a report that is there."""

import re
from pathlib import Path

import pytest

from recommendations.evaluation.metrics import measure_rankings
from recommendations.evaluation.report import MEANINGS
from recommendations.management.commands.evaluate import Command

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "evaluation.md").read_text(encoding="utf-8")
EXPLAINED = dict(re.findall(r"^\| \*\*(.+?)\*\*.*? \| (.+) \|$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("name", measure_rankings([[1]], [[1]]))
def test_every_figure_is_explained_in_two_sentences_and_in_one_on_the_report(name):
    assert len(re.findall(r"\.( |$)", EXPLAINED[name])) == 2
    assert MEANINGS[name.partition("@")[0]].count(".") >= 1


@pytest.mark.parametrize("name", ["ROC AUC", "recall@1, recall@5", "overlap@10", "recall of the index"])
def test_the_other_figures_are_explained_too(name):
    assert len(re.findall(r"[.](?: |$)", EXPLAINED[name])) == 2


def test_pictures_that_the_page_shows_are_there():
    pictures = re.findall(r"!\[[^\]]+\]\((\S+)\)", PAGE)
    assert pictures == ["images/evaluation-summary.png", "images/evaluation-pictures.png"]
    assert [(DOCS / picture).read_bytes()[:4] for picture in pictures] == [b"\x89PNG"] * 2


def test_the_results_table_has_its_place_once():
    assert (PAGE.count("<!-- quality: begin -->"), PAGE.count("<!-- quality: end -->")) == (1, 1)


def test_options_that_the_page_names_exist():
    parser = Command().create_parser("manage.py", "evaluate")
    options = {option for action in parser._actions for option in action.option_strings}
    products, _, _ = PAGE.partition("\n## Behaviour")  # which has a command of its own
    benchmark = {"--text-encoder", "--image-encoder", "--vectors"}  # of the comparison of encoders
    named = set(re.findall(r"`(--[a-z-]+)", products)) - {"--out"} - benchmark
    assert named <= options
    assert {"--truth", "--by", "--queries", "--space", "--modality", "--metric", "--min-grade", "--seed"} <= named
