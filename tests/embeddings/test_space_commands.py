"""What the commands about spaces say: in words, with the reason and what to do next."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Product
from embeddings import services
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces import building, lifecycle, training
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import create_space, ensure_live_space, promote
from embeddings.spaces.training import describe_outcome
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(rings, encoders, monkeypatch):
    """Four embedded products."""
    for module in (lifecycle, building, training):
        monkeypatch.setattr(module, "MIN_FIT_PRODUCTS", 4)
    for number, colour in enumerate(["red", "green", "blue", "yellow"]):
        make_product(f"P{number}", title=f"{colour} mug", colours=[colour])
    services.refresh_pending()


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def make_ready(name: str) -> EmbeddingSpace:
    space = create_space(name)
    build_space(space)
    return space


@pytest.mark.parametrize("action", [("promote", "second"), ("compare", "starter", "second")])
def test_a_space_that_was_never_built_is_neither_promoted_nor_compared(action):
    ensure_live_space()
    create_space("second")
    with pytest.raises(CommandError) as error:
        run("spaces", *action)
    assert str(error.value) == "Space second is not built yet: build it first (manage.py spaces build second)."
    assert EmbeddingSpace.objects.live().name == "starter"


@pytest.mark.parametrize("action", [("promote", "second"), ("compare", "starter", "second")])
def test_a_space_whose_build_failed_says_why(action, monkeypatch):
    fail_build("second", monkeypatch)
    with pytest.raises(CommandError) as error:
        run("spaces", *action)
    assert str(error.value) == (
        "Space second is not built: the build failed (RuntimeError: the disk is full). Mend that, then run "
        "manage.py spaces build second again."
    )


def fail_build(name: str, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    space = create_space(name)
    with monkeypatch.context() as patch:
        patch.setattr(building, "_fit", fail)
        with pytest.raises(RuntimeError):
            build_space(space)


def test_a_second_roll_back_does_not_go_forward():
    for name in ("second", "third"):
        promote(make_ready(name))
    assert run("spaces", "rollback") == "Space second is live again.\n"
    assert run("spaces", "rollback") == "Space starter is live again.\n"
    with pytest.raises(CommandError) as error:
        run("spaces", "rollback")
    assert str(error.value) == (
        "There is no space to roll back to: none was served before the live one. third came after it: manage.py "
        "spaces promote third serves it again."
    )
    assert EmbeddingSpace.objects.live().name == "starter"


def test_a_promotion_after_a_roll_back_can_be_rolled_back_again():
    promote(make_ready("second"))
    run("spaces", "rollback")
    run("spaces", "promote", "second")
    assert run("spaces", "rollback") == "Space starter is live again.\n"


def test_the_list_names_what_failed_and_what_a_space_lacks_and_why(monkeypatch):
    make_product("EMPTY", title="")
    services.refresh_pending()
    make_ready("short")
    ProductEmbedding.objects.filter(space__name="short", product__sku__in=["P1", "P2"]).delete()
    fail_build("broken", monkeypatch)
    create_space("later")
    create_space("underway")
    EmbeddingSpace.objects.filter(name="underway").update(progress={"stage": "fit", "done": 0, "total": 1})
    lines = run("spaces", "list").splitlines()
    no_input = "Nothing to encode: give it a title, a description or a picture (EMPTY)"
    never = "not embedded in it yet, `manage.py spaces build {}` does it ({})"
    assert lines[-6:] == [
        "underway is being built. If that was broken off, `manage.py spaces build underway` goes on.",
        "later is not built yet: `manage.py spaces build later` does it.",
        "broken failed: RuntimeError: the disk is full. Mend that, then `manage.py spaces build broken` goes on.",
        f"broken lacks 5 of 5 products: {never.format('broken', 'P0, P1, P2, P3')}; {no_input}.",
        f"short lacks 3 of 5 products: {never.format('short', 'P1, P2')}; {no_input}.",
        f"starter lacks 1 of 5 products: {no_input}.",
    ]


def test_a_space_that_is_only_declared_says_so_and_how_it_is_built():
    ensure_live_space()
    assert run("spaces", "create", "later") == "Space later is declared. `manage.py spaces build later` builds it.\n"
    row = next(line.split() for line in run("spaces", "list").splitlines() if line.startswith("later "))
    assert row[:2] == ["later", "declared"]


def test_the_list_says_recipes_in_words(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ensure_live_space()
    assert "fake:text + fake:image, concat, text 0.6, 384 dims" in run("spaces", "list")


def test_a_comparison_names_the_space_that_covers_fewer_products():
    make_ready("second")
    ProductEmbedding.objects.filter(space__name="second", product__sku="P1").delete()
    told = run("spaces", "compare")
    assert "second lacks 1 of 4 products: not embedded in it yet, `manage.py spaces build second` does it (P1)." in told


def test_a_training_makes_a_new_space_and_says_in_a_sentence_what_it_came_to():
    told = run("train_fusion", "--space", "learned", "--views", "1").splitlines()
    assert told == [
        "Nothing was learned from 4 products that held-back ones confirm: the new space ranks as calibrated "
        "concatenation does.",
        "Space learned is ready: compare it (`spaces compare`), then promote it.",
    ]
    with pytest.raises(CommandError) as error:
        run("train_fusion", "--space", "learned")
    assert str(error.value) == (
        "There is a space learned already, and a training makes a new space NAME: choose another one, or drop it "
        "first (manage.py spaces drop learned)."
    )


@pytest.mark.parametrize(
    ("tuning", "sentence"),
    [
        ({"steps": 0}, "300 products are too few to tune on: the shared space is kept as it was fitted."),
        (
            {"steps": 0, "held_back_before": 1.5, "held_back_after": 1.5021},
            "Nothing gained on held-back products (1.500 before, 1.502 at best): kept as it was.",
        ),
        (
            {"steps": 40, "held_back_before": 1.5, "held_back_after": 1.62},
            "Held-back products gained from 1.500 to 1.620 in 40 steps, which are kept.",
        ),
    ],
)
def test_what_tuning_came_to_is_a_sentence(tuning, sentence):
    assert describe_outcome({"products": 300, "settings": {"strength": 0.3}, "tuning": tuning}) == sentence


@pytest.mark.parametrize(("asked", "meant"), [("p1", "P1"), ("GARDEN-HOSE-1O", "GARDEN-HOSE-10"), ("XYZ", None)])
def test_a_misspelt_sku_is_answered_with_the_one_that_was_meant(asked, meant):
    make_product("GARDEN-HOSE-10", title="Garden hose")
    with pytest.raises(CommandError) as error:
        run("similar", asked)
    question = f" Did you mean {meant}?" if meant else ""
    assert str(error.value) == f"There is no product with the SKU {asked}.{question}"


def test_the_comparison_without_labels_is_what_spaces_share_and_with_them_more():
    make_ready("second")
    lines = run("spaces", "compare", "starter", "second").splitlines()
    assert lines[0].split() == ["starter", "second"]
    assert lines[1].split()[:3] == ["overlap@10", "with", "starter"]
    assert lines[1].count("1.000") >= 2  # of four products everybody's nearest are all the others
    assert len(lines) == 2
    Product.objects.update(variant_group="mugs")
    labelled = run("spaces", "compare", "starter", "second", "--by", "variant_group")
    assert "recall@10" in labelled
    assert "overlap@10 with starter" in labelled
