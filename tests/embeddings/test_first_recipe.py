"""The recipe of the first space is the shop's, not that of whichever process happens to make or fit it."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from embeddings.encoders.registry import register_encoder, unregister_encoder
from embeddings.models import EmbeddingSpace, FirstRecipe
from embeddings.spaces import building, lifecycle
from embeddings.spaces.building import fit_first_space
from embeddings.spaces.lifecycle import create_space, declare_recipe, ensure_live_space
from embeddings.tasks import keep_declaration, prepare_embedding
from tests.embeddings.shop import make_product
from tests.fakes import FakeTextEncoder

pytestmark = pytest.mark.django_db
DECLARED = ("fake:text", "fake:image", "weighted")


@pytest.fixture(autouse=True)
def shop(rings, encoders, settings, monkeypatch):
    """A shop that is to have a weighted space, and products enough to fit it on."""
    settings.KINDRED_FUSION = "weighted"
    monkeypatch.setattr(lifecycle, "MIN_FIT_PRODUCTS", 3)
    monkeypatch.setattr(building, "MIN_FIT_PRODUCTS", 3)
    for number in range(4):
        make_product(f"P{number}", title=f"Mug {number}", colours=["red"])


def declared() -> list[tuple[str, str, str]]:
    return list(FirstRecipe.objects.values_list("text_encoder", "image_encoder", "fusion"))


def warnings() -> list[tuple[str, str]]:
    messages = run_checks(databases=["default"])
    return [(message.msg, message.hint) for message in messages if message.id == "embeddings.W004"]


def test_a_process_with_another_environment_fits_the_space_that_was_declared(settings):
    assert ensure_live_space().fusion == "weighted"
    settings.KINDRED_FUSION = "attention"
    assert fit_first_space().fusion == "weighted"
    assert declared() == [DECLARED]


def test_attention_stays_what_was_declared_although_the_first_space_is_concat_until_it_is_fitted(settings):
    settings.KINDRED_FUSION = "attention"
    assert ensure_live_space().fusion == "concat"
    settings.KINDRED_FUSION = "concat"
    assert fit_first_space().fusion == "attention"


def test_a_worker_declares_before_a_command_with_another_environment_can(settings):
    declare_recipe()
    settings.KINDRED_FUSION = "concat"
    assert ensure_live_space().fusion == "weighted"
    assert declared() == [DECLARED]


def test_a_worker_that_is_started_anew_declares_anew_until_there_is_a_space(settings):
    declare_recipe()
    settings.KINDRED_FUSION = "concat"
    declare_recipe()
    assert declared() == [("fake:text", "fake:image", "concat")]
    ensure_live_space()
    settings.KINDRED_FUSION = "weighted"
    declare_recipe()
    assert declared() == [("fake:text", "fake:image", "concat")]


def test_a_recipe_that_cannot_be_used_is_not_kept(settings, caplog):
    settings.KINDRED_FUSION = "addition"
    keep_declaration()
    assert "No first space can be made: There is no fusion 'addition'" in caplog.text
    with pytest.raises(ValueError, match="addition"):
        ensure_live_space()
    assert declared() == []
    settings.KINDRED_FUSION = "weighted"
    assert ensure_live_space().fusion == "weighted"


def test_a_setting_that_came_too_late_says_so_and_what_to_do(settings, caplog):
    ensure_live_space()
    assert warnings() == []
    settings.KINDRED_FUSION = "concat"
    message = (
        "KINDRED_FUSION is 'concat', but the recipe of this shop's first space was declared with 'weighted': the "
        "setting has no effect any more."
    )
    hint = (
        "Make a space of it with `manage.py spaces create NAME --fusion concat --build`, compare it and promote it; "
        "or set KINDRED_FUSION to what was declared."
    )
    assert warnings() == [(message, hint)]
    listed = io.StringIO()
    call_command("spaces", "list", stdout=listed)
    assert f"{message} {hint}\n" in listed.getvalue()
    keep_declaration()
    assert f"{message} {hint}" in caplog.text


def test_of_three_workers_in_one_process_it_is_the_one_that_embeds_which_says_so(settings, caplog):
    ensure_live_space()
    settings.KINDRED_FUSION = "concat"
    conf = SimpleNamespace(task_default_queue=settings.CELERY_TASK_DEFAULT_QUEUE)
    for queue in ("interactive", "embeddings", "pictures"):
        queues = SimpleNamespace(consume_from={queue: None})
        prepare_embedding(sender=SimpleNamespace(app=SimpleNamespace(conf=conf, amqp=SimpleNamespace(queues=queues))))
    assert len(caplog.records) == 1


def test_a_second_terminal_in_which_nothing_is_set_is_told_nothing(settings):
    ensure_live_space()
    settings.KINDRED_FUSION = "attention"
    settings.KINDRED_RECIPE_UNSET = {"KINDRED_FUSION": "attention"}
    assert warnings() == []
    settings.KINDRED_RECIPE_UNSET = {}  # the same value, and somebody has set it
    assert [message[:31] for message, _ in warnings()] == ["KINDRED_FUSION is 'attention', "]


def test_an_encoder_that_came_too_late_is_named_with_its_option(settings):
    ensure_live_space()
    other = FakeTextEncoder("fake:other-text")
    register_encoder(other)
    settings.KINDRED_TEXT_ENCODER = "fake:other-text"
    try:
        ((message, hint),) = warnings()
    finally:
        unregister_encoder(other.info.spec)
    assert message.startswith("KINDRED_TEXT_ENCODER is 'fake:other-text', but")
    assert "`manage.py spaces create NAME --text-encoder fake:other-text --build`" in hint


def test_a_space_that_was_made_by_hand_is_no_other_declaration():
    ensure_live_space()
    create_space("by-hand", fusion="concat")
    assert EmbeddingSpace.objects.count() == 2
    assert warnings() == []
