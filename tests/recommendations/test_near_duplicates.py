"""Second listings of the same product are found; variants, lookalikes and crowds are not."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command

from catalog.models import Product
from embeddings.models import EmbeddingSpace, Modality, ProductEmbedding
from recommendations.near_duplicates import (
    find_near_duplicates,
)


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
            for kind in Modality.values
        )
    return space


def skus(groups) -> list[set[str]]:
    names = dict(Product.objects.values_list("pk", "sku"))
    return [{names[number] for number in group.product_ids} for group in groups]


def test_finds_the_resale_in_the_database(shelf):
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


def test_the_admin_shows_groups_to_those_who_may_see_products(shelf, client):
    staff = User.objects.create_user("ann", is_staff=True)
    client.force_login(staff)
    assert client.get("/admin/near-duplicates/").status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_product"))
    assert client.get("/admin/near-duplicates/").status_code == 200


def test_the_admin_shows_groups_to_staff_alone(shelf, client, admin_client):
    assert client.get("/admin/near-duplicates/").status_code == 302
    page = admin_client.get("/admin/near-duplicates/").content.decode()
    assert page.index("The MUG-1") < page.index("The RESALE")
    assert "The BOWL" not in page
