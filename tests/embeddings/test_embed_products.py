from __future__ import annotations

import io
import os
import re
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from catalog.models import Product
from embeddings import services
from embeddings.management import progress
from embeddings.management.commands import embed_products
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from embeddings.spaces import building, lifecycle
from embeddings.spaces.lifecycle import create_space
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def embed(*arguments: str) -> str:
    output = io.StringIO()
    call_command("embed_products", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("how", [[], ["--wait"]])
def test_a_database_that_goes_away_is_said_with_what_to_do_next(monkeypatch, how):
    def fail(*_, **__):
        raise OperationalError("terminating connection\n")

    monkeypatch.setattr(services, "refresh_stale", fail)
    with pytest.raises(CommandError) as raised:
        embed(*how)
    assert str(raised.value) == (
        "The database went away: terminating connection\nRun it again to go on: what is embedded stays."
    )


def test_everything_stale_is_embedded_and_what_waits_is_told_with_its_reason():
    Product.objects.bulk_create([Product(sku=sku, title=f"mug {sku}") for sku in "ABC"])
    make_product("EMPTY", title="")
    assert embed() == (
        "3 of 4 products are embedded in space starter.\n"
        "  1 waiting: Nothing to encode: give it a title, a description or a picture. (EMPTY)\n"
    )


def test_a_catalogue_is_fitted_on_with_the_first_bulk_embedding(monkeypatch):
    monkeypatch.setattr(lifecycle, "MIN_FIT_PRODUCTS", 3)
    monkeypatch.setattr(building, "MIN_FIT_PRODUCTS", 3)
    for sku in "ABC":
        make_product(sku)
    assert embed() == "3 of 3 products are embedded in space default.\n"
    assert EmbeddingSpace.objects.live().fitted_on == 3
    monkeypatch.setattr(lifecycle, "SMALL_GROWTH", 1)
    assert "has outgrown the 3 products that space default was fitted on" in embed()


def test_with_wait_workers_encode_and_it_shows_how_far_they_are(monkeypatch, rings, encoders):
    text, _ = encoders
    make_product("A")
    looks: list[int] = []

    def work(_: float) -> None:
        looks.append(len(text.encoded))
        services.refresh_pending()

    monkeypatch.setattr(embed_products.time, "sleep", work)
    rings.clear()
    assert embed("--wait") == "1 of 1 products are embedded in space starter.\n"
    assert looks == [0]  # it encoded nothing itself
    assert len(rings) == 1


def test_a_second_run_has_nothing_to_do(encoders):
    text, _ = encoders
    make_product("A")
    embed()
    encoded = list(text.encoded)
    assert embed("--stale") == "1 of 1 products are embedded in space starter.\n"
    assert text.encoded == encoded


def test_all_stores_every_product_again_from_what_encoders_have_said(encoders):
    text, _ = encoders
    make_product("A")
    embed()
    before = ProductEmbedding.objects.get(modality="fused").updated_at
    encoded = list(text.encoded)
    embed("--all", "--batch-size", "1")
    assert ProductEmbedding.objects.get(modality="fused").updated_at > before
    assert text.encoded == encoded


def test_a_space_that_is_not_live_is_built():
    make_product("A")
    embed()
    space = create_space("second")
    assert embed("--space", "second") == "Space second is ready.\n"
    assert ProductEmbedding.objects.filter(space=space, modality="fused").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", [["embed_products"], ["spaces", "build", "second"]])
def test_a_build_that_another_process_is_at_is_waited_for_and_named(monkeypatch, command):
    monkeypatch.setattr(lifecycle, "MIN_FIT_PRODUCTS", 1)
    monkeypatch.setattr(building, "MIN_FIT_PRODUCTS", 1)
    make_product("A")
    create_space("second")
    output, is_held, may_end = io.StringIO(), threading.Event(), threading.Event()

    def build_elsewhere() -> None:
        try:
            with building.hold_build("default"):
                is_held.set()
                may_end.wait(30)
        finally:
            connection.close()

    other = threading.Thread(target=build_elsewhere)
    other.start()
    is_held.wait(30)
    monkeypatch.setattr(progress, "time", SimpleNamespace(sleep=lambda _: (may_end.set(), other.join())))
    call_command(*command, stdout=output)
    said, *rest = output.getvalue().splitlines()
    expected = (
        rf"Another build runs since \d\d:\d\d:\d\d UTC \(space default, process {os.getpid()} on .*\): waiting for it."
    )
    assert re.fullmatch(expected, said)
    outcome = {
        "embed_products": "1 of 1 products are embedded in space default.",
        "spaces": "Space second is ready: 1 products.",
    }
    assert rest[0] == outcome[command[0]]


@pytest.mark.django_db(transaction=True)
def test_a_first_space_that_another_process_fits_meanwhile_is_taken_as_it_is(monkeypatch):
    monkeypatch.setattr(lifecycle, "MIN_FIT_PRODUCTS", 1)
    monkeypatch.setattr(building, "MIN_FIT_PRODUCTS", 1)
    make_product("A")
    hold = building.hold_build

    @contextmanager
    def come_second(name):
        monkeypatch.setattr(building, "hold_build", hold)
        building.fit_first_space()
        with hold(name):
            yield

    monkeypatch.setattr(building, "hold_build", come_second)
    assert embed() == "1 of 1 products are embedded in space default.\n"
    assert sorted(EmbeddingSpace.objects.values_list("name", "status")) == [("default", "live"), ("starter", "retired")]


@pytest.mark.django_db(transaction=True)
def test_a_shop_where_something_is_saved_all_the_time_is_done_with_what_was_there(monkeypatch):
    make_product("A")
    refresh, saved = services.refresh_pending, []

    def refresh_and_save(**options):
        outcome = refresh(**options)
        saved.append(make_product(f"SAVED{len(saved)}"))
        assert len(saved) < 10, "it does not end"
        return outcome

    monkeypatch.setattr(services, "refresh_pending", refresh_and_save)
    assert embed() == "1 of 2 products are embedded in space starter.\n"


def test_a_parked_product_is_given_another_chance():
    product = make_product("EMPTY", title="")
    embed()
    attempts = PendingEmbedding.objects.get(product=product)
    assert attempts.retry_at is None
    embed()
    assert PendingEmbedding.objects.get(product=product).reason == attempts.reason


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--space", "nowhere"], "There is no space 'nowhere'. Spaces: none yet."),
        (["--batch-size", "0"], "--batch-size lies between 1 and 1000"),
        (["--all", "--stale"], "not allowed with argument"),
    ],
)
def test_a_wrong_argument_is_named(arguments, complaint):
    with pytest.raises(CommandError, match=complaint):
        embed(*arguments)


def test_an_interruption_says_how_to_go_on_and_loses_nothing(monkeypatch):
    make_product("A")

    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr("embeddings.services.refresh_pending", interrupt)
    with pytest.raises(CommandError, match="Run it again to go on"):
        embed()
    monkeypatch.undo()
    assert embed() == "1 of 1 products are embedded in space starter.\n"
