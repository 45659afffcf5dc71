"""Ground truth from files and from declarations."""

import numpy as np
import pytest

from recommendations.evaluation.truth import RejectedLine, TruthError, derive_truth, pad_judgements, read_truth
from tests.recommendations.evaluation_shop import make_products

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_products(["A", "B", "C"]) | make_products(["GONE"], is_active=False)


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "truth.csv"
    path.write_bytes(text.encode(encoding))
    return path


def judgements_by_sku(truth, shop):
    skus = {product.pk: sku for sku, product in shop.items()}
    return {
        skus[source]: {skus[target]: grade for target, grade in zip(j.target_ids, j.grades, strict=True)}
        for source, j in truth.judgements.items()
    }


def test_grades_are_read_by_anchor(shop, tmp_path):
    path = write(tmp_path, "source_sku,target_sku,grade\nA,B,3\nA,C,0.5\nB,A,0\n")
    truth = read_truth(path)
    assert judgements_by_sku(truth, shop) == {"A": {"B": 3, "C": 0.5}, "B": {"A": 0}}
    assert (truth.description, truth.rejected) == ("truth.csv", ())


def test_a_file_without_grades_says_related_or_nothing(shop, tmp_path):
    path = write(tmp_path, "\ufefftarget_sku,source_sku\nB,A\n")
    assert judgements_by_sku(read_truth(path), shop) == {"A": {"B": 1}}


def test_bad_lines_are_reported_by_number_and_the_rest_counts(shop, tmp_path):
    lines = [
        "source_sku,target_sku,grade,note",
        'A,B,2,"a note\nover two lines"',
        "A,NOPE,1,",
        "NOPE,A,1,",
        "A,GONE,1,",
        "A,A,3,",
        "A,C,much,",
        "A,C,-1,",
        "A,C,nan,",
        "A,C,21,",
        "A,B,1,",
        "A",
        "B,C,3,",
    ]
    truth = read_truth(write(tmp_path, "\n".join(lines)))
    assert judgements_by_sku(truth, shop) == {"A": {"B": 2}, "B": {"C": 3}}
    assert truth.rejected == (
        RejectedLine(4, "no active product has the sku 'NOPE'"),
        RejectedLine(5, "no active product has the sku 'NOPE'"),
        RejectedLine(6, "no active product has the sku 'GONE'"),
        RejectedLine(7, "A is judged against itself"),
        RejectedLine(8, "the grade 'much' is not a number from 0 to 20"),
        RejectedLine(9, "the grade '-1' is not a number from 0 to 20"),
        RejectedLine(10, "the grade 'nan' is not a number from 0 to 20"),
        RejectedLine(11, "the grade '21' is not a number from 0 to 20"),
        RejectedLine(12, "A and B were judged before; the first line counts"),
        RejectedLine(13, "no active product has the sku ''"),
    )


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        ("sku,other\nA,B\n", "utf-8", "has no column source_sku, target_sku: its first line names the columns"),
        ("", "utf-8", "has no column source_sku, target_sku"),
        ("source_sku,target_sku\n", "utf-8", "has no line that counts; 0 were rejected"),
        ("source_sku,target_sku\nX,B\n", "utf-8", "1 were rejected. The first was line 2: no active product has"),
        ("source_sku,target_sku\nÄ,B\n", "cp1252", "is not UTF-8 text: save it as CSV UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_to_do(shop, tmp_path, text, encoding, message):
    with pytest.raises(TruthError, match=message):
        read_truth(write(tmp_path, text, encoding))


def test_a_file_that_is_not_there_is_refused(shop, tmp_path):
    with pytest.raises(TruthError, match=r"missing\.csv cannot be read: No such file or directory"):
        read_truth(tmp_path / "missing.csv")


def test_products_of_one_leaf_category_are_declared_related_and_an_only_child_is_no_anchor():
    mugs = make_products(["M1", "M2", "M3"], category="Tableware/Mugs")
    make_products(["B1"], category="Tableware/Bowls")
    make_products(["N1", "N2"])
    make_products(["OFF"], category="Tableware/Mugs", is_active=False)
    truth = derive_truth("category")
    ids = [product.pk for product in mugs.values()]
    assert sorted(truth.judgements) == ids
    assert truth.judgements[ids[0]].target_ids.tolist() == ids
    assert truth.description == "same category"


def test_products_of_one_variant_group_are_declared_related():
    group = make_products(["V1", "V2"], variant_group="G")
    make_products(["W1"], variant_group="H")
    make_products(["N1", "N2"])
    truth = derive_truth("variant_group")
    assert sorted(truth.judgements) == [product.pk for product in group.values()]


def test_a_declaration_that_relates_nothing_is_refused(shop):
    with pytest.raises(TruthError, match="No two active products share a variant_group: give a file"):
        derive_truth("variant_group")


def test_padding_leaves_the_anchor_itself_out():
    ids = [product.pk for product in make_products(["M1", "M2", "M3"], category="Mugs").values()]
    pair = [product.pk for product in make_products(["B1", "B2"], category="Bowls").values()]
    padded = pad_judgements(derive_truth("category"), np.array([ids[0], pair[1]]))
    assert padded.tolist() == [[1, 1], [1, 0]]


def test_a_sample_of_anchors_follows_its_seed():
    make_products([f"P{number}" for number in range(20)], category="Mugs")
    truth = derive_truth("category")
    sample = truth.sample_anchors(5, seed=1)
    assert len(sample) == 5
    assert sample.tolist() == sorted(set(sample.tolist()) & set(truth.judgements))
    assert sample.tolist() == truth.sample_anchors(5, seed=1).tolist()
    assert sample.tolist() != truth.sample_anchors(5, seed=2).tolist()
    assert truth.sample_anchors(20, seed=1).tolist() == sorted(truth.judgements)
