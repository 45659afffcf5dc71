"""`manage.py evaluate` as a person runs it."""

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command

from recommendations.management.commands.evaluate import Command
from tests.recommendations.evaluation_shop import make_products, make_space, on_circle, store_vectors

pytestmark = pytest.mark.django_db

ANGLES = {"M1": 0, "M2": 5, "M3": 95, "B1": 90, "B2": 101, "B3": 3}
TIDY_ANGLES = {"M1": 0, "M2": 5, "M3": 12, "B1": 90, "B2": 97, "B3": 106}


@pytest.fixture
def shop():
    make_products(["M1", "M2", "M3"], category="Tableware/Mugs", variant_group="M")
    make_products(["B1", "B2", "B3"], category="Tableware/Bowls")
    live, tidy = make_space("live-one"), make_space("tidy")
    live.status = "live"
    live.save()
    for modality in ("fused", "image"):
        store_vectors(live, {sku: on_circle(angle) for sku, angle in ANGLES.items()}, modality=modality)
    store_vectors(tidy, {sku: on_circle(angle) for sku, angle in TIDY_ANGLES.items()})


@pytest.fixture
def truth(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("source_sku,target_sku,grade\nM1,M2,3\nM1,M3,1\nX,M1,1\nB1,B2,2\n")
    return path


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command("evaluate", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def columns(out):
    """The contenders of the first table and its rows, by name."""
    lines = [re.split(r"\s*[│┃]\s*", line)[1:-1] for line in out.splitlines() if line.startswith(("│", "┃"))]
    names = next(line[1:] for line in lines if not line[0])
    return names, {line[0]: line[1:] for line in reversed(lines) if line[0]}


def test_the_live_space_is_judged_in_every_modality_it_has(shop, truth):
    out, err = run("--truth", truth, "--k", 2)
    names, rows = columns(out)
    assert names == ["live-one · fused", "live-one · image"]
    assert "2 anchors of 6 products, judged by truth.csv" in out
    assert rows["precision@2"] == ["0.500 (0.500-0.500)"] * 2
    assert rows["anchors answered"] == ["2", "2"]
    assert "Space live-one has no text vectors: left out." in err


def test_an_unknown_sku_is_reported_by_line_and_the_rest_counts(shop, truth):
    _, err = run("--truth", truth, "--modality", "fused")
    assert err == "Does not count: truth.csv, line 4: no active product has the sku 'X'\n"


def test_many_rejected_lines_are_summed_up(shop, tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("source_sku,target_sku\nM1,M2\n" + "X,M1\n" * 12)
    _, err = run("--truth", path, "--modality", "fused")
    assert len(err.splitlines()) == 11
    assert err.splitlines()[-1] == "12 lines or photos do not count; --out lists them."


def test_spaces_and_metrics_are_judged_side_by_side(shop):
    out, _ = run(
        "--by", "category", "--space", "live-one", "--space", "tidy", "--modality", "fused",
        "--metric", "cosine", "--metric", "pearson", "--k", 2,
    )  # fmt: skip
    names, rows = columns(out)
    assert names == ["live-one · fused", "live-one · fused · pearson", "tidy · fused"]
    assert rows["precision@2"][2] == "1.000 (1.000-1.000)"
    assert "compared with live-one · fused" in out
    assert "tidy · fused · pearson" in out


def test_a_shop_without_labels_is_judged_by_variant_group(shop):
    out, _ = run("--by", "variant_group", "--modality", "fused")
    assert "3 anchors of 6 products, judged by same variant group" in out


def test_the_report_is_written_and_named(shop, truth, tmp_path):
    out, _ = run("--truth", truth, "--out", tmp_path / "report", "--k", 2)
    assert f"Written: {tmp_path / 'report' / 'evaluation.html'}" in out
    figures = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert [contender["modality"] for contender in figures["contenders"]] == ["fused", "image"]
    assert figures["rejected"] == ["truth.csv, line 4: no active product has the sku 'X'"]
    assert figures["options"]["k"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "category", "--space", "nope"], "There is no space nope. Spaces: live-one, tidy."),
        (["--by", "category", "--space", "tidy", "--modality", "text"], "There are no vectors to evaluate: run"),
        (["--by", "category", "--k", "0"], "--k lies between 1 and 1000."),
        (["--by", "category", "--min-grade", "0"], "--min-grade lies above 0"),
        (["--by", "category", "--max-anchors", "0"], "--max-anchors is 1 or more."),
        (["--truth", "missing.csv"], "missing.csv cannot be read: No such file or directory."),
        (["--by", "category", "--queries", "missing.csv"], "missing.csv cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(shop, arguments, message):
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert str(error.value).startswith(message)


def test_a_folder_that_cannot_be_made_is_named(shop, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match=r"file.*: (Not a directory|File exists)\."):
        run("--by", "category", "--out", tmp_path / "file" / "report")


def test_before_anything_is_embedded_the_command_says_so():
    make_products(["A"])
    with pytest.raises(CommandError, match=r"There is no live space yet: run `manage.py embed_products` first"):
        run("--by", "category")


def test_one_answer_key_is_needed_and_no_two(shop, truth):
    parser = Command().create_parser("manage.py", "evaluate")
    for arguments in ([], ["--truth", str(truth), "--by", "category"]):
        with pytest.raises(CommandError):
            parser.parse_args(arguments)
