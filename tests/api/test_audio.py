"""Sounds of products over REST: uploaded or fetched, read, deleted, and served in parts to who may hear them."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import PictureDownload, ProductAudio
from catalog.pictures import writes
from catalog.sounds import checks
from tests.api.callers import errors, picture_bytes
from tests.factories import ProductAudioFactory, ProductFactory, sound_bytes

SOUNDS = "/api/v1/products/A/audio/"


def upload(caller, content: bytes, **fields):
    return caller.post(SOUNDS, {"audio": SimpleUploadedFile("any name.txt", content), **fields})


def test_a_sound_is_uploaded_listed_read_heard_and_deleted(shop, anyone, make_product):
    make_product("A")
    answer = upload(shop, sound_bytes(seconds=0.5))
    assert answer.status_code == 201
    sound = answer.json()
    assert (sound["seconds"], sound["position"]) == (0.5, 0)
    assert anyone.call("GET", "products/A/audio/").json() == {"results": [sound], "downloads": []}
    assert anyone.call("GET", f"products/A/audio/{sound['id']}/").json() == sound
    assert anyone.call("GET", "products/A/").json()["audio"] == [sound]
    assert anyone.call("GET", "products/?fields=audio").json()["results"] == [{"sku": "A", "audio": [sound]}]
    assert (again := upload(shop, sound_bytes(seconds=0.5))).status_code == 200
    assert again.json() == sound
    heard = anyone.get(sound["url"].removeprefix("http://testserver"))
    assert (b"".join(heard.streaming_content), heard["Content-Type"]) == (sound_bytes(seconds=0.5), "audio/flac")
    assert shop.call("DELETE", f"products/A/audio/{sound['id']}/").status_code == 204
    assert anyone.call("GET", "products/A/audio/").json()["results"] == []


def test_what_is_no_sound_and_one_too_many_are_refused(shop, app, make_product, monkeypatch):
    make_product("A")
    assert errors(upload(shop, picture_bytes())) == {"audio": "bad_audio"}
    assert upload(app, sound_bytes()).status_code == 403
    monkeypatch.setattr(checks, "MAX_SOUNDS", 0)
    assert errors(upload(shop, sound_bytes())) == {"audio": "bad_audio"}
    assert not ProductAudio.objects.exists()


def test_a_sound_by_url_is_fetched_by_the_worker(shop, anyone, make_product):
    make_product("A")
    with mock.patch.object(writes.current_app, "send_task"):
        answer = shop.call("POST", "products/A/audio/", {"url": "https://sounds.example/a.flac"})
    assert answer.status_code == 202
    number = answer.json()["id"]
    assert anyone.call("GET", "products/A/audio/").json()["downloads"][0]["id"] == number
    assert anyone.call("GET", "products/A/images/").json()["downloads"] == []
    writes.run_download(number, fetch=lambda *_, **__: sound_bytes())
    sound = ProductAudio.objects.get()
    found = anyone.call("GET", answer["Location"].partition("/api/v1/")[2]).json()
    assert (found["state"], found["audio_id"], found["image_id"]) == ("done", sound.pk, None)
    assert sound.source_url == "https://sounds.example/a.flac"
    other = PictureDownload.objects.create(product=sound.product, kind="audio", url="https://sounds.example/b.flac")
    writes.run_download(other.pk, fetch=lambda *_, **__: picture_bytes())
    other.refresh_from_db()
    assert (other.state, other.reason[:40]) == ("failed", "the file is not a WAV, FLAC, Ogg or MP3 ")


@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        ("bytes=0-3", 206, slice(0, 4), "bytes 0-3/{}"),
        ("bytes=8-", 206, slice(8, None), "bytes 8-{last}/{}"),
        ("bytes=-4", 206, slice(-4, None), "bytes {fourth_last}-{last}/{}"),
        ("bytes=0-999999", 206, slice(None), "bytes 0-{last}/{}"),
        ("bytes=0-1,4-5", 200, slice(None), None),
        ("metres=0-1", 200, slice(None), None),
        ("bytes=999999-", 416, slice(0, 0), "bytes */{}"),
        ("bytes=-0", 416, slice(0, 0), "bytes */{}"),
        ("bytes=5-2", 416, slice(0, 0), "bytes */{}"),
    ],
)
def test_a_player_gets_the_part_that_it_asks_for(anyone, db, asked, status, part, said):
    sound = ProductAudioFactory()
    content = Path(sound.file.path).read_bytes()
    answer = anyone.get(sound.file.url, headers={"Range": asked})
    sent = b"".join(answer.streaming_content) if answer.streaming else answer.content
    size, last = len(content), len(content) - 1
    assert (answer.status_code, sent) == (status, content[part])
    assert answer.get("Content-Range") == (said and said.format(size, last=last, fourth_last=size - 4))
    if status != 416:
        assert answer["Content-Length"] == str(len(sent))


def test_a_sound_is_heard_by_who_may_see_its_product_and_kept_by_its_content(anyone, admin_client):
    hidden = ProductAudioFactory(product=ProductFactory(is_active=False))
    assert anyone.get(hidden.file.url).status_code == 404
    assert admin_client.get(hidden.file.url)["Cache-Control"] == "private, no-store"
    shown = ProductAudioFactory()
    answer = anyone.get(shown.file.url)
    assert "immutable" in answer["Cache-Control"]
    assert anyone.get(shown.file.url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    changed = anyone.get(shown.file.url, headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert changed.status_code == 200
    shown.file.storage.delete(shown.file.name)
    assert anyone.get(shown.file.url).status_code == 404
