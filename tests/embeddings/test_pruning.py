"""What encoders said of what is gone, and vectors of spaces that are out of use, are kept for a time only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Chore
from catalog.pruning import prune
from embeddings import services, unused_inputs
from embeddings.models import EmbeddingSpace, EncodedInput, InputUse, ProductEmbedding
from embeddings.spaces import idle
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import create_space, promote
from tests.embeddings.shop import make_product, rename

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoders", "rings")]


def make_older(days: int) -> None:
    """Have all that encoders said, and what is known of its use, be so much older."""
    for said in EncodedInput.objects.all():
        EncodedInput.objects.filter(pk=said.pk).update(created_at=said.created_at - timedelta(days=days))
    for use in InputUse.objects.all():
        InputUse.objects.filter(pk=use.pk).update(used_on=use.used_on - timedelta(days=days))


def test_what_no_product_has_any_more_is_forgotten_after_some_weeks(monkeypatch):
    monkeypatch.setattr(unused_inputs, "PRODUCTS_AT_ONCE", 1)
    monkeypatch.setattr(unused_inputs, "INPUTS_AT_ONCE", 2)
    cup, gone = make_product("A", colours=["red"]), make_product("B", colours=["blue"])
    services.refresh_pending()
    made = set(EncodedInput.objects.values_list("pk", flat=True))
    assert (prune("inputs"), InputUse.objects.count()) == (0, len(made))

    gone.delete()
    rename(cup)
    services.refresh_pending()
    unused = len(made) - 1  # the picture of the first stays
    make_older(29)
    assert (prune("inputs", dry_run=True), prune("inputs")) == (0, 0)
    make_older(1)
    make_older(1)
    assert (prune("inputs", dry_run=True), set(EncodedInput.objects.values_list("pk", flat=True)) >= made) == (
        unused,
        True,
    )
    assert prune("inputs") == unused
    assert (len(made & set(EncodedInput.objects.values_list("pk", flat=True))), prune("inputs")) == (1, 0)
    assert InputUse.objects.count() == EncodedInput.objects.count()


def test_a_round_that_is_broken_off_goes_on_and_deletes_nothing_before_all_products_are_looked_at(monkeypatch):
    monkeypatch.setattr(unused_inputs, "PRODUCTS_AT_ONCE", 1)
    for number in range(3):
        make_product(f"P{number}")
    services.refresh_pending()
    count = EncodedInput.objects.count()
    make_older(100)
    for _ in range(3):
        assert prune("inputs", seconds=-1) == 0
    assert (Chore.objects.get().state["phase"], Chore.objects.get().done_at) == ("products", None)
    assert (prune("inputs"), Chore.objects.get().state, EncodedInput.objects.count()) == (0, {}, count)
    assert Chore.objects.get().done_at is not None


def test_what_an_encoder_said_that_no_space_has_goes_though_products_have_the_input():
    make_product("A")
    services.refresh_pending()
    said = EncodedInput.objects.first()
    EncodedInput.objects.create(encoder="other", sha256=said.sha256, vector=said.vector)
    EmbeddingSpace.objects.update(text_identity=said.encoder, image_identity=said.encoder)
    count = EncodedInput.objects.count()
    make_older(31)
    assert (prune("inputs"), EncodedInput.objects.count()) == (1, count - 1)


def test_a_round_that_is_gone_on_with_weeks_later_goes_by_when_it_began():
    make_product("A")
    services.refresh_pending()
    prune("inputs")
    make_older(40)  # as of a backup that is restored, or workers that stood still
    began = str(timezone.now().date() - timedelta(days=40))
    Chore.objects.update(state={"phase": "inputs", "after": 0, "began": began})
    assert (prune("inputs"), EncodedInput.objects.count() > 0) == (0, True)


def test_nothing_of_it_goes_where_it_is_kept_for_ever(settings):
    settings.KINDRED_INPUTS_KEPT_DAYS = settings.KINDRED_SPACES_KEPT_DAYS = 0
    make_product("A").delete()
    make_older(4000)
    assert (prune("inputs"), prune("spaces")) == (0, 0)


def retire(name: str, *, days: int) -> EmbeddingSpace:
    """Build a space and write down that it was retired so many days ago."""
    space = create_space(name)
    build_space(space)
    at = timezone.now() - timedelta(days=days)
    EmbeddingSpace.objects.filter(pk=space.pk).update(
        status="retired", promoted_at=at - timedelta(days=1), retired_at=at
    )
    return space


def test_a_space_that_is_promoted_just_now_keeps_vectors_and_indexes(monkeypatch, settings):
    make_product("P", colours=["red"])
    services.refresh_pending()
    old, _target = retire("old", days=200), retire("target", days=100)
    count, dropped = ProductEmbedding.objects.count(), []
    monkeypatch.setattr(idle, "drop_indexes", dropped.append)
    monkeypatch.setattr(idle, "lock_until_commit", lambda _: promote(old))
    assert (prune("spaces"), ProductEmbedding.objects.count(), dropped) == (0, count, [])


def test_vectors_of_spaces_out_of_use_go_and_the_recipe_stays(monkeypatch, settings):
    monkeypatch.setattr(idle, "DELETED_AT_ONCE", 2)
    settings.KINDRED_SPACES_KEPT_DAYS = 90
    for number in range(3):
        make_product(f"P{number}", colours=["red"])
    services.refresh_pending()
    old, target = retire("old", days=200), retire("target", days=100)
    vectors = ProductEmbedding.objects.filter(space=old).count()
    others = ProductEmbedding.objects.exclude(space=old).count()
    assert vectors > 2

    assert (prune("spaces", dry_run=True), prune("spaces")) == (vectors, vectors)
    assert (ProductEmbedding.objects.count(), EmbeddingSpace.objects.rollback_target()) == (others, target)
    old.refresh_from_db()
    assert (old.status, old.is_fitted) == ("retired", True)

    build_space(old)  # somebody wants it after all
    assert (prune("spaces"), ProductEmbedding.objects.filter(space=old).count()) == (0, vectors)
    promote(old)
