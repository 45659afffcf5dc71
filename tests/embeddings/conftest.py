from __future__ import annotations

import pytest

from embeddings.freshness import bell
from tests.fakes import fake_encoders


@pytest.fixture
def encoders(settings):
    """The fake encoders, named by the settings: (text, image)."""
    settings.KINDRED_TEXT_ENCODER = "fake:text"
    settings.KINDRED_IMAGE_ENCODER = "fake:image"
    with fake_encoders() as pair:
        yield pair


@pytest.fixture
def rings(monkeypatch) -> list[str]:
    """No worker is told; the list holds one entry for each bell that was rung."""
    rung: list[str] = []
    monkeypatch.setattr(bell, "_broken_until", 0.0)
    monkeypatch.setattr("embeddings.tasks.embed_pending.apply_async", lambda **_: rung.append("bell"))
    return rung
