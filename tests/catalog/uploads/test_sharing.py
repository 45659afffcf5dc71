"""Imports and exports on machines that share no disk: each step is done by another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import reverse

pytest.importorskip("moto", reason="requirements-dev.txt is not installed")
pytest.importorskip("storages", reason="requirements-s3.txt is not installed")

from catalog.models import Export, Product, Upload
from catalog.uploads.receiving import NotReceived, begin_upload, complete_upload, drop_upload, receive_piece
from catalog.uploads.running import run_export
from catalog.uploads.steering import request_export
from catalog.uploads.storage import PieceMisplaced, forget_files
from config.media import storage_settings
from tests.catalog.bucket_server import BucketServer, server  # noqa: F401  (a fixture)
from tests.catalog.uploads.upload_desk import pack
from tests.factories import picture_bytes

pytestmark = pytest.mark.django_db
NAME = "imports"
ROWS = b"sku,title,images\nA,Mug,a.png\nB,Cup,\n,Nameless,\n"


@pytest.fixture
def bucket(server, settings) -> Iterator[BucketServer]:  # noqa: F811
    settings.STORAGES = settings.STORAGES | storage_settings(media="", imports=NAME)
    server.make_bucket(NAME)
    yield server
    server.drop_bucket(NAME)


@pytest.fixture
def move(bucket, settings, tmp_path) -> Iterator[Callable[[], None]]:
    """Return a function that goes to a new machine; those before keep nothing."""
    machines: list[Path] = []

    def move() -> None:
        machines.append(tmp_path / f"machine{len(machines)}")
        settings.KINDRED_IMPORT_FOLDER = machines[-1]

    move()
    yield move
    assert [path for machine in machines for path in machine.rglob("*") if path.is_file()] == []


def test_a_file_comes_is_loaded_and_looked_at_on_a_machine_each(bucket, move, desk, admin_client, admin_user):
    upload = begin_upload(name="mugs.csv", asked_by=admin_user)
    for at, piece in ((0, ROWS[:10]), (10, b"a broken piece"), (10, ROWS[10:30]), (25, ROWS[25:])):
        move()
        assert receive_piece(upload, [piece[:3], piece[3:]], part="file", at=at) == at + len(piece)
    move()
    with pytest.raises(PieceMisplaced):
        receive_piece(upload, [b"z"], part="file", at=len(ROWS) + 1)
    receive_piece(upload, [pack({"a.png": picture_bytes(colour="red")})], part="pictures", at=0)
    move()
    complete_upload(upload)
    folder = f"imports/upload-{upload.pk}"
    assert bucket.names(NAME) == [f"{folder}/file", f"{folder}/pictures.zip"]
    assert bucket.client.get_object(Bucket=NAME, Key=f"{folder}/file")["Body"].read() == ROWS
    move()
    assert desk.work(upload).rejected == 1  # the check
    move()
    page = admin_client.get(reverse("import_file", args=[upload.pk]))
    assert [row.sku for row in page.context["rows"]] == ["A", "B", ""]
    move()
    assert (desk.load(upload).created, upload.error) == (2, "")
    assert Product.objects.get(sku="A").images.count() == 1
    move()
    rejected = admin_client.get(reverse("import_rejected", args=[upload.pk]))
    assert b"Nameless" in b"".join(rejected.streaming_content)
    move()
    drop_upload(Upload.objects.get())
    assert bucket.names(NAME) == []


def test_an_export_is_written_by_one_machine_and_sent_by_another(bucket, move, desk, admin_client, admin_user):
    Product.objects.create(sku="A", title="Mug")
    request_export(asked_by=admin_user, query="")
    export = Export.objects.get()
    run_export(export.pk)
    move()
    sent = admin_client.get(reverse("export_file", args=[export.pk]))
    assert b"A,Mug" in b"".join(sent.streaming_content)
    forget_files(export)
    assert bucket.names(NAME) == []
    assert admin_client.get(reverse("export_file", args=[export.pk])).status_code == 404


def test_what_is_no_file_leaves_nothing_behind(bucket, move):
    upload = begin_upload(name="empty.csv", asked_by=None)
    receive_piece(upload, [], part="file", at=0)
    move()
    with pytest.raises(NotReceived):
        complete_upload(upload)
    assert bucket.names(NAME) == []
