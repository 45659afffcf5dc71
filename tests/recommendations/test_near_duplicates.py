"""Second listings of the same product are found; variants, lookalikes and crowds are not."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import DistinctPair, Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.indexes import create_indexes, index_name
from recommendations import near_duplicates
from recommendations.comparison_notes import ComparisonNotes
from recommendations.near_duplicates import PAIRS, Thresholds, find_near_duplicates, find_near_duplicates_of
from tests.plans import forget_earlier_rows
from tests.recall.clusters import clustered_vectors, load_products, load_vectors
from tests.recommendations.shelf import make_space


@pytest.fixture
def shelf(db) -> EmbeddingSpace:
    """MUG-1 and RESALE are one mug; MUG-2 is its other colour; BOWL and LAMP are something else."""
    space = EmbeddingSpace.objects.create(name="test", status="live", dim=3, text_dim=3, image_dim=3)
    rows = {
        "MUG-1": ([1, 0, 0], "MUG"),
        "MUG-2": ([0.99, 0.14, 0], "MUG"),
        "RESALE": ([0.99, 0, 0.14], ""),
        "BOWL": ([0, 1, 0], ""),
        "LAMP": ([0, 0, 1], ""),
    }
    for sku, (vector, group) in rows.items():
        product = Product.objects.create(sku=sku, title=f"The {sku}", variant_group=group)
        ProductEmbedding.objects.bulk_create(
            ProductEmbedding(space=space, product=product, modality=kind, fingerprint="f", vector=vector)
            for kind in (FUSED, TEXT, IMAGE)
        )
    return space


def skus(groups) -> list[set[str]]:
    names = dict(Product.objects.values_list("pk", "sku"))
    return [{names[number] for number in group.product_ids} for group in groups]


def test_finds_the_resale_in_the_database(shelf):
    assert skus(find_near_duplicates(shelf)) == [{"MUG-1", "RESALE"}]


@pytest.mark.parametrize(
    ("sku", "expected"), [("MUG-1", [{"MUG-1", "RESALE"}]), ("RESALE", [{"MUG-1", "RESALE"}]), ("BOWL", [])]
)
def test_one_product_has_the_pairs_that_the_whole_catalogue_shows_of_it(shelf, sku, expected):
    number, names = Product.objects.get(sku=sku).pk, dict(Product.objects.values_list("pk", "sku"))
    with CaptureQueriesContext(connection) as queries:
        found = find_near_duplicates_of(number, space=shelf)
    assert [{names[pair.listing_id], names[pair.other_id]} for pair in found] == expected
    assert len([query for query in queries if "embeddings_productembedding" in query["sql"]]) <= 2


def test_a_product_has_no_pair_of_which_somebody_has_said_that_the_two_are_not_the_same(shelf):
    mug, resale = Product.objects.get(sku="MUG-1"), Product.objects.get(sku="RESALE")
    DistinctPair.objects.create(first=mug, second=resale)
    assert find_near_duplicates_of(resale.pk, space=shelf) == []


def test_the_page_of_a_product_links_to_its_second_listing(shelf, admin_client):
    mug, resale = Product.objects.get(sku="MUG-1"), Product.objects.get(sku="RESALE")
    page = admin_client.get(f"/admin/catalog/product/{mug.pk}/change/").content.decode()
    assert f'<a href="/admin/catalog/product/{resale.pk}/change/"><strong>The RESALE</strong></a>' in page
    bowl = admin_client.get(f"/admin/catalog/product/{Product.objects.get(sku='BOWL').pk}/change/").content.decode()
    assert "None: nothing else is as near to it as a second listing would be." in bowl


@pytest.mark.parametrize("blind", [{"MUG-1", "MUG-2"}, {"RESALE"}])
def test_what_the_index_has_found_from_one_side_alone_is_held_up_to_the_other(shelf, monkeypatch, blind):
    read, names = near_duplicates.read_pairs, dict(Product.objects.values_list("pk", "sku"))
    unseen = {"MUG-1", "MUG-2", "RESALE"} - blind

    def miss(space, listings):
        pairs = read(space, listings)
        return [pair for pair in pairs if names[pair.listing_id] not in blind or names[pair.other_id] not in unseen]

    monkeypatch.setattr(near_duplicates, "read_pairs", miss)
    assert skus(find_near_duplicates(shelf)) == [{"MUG-1", "RESALE"}]


def test_products_that_are_not_active_are_left_out(shelf):
    Product.objects.filter(sku="RESALE").update(is_active=False)
    assert find_near_duplicates(shelf) == []


def test_the_command_prints_groups(shelf, capsys):
    call_command("find_duplicates", "--json")
    assert json.loads(capsys.readouterr().out)["skus"] == ["MUG-1", "RESALE"]


def test_the_command_says_what_to_do_without_a_space(db):
    with pytest.raises(CommandError, match="embed_products"):
        call_command("find_duplicates")


def test_what_somebody_has_told_apart_is_no_pair_any_more(shelf):
    first, second = Product.objects.filter(sku__in=["MUG-1", "RESALE"]).order_by("pk")
    DistinctPair.objects.create(first=first, second=second)
    assert find_near_duplicates(shelf) == []


def test_addresses_of_the_earlier_page_lead_to_the_list(admin_client):
    answer = admin_client.get("/admin/near-duplicates/")
    assert (answer.status_code, answer.url) == (302, "/admin/doctor/near_duplicate/")


COUNT, DIM, PLANTED = 1_200, 96, range(1, 1_200, 50)


@pytest.fixture
def catalogue(db) -> EmbeddingSpace:
    """1,200 listings with an HNSW index, of which every fiftieth is listed twice: the next one has its vectors."""
    space = make_space(dim=DIM)
    vectors = clustered_vectors(COUNT, DIM, spread=100.0)
    for first in PLANTED:
        vectors[first] = vectors[first - 1]
    load_products(1, COUNT)
    for modality in (FUSED, TEXT, IMAGE):
        load_vectors(space, vectors, modality=modality)
    create_indexes(space)
    forget_earlier_rows("catalog_product", "embeddings_productembedding")
    return space


def test_neighbours_come_out_of_the_index_and_are_those_of_an_exact_search(catalogue):
    assert skus(find_near_duplicates(catalogue)) == [{f"S{first}", f"S{first + 1}"} for first in PLANTED]
    statement = PAIRS.format(space=catalogue.pk, dim=DIM, neighbours=near_duplicates.NEIGHBOURS)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (COSTS OFF) " + statement, {"product_ids": [1, 2, 3]})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"Index Scan using {index_name(catalogue, 'fused')}" in plan


def test_variants_that_take_the_first_places_do_not_hide_a_second_listing(catalogue):
    """The index is asked to go on until there are neighbours outside the group."""
    variants = Product.objects.filter(pk__in=range(3, 303))
    variants.update(variant_group="DESIGN")
    vector = ProductEmbedding.objects.get(product_id=3, modality="fused").vector
    for number in range(3, 303):  # all near, no two alike: the index keeps equal vectors as one
        near = [*vector]
        near[number % DIM] += 0.02 * (1 + number // DIM)
        ProductEmbedding.objects.filter(product_id=number).update(vector=near)
    ProductEmbedding.objects.filter(product_id=303).update(vector=[vector[0] + 0.4, *vector[1:]])  # farther than they
    found = [group for group in find_near_duplicates(catalogue) if 303 in group.product_ids]
    assert [len(group.product_ids) for group in found] == [2]


def test_of_a_batch_nothing_is_kept_but_what_stands_out(catalogue, monkeypatch):
    monkeypatch.setattr(near_duplicates, "BATCH", 500)
    told: list[tuple[int, int]] = []
    find_near_duplicates(catalogue, progress=lambda listings, pairs: told.append((len(listings), len(pairs))))
    assert told == [(500, 20), (500, 20), (200, 8)]


class TestNotes:
    @pytest.fixture(autouse=True)
    def small_batches(self, monkeypatch):
        monkeypatch.setattr(near_duplicates, "BATCH", 2)

    def test_an_interrupted_comparison_goes_on_where_it_was(self, shelf, tmp_path, capsys, monkeypatch):
        notes, read, asked = tmp_path / "notes", near_duplicates.read_pairs, []

        def interrupted(space, listings):
            asked.append(len(listings))
            if len(asked) in (2, 4):
                raise KeyboardInterrupt
            return read(space, listings)

        monkeypatch.setattr(near_duplicates, "read_pairs", interrupted)
        with pytest.raises(KeyboardInterrupt):
            call_command("find_duplicates", "--notes", notes)
        with notes.open("a") as file:
            file.write('{"after": 99, "pai')  # killed while it wrote
        with pytest.raises(KeyboardInterrupt):
            call_command("find_duplicates", "--notes", notes)
        call_command("find_duplicates", "--json", "--notes", notes)
        assert asked == [2, 2, 2, 1, 1]  # none is compared again that was compared before
        assert json.loads(capsys.readouterr().out)["skus"] == ["MUG-1", "RESALE"]
        assert not notes.exists()

    def test_what_was_deleted_since_is_left_out(self, shelf, tmp_path, capsys):
        notes = tmp_path / "notes"
        done = ComparisonNotes(notes, of={"space": "test", **asdict(Thresholds())})
        find_near_duplicates(shelf, progress=done.add)
        Product.objects.get(sku="RESALE").delete()
        call_command("find_duplicates", "--json", "--notes", notes)
        assert capsys.readouterr().out == ""

    def test_what_stood_beside_a_listing_that_was_deleted_or_hidden_since_is_still_found(self, shelf, tmp_path, capsys):
        for sku in ("RESALE-2", "RESALE-3"):
            product = Product.objects.create(sku=sku, title="The mug again")
            ProductEmbedding.objects.bulk_create(
                ProductEmbedding(space=shelf, product=product, modality=kind, fingerprint="f", vector=[0.99, 0, 0.14])
                for kind in (FUSED, TEXT, IMAGE)
            )
        notes = tmp_path / "notes"
        done = ComparisonNotes(notes, of={"space": "test", **asdict(Thresholds())})
        (group,) = find_near_duplicates(shelf, progress=done.add)
        assert len(group.product_ids) == 4
        Product.objects.get(sku="RESALE").delete()
        Product.objects.filter(sku="RESALE-3").update(is_active=False)
        call_command("find_duplicates", "--json", "--notes", notes)
        assert json.loads(capsys.readouterr().out)["skus"] == ["MUG-1", "RESALE-2"]

    def test_notes_that_were_damaged_are_used_up_to_there(self, shelf, tmp_path, capsys):
        notes = tmp_path / "notes"
        done = ComparisonNotes(notes, of={"space": "test", **asdict(Thresholds())})
        find_near_duplicates(shelf, progress=done.add)
        head, first, *others = notes.read_bytes().splitlines(keepends=True)
        notes.write_bytes(head + first + b"\0" * 40 + b"\n" + b"".join(others))
        call_command("find_duplicates", "--json", "--notes", notes)
        assert json.loads(capsys.readouterr().out)["skus"] == ["MUG-1", "RESALE"]

    def test_notes_of_another_comparison_and_other_files_are_refused_and_kept(self, shelf, tmp_path):
        for text in ('{"space": "other"}\n', "my list of things\n"):
            notes = tmp_path / "notes"
            notes.write_text(text)
            with pytest.raises(CommandError, match="of another comparison: give another file"):
                call_command("find_duplicates", "--notes", notes)
            assert notes.read_text() == text
