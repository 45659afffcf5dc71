"""Pictures and sounds in a bucket that several machines share, on a server that speaks S3: as they are on a disk."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import F

pytest.importorskip("moto", reason="requirements-dev.txt is not installed")
pytest.importorskip("storages", reason="requirements-s3.txt is not installed")

from catalog.bucket import WINDOW, Bucket
from catalog.checks import check_open_bucket, check_secret_key
from catalog.files import find_stored
from catalog.models import LeftFile, Product, ProductImage
from catalog.pictures import orphans
from catalog.pictures.left_files import drop_left_files
from catalog.pictures.orphans import drop_orphans
from catalog.pictures.stored import clean_stored_pictures
from config.backup import media
from config.media import storage_settings
from embeddings.models import EncodedInput, PendingEmbedding, ProductEmbedding
from tests.catalog.bucket_server import REGION, BucketServer, server  # noqa: F401  (a fixture)
from tests.embeddings.conftest import encoders, rings  # noqa: F401  (fixtures)
from tests.factories import ProductAudioFactory, ProductFactory, ProductImageFactory, picture_bytes, picture_file

pytestmark = pytest.mark.django_db
NAME = "media"


@pytest.fixture
def bucket(server, settings, media_directory) -> Iterator[BucketServer]:  # noqa: F811
    """The storage of the settings, and an empty bucket; no disk is there to fall back to."""
    settings.STORAGES = settings.STORAGES | storage_settings(media=NAME, imports="")
    server.make_bucket(NAME)
    yield server
    server.drop_bucket(NAME)
    assert not list(media_directory.rglob("*"))


def content_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_a_picture_comes_by_rest_is_encoded_served_in_sizes_and_leaves_nothing(bucket, shop, client, encoders, rings):  # noqa: F811
    ProductFactory(sku="MUG", title="mug")
    sent = shop.post("/api/v1/products/MUG/images/", {"image": picture_file(colour="red")}, format="multipart")
    assert sent.status_code == 201
    (name,) = bucket.names(NAME)
    assert sent.json()["url"].endswith(f"/media/{name}")

    call_command("embed_products", stdout=StringIO(), stderr=StringIO())
    assert EncodedInput.objects.filter(sha256=ProductImage.objects.get().sha256).exists()
    assert ProductEmbedding.objects.filter(modality="image").exists()
    assert not PendingEmbedding.objects.exists()

    image = ProductImage.objects.get()
    original, sized = client.get(image.file.url), client.get(image.sized_url(160))
    assert (original.headers["Content-Type"], original.status_code) == ("image/png", 200)
    assert content_of(original)[:4] == b"\x89PNG"
    assert "immutable" in original.headers["Cache-Control"]
    assert content_of(sized)[8:12] == b"WEBP"
    made = f"sized/160/{image.sha256[:2]}/{image.sha256}.webp"
    assert bucket.names(NAME) == [name, made]
    bucket.client.put_object(Bucket=NAME, Key=made, Body=b"made once")
    assert content_of(client.get(image.sized_url(160))) == b"made once"

    assert shop.delete(f"/api/v1/products/MUG/images/{image.pk}/").status_code == 204
    LeftFile.objects.update(due_at=F("due_at") - timedelta(minutes=11))
    assert (sum(drop_left_files(False)), bucket.names(NAME)) == (1, [])


def test_a_file_is_kept_once_whoever_has_it_and_goes_with_the_last(bucket):
    first, second = ProductImageFactory(colour="red"), ProductImageFactory(colour="red")
    (name,) = bucket.names(NAME)
    assert (first.file.name, second.file.name) == (name, name)
    bucket.client.put_object(Bucket=NAME, Key=name, Body=b"cut")
    ProductImageFactory(colour="red")  # what is cut short is written anew
    assert default_storage.size(name) == len(default_storage.open(name).read()) > 3
    first.delete()
    LeftFile.objects.update(due_at=F("due_at") - timedelta(minutes=11))
    assert (sum(drop_left_files(False)), bucket.names(NAME)) == (0, [name])


def test_what_no_row_names_is_found_and_goes(bucket, client, monkeypatch):
    image, lost = ProductImageFactory(colour="red"), ProductImageFactory(colour="blue")
    client.get(lost.sized_url(160))
    ProductImage.objects.filter(pk=lost.pk)._raw_delete("default")
    LeftFile.objects.all().delete()  # as if nothing had noted it
    monkeypatch.setattr(orphans, "OLD_ENOUGH", timedelta(0))
    beginning = lost.sha256[:2]
    monkeypatch.setattr(orphans, "FOLDERS", [f"products/{beginning}", f"sized/160/{beginning}"])  # of 1,280
    assert sum(drop_orphans(True)) == 2
    assert sum(drop_orphans(False)) == 2
    LeftFile.objects.update(due_at=F("due_at") - orphans.WRITTEN_WITHIN)
    assert sum(drop_left_files(False)) == 1
    assert bucket.names(NAME) == [image.file.name]


def test_who_may_see_and_hear_is_asked_as_ever(bucket, client, admin_client):
    image, sound = ProductImageFactory(), ProductAudioFactory()
    Product.objects.update(is_active=False)
    for address in (image.file.url, image.sized_url(160), sound.file.url):
        assert client.get(address).status_code == 404
        seen = admin_client.get(address)
        assert (seen.status_code, "no-store" in seen.headers["Cache-Control"]) == (200, True)


def test_a_player_that_jumps_is_sent_its_part(bucket, client):
    sound = ProductAudioFactory()
    whole = content_of(client.get(sound.file.url))
    part = client.get(sound.file.url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, content_of(part)) == (206, whole[100:200])


def test_a_large_file_is_read_from_where_a_reader_jumps_to_in_few_requests(bucket, monkeypatch):
    content = bytes(range(256)) * (3 * WINDOW // 256)
    default_storage.save("large", ContentFile(content))
    default_storage.save("empty", ContentFile(b""))
    asked: list[tuple[int, int]] = []
    read = Bucket.read_range
    monkeypatch.setattr(Bucket, "read_range", lambda self, *part: asked.append(part[1:]) or read(self, *part))
    with default_storage.open("large") as file:
        file.seek(2 * WINDOW + 7)
        assert file.read(300) == content[2 * WINDOW + 7 :][:300]
        assert len(asked) == 2
        file.seek(0)
        assert file.read() == content
        assert len(asked) <= 5
        file.seek(-10, 2)
        assert (file.read(), file.read()) == (content[-10:], b"")
    assert default_storage.open("empty").read() == b""
    with pytest.raises(FileNotFoundError):
        default_storage.open("gone")


def test_a_bucket_that_is_away_is_an_error_of_the_disk_and_no_other(bucket, client, monkeypatch):
    image = ProductImageFactory()
    assert find_stored([image.file.name, "products/gone.png", ""]) == {image.file.name}
    bucket.client.delete_object(Bucket=NAME, Key=image.file.name)
    assert [client.get(address).status_code for address in (image.file.url, image.sized_url(160))] == [404, 404]
    away = Bucket(bucket=NAME, endpoint="http://127.0.0.1:9", region=REGION)
    with pytest.raises(OSError, match="does not answer"):
        away.open(image.file.name)
    monkeypatch.setattr(Bucket, "named", lambda self, name: {"Bucket": "another", "Key": name})
    with pytest.raises(OSError, match="NoSuchBucket"):
        default_storage.open(image.file.name)


def test_what_earlier_versions_stored_is_cleaned_there_too(bucket, client):
    image = ProductImageFactory()
    client.get(image.sized_url(160))
    default_storage.save(image.file.name, ContentFile(picture_bytes(colour="blue", format="JPEG") + b"left over"))
    ProductImage.objects.update(is_clean=False)
    assert [why for _, why in clean_stored_pictures()] == [""]
    assert not default_storage.open(image.file.name).read().endswith(b"left over")
    assert bucket.names(NAME) == [image.file.name]


def test_machines_that_share_a_bucket_need_one_secret_key(settings, monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert check_secret_key() == []
    settings.STORAGES = settings.STORAGES | storage_settings(media=NAME, imports=NAME)
    assert [said.id for said in check_secret_key()] == ["catalog.E004"]
    monkeypatch.setenv("SECRET_KEY", "one")
    assert check_secret_key() == []


def test_an_open_bucket_is_said_to_the_world_and_refused_where_staff_alone_may_look(bucket, settings, client):
    settings.MEDIA_URL = "https://cdn.shop.example/shop/"
    image = ProductImageFactory()
    assert image.file.url == f"https://cdn.shop.example/shop/{image.file.name}"
    assert "https://cdn.shop.example" in client.get("/").headers["Content-Security-Policy"]
    assert check_open_bucket() == []
    settings.KINDRED_AUDIT_VIEWS = True
    assert [said.id for said in check_open_bucket()] == ["catalog.E003"]


def test_media_of_a_backup_are_restored_into_a_bucket_which_is_not_copied_itself(bucket, tmp_path):
    assert media.find_folder() is None
    with tarfile.open(tmp_path / "media.tar", "w") as tar:
        described = tarfile.TarInfo("products/ab/picture.png")
        described.size = 3
        tar.addfile(described, io.BytesIO(b"png"))
    assert media.restore_tar(tmp_path / "media.tar", on_bytes=lambda _: None) == 1
    assert default_storage.open("products/ab/picture.png").read() == b"png"


def test_a_server_that_knows_no_ranges_is_not_read_to_its_end(bucket, monkeypatch):
    default_storage.save("products/aa/large.bin", ContentFile(bytes(10)))
    given = io.BytesIO(bytes(10))
    monkeypatch.setattr(default_storage.connection.meta.client, "get_object", lambda **_: {"Body": given})
    with pytest.raises(OSError, match=r"gave all of products/aa/large\.bin where a part was asked for"):
        default_storage.read_range("products/aa/large.bin", 0, 4)
    assert given.tell() == 4
