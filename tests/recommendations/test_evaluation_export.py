"""`manage.py export_embeddings`: every vector as it is stored, whole files or none."""

import errno
import io
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from recommendations.evaluation import export
from tests.recommendations.evaluation_shop import make_products, make_space, store_vectors

pytestmark = pytest.mark.django_db

VECTORS = {f"P{number}": np.random.default_rng(number).normal(size=4).astype(np.float16) for number in range(7)}


@pytest.fixture
def space():
    make_products([*VECTORS, "WITHOUT"])
    space = make_space("live-one", status="live")
    store_vectors(space, VECTORS)
    store_vectors(space, {"P1": [1, 0, 0, 0], "P2": [0, 0.5, 0, 0]}, modality="text")
    store_vectors(space, {"P2": [0, 0, 1, 0]}, modality="image")
    store_vectors(make_space("other"), {"P0": [9, 9, 9, 9]})
    return space


def run(*arguments):
    out = io.StringIO()
    call_command("export_embeddings", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_every_product_has_its_vectors_and_null_where_it_has_none(space, tmp_path):
    path = tmp_path / "all.parquet"
    assert run("--out", path).startswith(f"7 products of space live-one are in {path} (0.0 MB).")
    table = pq.read_table(path).to_pydict()
    assert table["sku"] == list(VECTORS)
    assert table["vector"] == [vector.astype(np.float32).tolist() for vector in VECTORS.values()]
    assert table["text_vector"] == [None, [1, 0, 0, 0], [0, 0.5, 0, 0], None, None, None, None]
    assert table["image_vector"] == [None, None, [0, 0, 1, 0], None, None, None, None]


def test_vectors_are_lists_of_float32_and_the_file_says_where_they_come_from(space, tmp_path):
    run("--out", tmp_path / "all.parquet")
    schema = pq.read_schema(tmp_path / "all.parquet")
    assert [(field.name, field.type) for field in schema] == [
        ("sku", pa.string()),
        ("vector", pa.list_(pa.float32())),
        ("text_vector", pa.list_(pa.float32())),
        ("image_vector", pa.list_(pa.float32())),
    ]
    assert schema.metadata[b"kindred.space"] == b"live-one"
    assert schema.metadata[b"kindred.text_encoder"] == b"packaged:e5-small"


def test_rows_are_streamed_in_groups(space, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "GROUP_ROWS", 3)
    steps = []
    assert export.export_embeddings(space, tmp_path / "all.parquet", advance=steps.append) == 7
    assert steps == [3, 3, 1]
    file = pq.ParquetFile(tmp_path / "all.parquet")
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [3, 3, 1]
    assert file.read().column("sku").to_pylist() == list(VECTORS)


def test_another_space_is_exported_by_name(space, tmp_path):
    run("--out", tmp_path / "other.parquet", "--space", "other")
    assert pq.read_table(tmp_path / "other.parquet").to_pydict()["vector"] == [[9, 9, 9, 9]]


def test_a_full_disk_is_named_and_leaves_the_older_file_alone(space, tmp_path, monkeypatch):
    path = tmp_path / "all.parquet"
    path.write_bytes(b"older")
    real = os.fdopen

    def open_full(handle, mode):
        os.close(handle)
        return open("/dev/full", mode)  # every write fails as on a full disk

    monkeypatch.setattr(export.os, "fdopen", open_full)
    with pytest.raises(CommandError) as error:
        run("--out", path)
    monkeypatch.setattr(export.os, "fdopen", real)
    assert str(error.value).startswith(f"The disk of {tmp_path} is full: the file takes about 0 MB. Free some space or")
    assert path.read_bytes() == b"older"
    assert os.listdir(tmp_path) == ["all.parquet"]


def test_a_stopped_export_leaves_nothing_behind(space, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export.export_embeddings(space, tmp_path / "all.parquet", advance=stop)
    assert os.listdir(tmp_path) == []


def test_other_failures_say_what_the_system_says(space, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(export.tempfile, "mkstemp", refuse)
    with pytest.raises(CommandError, match=r"all\.parquet cannot be written: Permission denied\."):
        run("--out", tmp_path / "all.parquet")


def test_the_file_can_be_read_by_others_as_any_new_file(space, tmp_path):
    run("--out", tmp_path / "all.parquet")
    (tmp_path / "any").write_bytes(b"")
    assert (tmp_path / "all.parquet").stat().st_mode == (tmp_path / "any").stat().st_mode


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "{tmp}"], "is a folder: name a file"),
        (["--out", "{tmp}/all.csv"], "What is written is Parquet, which all.csv would not say: name it all.parquet"),
        (["--out", "{tmp}/all"], "name it all.parquet"),
        (["--out", "{tmp}/no/all.parquet"], "There is no folder .*no: make it first"),
        (["--out", "{tmp}/all.parquet", "--space", "nope"], "There is no space nope. Spaces: live-one, other"),
        (["--out", "{tmp}/all.parquet", "--space", "empty"], "Space empty has no vectors yet"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(space, tmp_path, arguments, message):
    if "empty" in arguments:
        make_space("empty")
    with pytest.raises(CommandError, match=message):
        run(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert os.listdir(tmp_path) == []
