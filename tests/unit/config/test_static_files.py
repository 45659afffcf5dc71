"""Static files are compressed fast, for somebody waits for the first page, and named by what they hold."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.core.checks import run_checks

from config import static_files
from config.static_files import QuickStorage, collect_changed

SCRIPT = b"".join(b"export const word%d = 'similar products %d';\n" % (n, n * n) for n in range(200))


@pytest.fixture
def storage(tmp_path, settings, monkeypatch) -> QuickStorage:
    """A folder with what collectstatic has copied into it, and nothing more."""
    settings.STATIC_ROOT = str(tmp_path)
    monkeypatch.setattr(static_files, "describe_sources", lambda: "these files")
    for name in ("app.js", "app.js.map"):
        (tmp_path / name).write_bytes(SCRIPT)
    return QuickStorage(location=tmp_path, base_url="/static/")


def collect(storage: QuickStorage) -> set[str]:
    """Name and compress what is there, as collectstatic does, and return the names of the copies."""
    return {copy for _, copy, _ in storage.post_process({name: (storage, name) for name in ("app.js", "app.js.map")})}


def find_uncollected() -> list[str]:
    return [found.id for found in run_checks(include_deployment_checks=True) if found.id == "config.W001"]


def test_a_script_gets_a_name_of_its_content_and_compressed_copies_and_its_source_map_none(storage):
    assert storage.url("app.js") == "/static/app.js"  # before it is collected
    copies = collect(storage)
    hashed = storage.url("app.js").removeprefix("/static/")
    assert hashed != "app.js"
    assert {name for name in copies if ".map" not in name} == {
        hashed, "app.js.br", "app.js.gz", f"{hashed}.br", f"{hashed}.gz"
    }  # fmt: skip
    assert not [name for name in copies if name.endswith((".map.br", ".map.gz"))]
    again = QuickStorage(location=storage.location, base_url="/static/")  # another process
    assert again.url("app.js") == f"/static/{hashed}"
    assert again.url("of/no/release.css") == "/static/of/no/release.css"


def test_copies_are_made_at_the_quality_that_takes_a_fiftieth_of_the_time_of_the_best(storage):
    collect(storage)
    with storage.open("app.js.br") as quick, storage.open("app.js.gz") as zipped:
        assert quick.read() == brotli.compress(SCRIPT, quality=5)
        assert gzip.decompress(zipped.read()) == SCRIPT
    assert brotli.compress(SCRIPT, quality=5) != brotli.compress(SCRIPT)


def test_files_of_another_release_are_missed_until_they_are_collected(storage, monkeypatch, settings):
    assert find_uncollected() == ["config.W001"]
    collect(storage)
    assert find_uncollected() == []
    assert not collect_changed()
    monkeypatch.setattr(static_files, "describe_sources", lambda: "those of the next release")
    assert find_uncollected() == ["config.W001"]
    settings.DEBUG = True  # they are served from where they are
    assert find_uncollected() == []
