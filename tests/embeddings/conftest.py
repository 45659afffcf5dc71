from __future__ import annotations

from collections.abc import Iterator

import pytest

from embeddings.encoders import device
from embeddings.encoders.registry import forget_encoders
from embeddings.freshness import bell
from tests.fakes import fake_encoders

CUDA_DEVICES = device.CUDA_DEVICES


@pytest.fixture(scope="session", autouse=True)
def processor() -> Iterator[None]:
    """Encode on the processor, whose exact numbers the tests expect, also where there is a GPU; `gpu` asks for that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "CUDA_DEVICES", ())
        device.has_cuda.cache_clear()
        yield


@pytest.fixture
def gpu(monkeypatch) -> Iterator[None]:
    """Encode on the GPU, by encoders that are loaded there, and skip where there is none."""
    monkeypatch.setattr(device, "CUDA_DEVICES", CUDA_DEVICES)
    device.has_cuda.cache_clear()
    if not device.has_cuda():
        pytest.skip("no CUDA device here")
    forget_encoders()
    yield
    forget_encoders()
    device.has_cuda.cache_clear()


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
