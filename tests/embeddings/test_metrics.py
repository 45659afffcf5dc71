"""What of the embedding is counted: products by what came of them, inputs, failures by reason, stages."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from embeddings import services
from embeddings.encoders.base import EncoderUnavailable
from tests.counted import Counted
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def test_products_inputs_failures_and_stages_are_counted(monkeypatch):
    make_product("A", title="Mug")
    broken = make_product("B", title="Bowl", colours=["red"])
    make_product("C", title="")
    with default_storage.open(broken.images.get().file.name, "wb") as file:
        file.write(b"no picture at all")
    counted = Counted()
    services.refresh_pending()
    outcomes = {
        name: counted["kindred_products_refreshed_total", f'outcome="{name}"']
        for name in ("stored", "incomplete", "failed", "unchanged", "changed_meanwhile")
    }
    assert outcomes == {"stored": 1, "incomplete": 1, "failed": 1, "unchanged": 0, "changed_meanwhile": 0}
    reasons = ("nothing_to_encode", "unreadable", "out_of_reach", "not_stored")
    failures = [counted["kindred_embedding_failures_total", f'reason="{name}"'] for name in reasons]
    assert failures == [1, 1, 0, 0]
    assert counted["kindred_inputs_encoded_total", 'modality="text"'] >= 2  # of each in its parts
    assert counted["kindred_inputs_encoded_total", 'modality="image"'] == 0
    stages = ("lease", "placeholders", "read", "note", "encode", "fuse", "store", "settle")
    assert [counted["kindred_stage_seconds_count", f'stage="{name}"'] for name in stages] == [2, 1, 1, 1, 1, 1, 1, 1]


def test_what_stops_all_alike_is_counted_by_its_error(monkeypatch):
    def fail(*_args, **_options):
        raise EncoderUnavailable("no weights")

    make_product("A", title="Mug")
    make_product("B", title="Bowl")
    monkeypatch.setattr("embeddings.freshness.refresh.load_encoders", fail)
    counted = Counted()
    services.refresh_pending()
    assert counted["kindred_embedding_failures_total", 'reason="EncoderUnavailable"'] == 2
