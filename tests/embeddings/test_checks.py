from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.checks import run_checks

from embeddings.encoders.base import EncoderUnavailable
from embeddings.models import EmbeddingSpace, ProductEmbedding
from embeddings.spaces.lifecycle import ensure_live_space
from tests.factories import ProductFactory


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def found(**options) -> dict[str, str]:
    messages = run_checks(**options)
    return {message.id: message.msg for message in messages if message.id.startswith("embeddings.")}


def test_nothing_is_wrong_with_the_defaults(settings):
    settings.KINDRED_TEXT_ENCODER = "packaged:e5-small"
    settings.KINDRED_IMAGE_ENCODER = "packaged:efficientnet-lite2"
    assert found(include_deployment_checks=True) == {}


@pytest.mark.parametrize(
    ("name", "value", "check", "message"),
    [
        ("KINDRED_TEXT_ENCODER", "packaged:e6", "embeddings.E001", "KINDRED_TEXT_ENCODER is 'packaged:e6'"),
        ("KINDRED_TEXT_ENCODER", "fake:image", "embeddings.E002", "which encodes no text"),
        ("KINDRED_IMAGE_ENCODER", "fake:text", "embeddings.E002", "which encodes no image"),
        ("KINDRED_FUSION", "addition", "embeddings.E003", "no first space can be made of it"),
        ("KINDRED_PROMOTION_GATE", "silver", "embeddings.E009", "there is no such gate"),
        ("CELERY_TASK_ALWAYS_EAGER", True, "embeddings.E004", "in the process that sends them"),
    ],
)
def test_a_setting_that_cannot_work_is_named(settings, name, value, check, message):
    setattr(settings, name, value)
    reported = found(include_deployment_checks=True)
    assert list(reported) == [check]
    assert message in reported[check]


def test_weights_that_are_not_there_yet_are_a_warning(monkeypatch):
    def describe(spec):
        raise EncoderUnavailable("download it first")

    monkeypatch.setattr("embeddings.checks.describe", describe)
    assert list(found()) == ["embeddings.W002"]


@pytest.mark.django_db
def test_a_shop_without_a_live_space_is_told():
    assert found(databases=["default"]) == {"embeddings.I001": "There is no live space yet."}
    ensure_live_space()
    assert found(databases=["default"]) == {}


@pytest.mark.django_db
def test_a_missing_index_is_told(monkeypatch):
    space = ensure_live_space()
    monkeypatch.setattr("embeddings.spaces.indexes.INDEX_FROM_ROWS", 1)
    ProductEmbedding.objects.create(product=ProductFactory(), space=space, modality="image", vector=[1.0, 0.0])
    message = found(databases=["default"])["embeddings.W001"]
    assert message == f"The index emb_hnsw_s{space.pk}_image is missing or invalid: searches are slow."


@pytest.mark.django_db
def test_an_encoder_of_another_dim_is_told():
    space = ensure_live_space()
    EmbeddingSpace.objects.filter(pk=space.pk).update(text_encoder="fake:image")
    message = found(databases=["default"])["embeddings.E007"]
    assert message == "Encoder fake:image gives 109, space starter holds 64."


@pytest.mark.django_db
def test_a_modality_whose_encoder_is_in_the_space_itself_needs_none_elsewhere():
    space = ensure_live_space()
    EmbeddingSpace.objects.filter(pk=space.pk).update(modalities={"words": {"weight": 0.2, "encoder": "", "dim": 8}})
    assert found(databases=["default"]) == {}


@pytest.mark.django_db
def test_a_space_that_was_damaged_is_told_and_keeps_no_command_from_running():
    EmbeddingSpace.objects.create(name="damaged", status="live", text_dim=3, image_dim=3, parameters=b"nothing")
    message = found(databases=["default"])["embeddings.W005"]
    assert message.startswith("What space damaged has learned cannot be read: ")


def test_check_needs_no_database_and_loads_no_torch(tmp_path):
    code = (
        "import sys, django; django.setup();"
        "from django.core.management import call_command; call_command('check');"
        "sys.exit('torch' in sys.modules)"
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "KINDRED_HOME": str(tmp_path),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "CACHE_URL": "redis://127.0.0.1:1/1",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
