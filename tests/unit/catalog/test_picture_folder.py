"""The folder of an import's pictures: what its threads do when the import is stopped."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from catalog.importers import pictures

NAMES = [f"{number}.jpg" for number in range(20)]


def test_an_import_that_is_stopped_waits_for_the_pictures_in_hand_and_begins_no_other(monkeypatch):
    begun: list[str] = []
    all_busy, may_end = threading.Barrier(pictures.THREADS + 1), threading.Event()

    def store(name: str) -> None:
        begun.append(name)
        all_busy.wait()
        may_end.wait()

    class Threads(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, **options: Any) -> None:
            super().shutdown(wait=False, **options)
            all_busy.abort()  # or those that should not begin would wait for ever
            may_end.set()
            super().shutdown(wait=True)

    def take_pictures() -> None:
        with pictures.open_threads() as threads:
            for name in NAMES:
                threads.submit(store, name)
            all_busy.wait()
            raise KeyboardInterrupt

    monkeypatch.setattr(pictures, "ThreadPoolExecutor", Threads)
    with pytest.raises(KeyboardInterrupt):
        take_pictures()
    assert begun == NAMES[: pictures.THREADS]
