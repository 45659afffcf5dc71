"""Static files are compressed fast: somebody waits for the first page."""

from __future__ import annotations

import gzip

import brotli
import pytest

from config.static_files import QuickStorage

SCRIPT = b"".join(b"export const word%d = 'similar products %d';\n" % (n, n * n) for n in range(200))


@pytest.fixture
def storage(tmp_path) -> QuickStorage:
    for name in ("app.js", "app.js.map"):
        (tmp_path / name).write_bytes(SCRIPT)
    return QuickStorage(location=tmp_path, base_url="/static/")


def collect(storage: QuickStorage) -> set[str]:
    """Compress what is there, as collectstatic does, and return the names of the copies."""
    return {copy for _, copy, _ in storage.post_process({"app.js": None, "app.js.map": None})}


def test_a_script_gets_two_compressed_copies_and_its_source_map_none(storage):
    assert collect(storage) == {"app.js.br", "app.js.gz"}


def test_copies_are_made_at_the_quality_that_takes_a_fiftieth_of_the_time_of_the_best(storage):
    collect(storage)
    with storage.open("app.js.br") as quick, storage.open("app.js.gz") as zipped:
        assert quick.read() == brotli.compress(SCRIPT, quality=5)
        assert gzip.decompress(zipped.read()) == SCRIPT
    assert brotli.compress(SCRIPT, quality=5) != brotli.compress(SCRIPT)
