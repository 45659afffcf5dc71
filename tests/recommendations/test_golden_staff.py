"""What golden pairs say on the desk: agreement of staff, pairs in dispute, figures of spaces; files in and out."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Product
from recommendations.golden import pages
from recommendations.golden.exchange import take_file
from recommendations.golden.staff import find_disputed, read_agreement
from recommendations.models import GoldenJudgement, GoldenPair
from tests.recommendations.golden_rows import judge, make_pair, make_user
from tests.recommendations.shelf import at_angle, embed, make_space, put

pytestmark = pytest.mark.django_db

AGREEMENT = "/admin/golden-pairs/agreement/"


@pytest.fixture
def shelf():
    """Eight products in a live space, at 10 degrees from one to the next, and in a ready one in another order."""
    live, other = make_space(), make_space(name="other", live=False)
    for number in range(8):
        product = put(live, f"P{number}", at_angle(10 * number))
        embed(other, product, at_angle(10 * ((number * 5) % 8)))
    return live


@pytest.fixture
def anna(client: Client) -> Client:
    user = make_user()
    names = ["view_goldenpair", "add_goldenjudgement", "add_goldenpair"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def test_agreement_is_that_of_the_pairs_that_several_have_judged(shelf):
    judge("P0", "P1", 2, 2)
    judge("P0", "P2", 1, 1)
    judge("P0", "P3", 0, 0)
    judge("P0", "P4", 2)
    judge("P0", "P5", None, 1)
    agreement = read_agreement()
    assert (agreement.alpha.mean, agreement.alpha.count) == (1.0, 3)
    assert [(person.name, person.pair_count) for person in agreement.people] == [("anna", 4), ("ben", 4)]
    (two,) = agreement.twos
    assert (two.first, two.second, two.pair_count, two.same_count, two.kappa) == ("anna", "ben", 3, 3, 1.0)


def test_two_by_two_each_two_are_compared_on_what_both_have_judged(shelf):
    judge("P0", "P1", 2, 2, 0)
    judge("P0", "P2", 0, 0, 2)
    judge("P0", "P3", 1, 1)
    judge("P0", "P4", 1, by="dora")
    agreement = read_agreement()
    assert {(two.first, two.second): (two.same_count, two.pair_count) for two in agreement.twos} == {
        ("anna", "ben"): (3, 3),
        ("anna", "cleo"): (0, 2),
        ("ben", "cleo"): (0, 2),
    }
    assert agreement.alpha.mean < 0.5


def test_who_has_left_still_counts_for_the_agreement_of_all(shelf):
    judge("P0", "P1", 2, 0)
    judge("P0", "P2", 0, 2)
    make_user("ben").delete()
    agreement = read_agreement()
    assert agreement.alpha.count == 2
    assert agreement.alpha.mean < 0
    assert (len(agreement.people), agreement.twos) == (1, ())


def test_disputed_are_pairs_of_different_grades_those_that_lie_furthest_apart_first(shelf):
    near = judge("P0", "P1", 2, 1)
    judge("P0", "P2", 1, 1)
    far = judge("P0", "P3", 2, 0)
    judge("P0", "P4", 2, None)
    assert list(find_disputed()) == [far, near]


def test_the_page_has_agreement_disputes_and_the_figures_of_each_space(shelf, anna):
    judge("P0", "P1", 2, 2)
    judge("P0", "P2", 1, 1)
    far = judge("P0", "P7", 2, 0)
    page = anna.get(AGREEMENT)
    content = page.content.decode()
    assert [pair for pair, _ in page.context["disputed"]] == [far]
    assert [(row["space"].name, row["figures"].pair_count) for row in page.context["spaces"]] == [
        ("test", 3),
        ("other", 3),
    ]
    assert page.context["spaces"][0]["concordance"] == "1.00 (1.00–1.00)"
    assert "Krippendorff’s alpha, 3 pairs that several have judged" in content
    assert "anna: Similar." in content
    again = anna.get(re.search(r'href="(/admin/golden-pairs/\?ask=[^"]+)"', content).group(1))
    assert {again.context["question"].left.pk, again.context["question"].right.pk} == {far.first_id, far.second_id}


def test_figures_are_measured_again_only_where_something_was_judged(shelf, anna, monkeypatch):
    judge("P0", "P1", 2)
    pair = judge("P0", "P7", 0)
    anna.get(AGREEMENT)
    measured = []
    judge_space = pages.judge_space
    monkeypatch.setattr(pages, "judge_space", lambda space, **_: measured.append(space.name) or judge_space(space, **_))
    assert anna.get(AGREEMENT).context["spaces"][0]["concordance"] == "1.00 (1.00–1.00)"
    assert measured == []
    pair.judgements.update(grade=2)
    assert anna.get(AGREEMENT).context["spaces"][0]["concordance"] == "–"
    assert measured == ["test", "other"]


def test_an_empty_page_says_what_is_missing(anna):
    content = anna.get(AGREEMENT).content.decode()
    assert "Not known yet: it takes pairs that two people have judged" in content
    assert "No space is served now." in content


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([(2, 2), (0, 0), (1, 1)] * 4, "Staff agree: their grades can be relied on."),
        ([(2, 2), (0, 0), (1, 1), (1, 2), (0, 0), (2, 2)], "Staff agree fairly well"),
        ([(2, 0), (0, 2), (1, 1)] * 2, "Staff do not agree yet"),
    ],
)
def test_the_verdict_says_whether_grades_can_be_relied_on(shelf, anna, pairs, verdict):
    names = [(f"P{left}", f"P{right}") for left in range(8) for right in range(left + 1, 8)]
    for (one, other), grades in zip(names, pairs, strict=False):
        judge(one, other, *grades)
    assert verdict in anna.get(AGREEMENT).content.decode()


def test_disputes_cost_no_query_each(shelf, anna):
    counts = []
    anna.get(AGREEMENT)  # what is asked once in a process
    for start in (1, 4):
        for number in range(start, start + 3):
            judge("P0", f"P{number}", 2, 0)
        with CaptureQueriesContext(connection) as queries:
            anna.get(AGREEMENT)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Files.


def test_what_is_exported_is_an_answer_key_and_comes_in_again(shelf, anna):
    judge("P0", "P1", 2, 1)
    judge("P2", "P3", 0)
    make_pair("P4", "P5", origin="imported")
    Product.objects.filter(sku="P5").update(sku="=P5")  # which a spreadsheet would run
    exported = anna.get(reverse("golden_pairs_export"))
    assert exported["Content-Disposition"] == 'attachment; filename="golden-pairs.csv"'
    rows = list(csv.reader(io.StringIO(exported.content.decode())))
    assert rows == [["source_sku", "target_sku", "grade"], ["P0", "P1", "1"], ["P2", "P3", "0"], ["P4", "'=P5", ""]]
    GoldenPair.objects.all().delete()
    uploaded = SimpleUploadedFile("golden.csv", b"\xef\xbb\xbf" + exported.content)
    page = anna.post(reverse("golden_pairs_import"), {"file": uploaded}, follow=True)
    assert [str(one) for one in page.context["messages"]] == [
        "Pairs that are judged: 2. Pairs that are asked about: 1."
    ]
    said = {str(pair): pair.grade for pair in GoldenPair.objects.with_grades()}
    assert said == {"P0 · P1": 1, "P2 · P3": 0, "P4 · =P5": None}


def test_lines_that_do_not_count_are_named_with_their_reason(shelf):
    lines = [
        "source_sku,target_sku,grade\n",
        "P1,P0,2\n",
        "P0,GONE,1\n",
        "P0,P0,1\n",
        "P0,P2,5\n",
        "P0,P3,\n",
        "P0,\0,1\n",
    ]
    taken = take_file(lines, user=make_user())
    assert (taken.graded, taken.asked) == (1, 1)
    assert taken.rejected == (
        "Line 5: the grade 5 is not 0, 1, 2 or empty",
        "Line 3: no product has the SKU GONE",
        "Line 4: a product beside itself",
        "Line 7: no product has the SKU \0",
    )


def test_a_later_line_counts_and_so_does_a_file_over_what_was_said_before(shelf):
    anna = make_user()
    pair = judge("P0", "P1", 2, 0)
    take_file(["source_sku,target_sku,grade\n", "P0,P1,0\n", "P1,P0,1\n"], user=anna)
    assert {one.user.username: one.grade for one in pair.judgements.all()} == {"anna": 1, "ben": 0}
    assert GoldenPair.objects.get().origin == "chance"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"sku,grade\nP0,1\n", "The file has no column source_sku, target_sku"),
        (b"source_sku,target_sku\nP0,\xff\n", "The file is not UTF-8 text"),
        (b"", "The file has no column"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(shelf, anna, content, said):
    page = anna.post(reverse("golden_pairs_import"), {"file": SimpleUploadedFile("f.csv", content)}, follow=True)
    assert said in " ".join(str(one) for one in page.context["messages"])
    assert not GoldenPair.objects.exists()


def test_without_a_file_or_with_too_large_a_one_nothing_is_taken(shelf, anna, monkeypatch):
    page = anna.post(reverse("golden_pairs_import"), follow=True)
    assert [str(one) for one in page.context["messages"]] == ["Choose a CSV file of at most 5 MB."]
    monkeypatch.setattr("recommendations.golden.pages.MAX_FILE_BYTES", 10)
    uploaded = SimpleUploadedFile("f.csv", b"source_sku,target_sku,grade\nP0,P1,2\n")
    anna.post(reverse("golden_pairs_import"), {"file": uploaded})
    assert not GoldenPair.objects.exists()


def test_a_file_of_too_many_rows_is_refused_whole(shelf, anna, monkeypatch):
    monkeypatch.setattr("recommendations.golden.exchange.MAX_ROWS", 1)
    uploaded = SimpleUploadedFile("f.csv", b"source_sku,target_sku,grade\nP0,P1,2\nP0,P2,2\n")
    page = anna.post(reverse("golden_pairs_import"), {"file": uploaded}, follow=True)
    assert [str(one) for one in page.context["messages"]] == ["The file has more than 1 rows: split it."]
    assert not GoldenPair.objects.exists()


# The admin's list, and the command.


def test_the_list_of_all_pairs_has_the_grade_that_counts_and_exports_what_is_ticked(shelf, admin_client):
    pair = judge("P0", "P1", 2, 1)
    judge("P0", "P2", 0)
    address = reverse("admin:recommendations_goldenpair_changelist")
    page = admin_client.get(address).content.decode()
    assert 'class="field-counting_grade">Somewhat similar</td><td class="field-grade_count">2</td>' in page
    exported = admin_client.post(address, {"action": "export", "_selected_action": [pair.pk]})
    assert exported.content.decode() == "source_sku,target_sku,grade\r\nP0,P1,1\r\n"
    shown = admin_client.get(reverse("admin:recommendations_goldenpair_change", args=[pair.pk])).content.decode()
    assert "anna" in shown
    assert "ben" in shown


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("golden_pairs", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_brings_pairs_in_and_out_and_says_how_spaces_do(shelf, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    make_user()
    path = tmp_path / "golden.csv"
    path.write_text("source_sku,target_sku,grade\nP0,P1,2\nP0,P5,0\nP0,P6,7\n")
    assert run("import", str(path), "--user", "anna").splitlines() == [
        "Does not count: Line 4: the grade 7 is not 0, 1, 2 or empty",
        "2 pairs are judged, 0 wait to be judged.",
    ]
    assert run("export") == "source_sku,target_sku,grade\r\nP0,P1,2\r\nP0,P5,0\r\n"
    assert run("export", str(tmp_path / "out.csv")) == f"Written: {tmp_path / 'out.csv'}\n"
    assert (tmp_path / "out.csv").read_bytes() == b"source_sku,target_sku,grade\r\nP0,P1,2\r\nP0,P5,0\r\n"
    figures = run("figures")
    assert "test" in figures
    assert "1.000" in figures
    with pytest.raises(CommandError, match="There is no user zoe"):
        run("import", str(path), "--user", "zoe")
    with pytest.raises(CommandError, match=r"nowhere\.csv"):
        run("import", str(tmp_path / "nowhere.csv"), "--user", "anna")
    assert GoldenJudgement.objects.count() == 2
