"""Sounds come with imports and go with exports and undoing, and pages play them."""

from __future__ import annotations

import pytest
from django.db.models import Q

from catalog.doctor.merging import copy_sounds, take_sounds_back
from catalog.models import PictureDownload, Product, ProductAudio
from catalog.uploads.exporting import make_small_file
from tests.catalog.uploads.upload_desk import UploadDesk
from tests.factories import ProductAudioFactory, ProductFactory, picture_bytes, sound_bytes

pytestmark = pytest.mark.django_db


def sounds_of(sku: str) -> list[str]:
    return [sound.sha256 for sound in Product.objects.get(sku=sku).sounds.all()]


def test_a_row_names_sounds_in_order_and_a_second_run_writes_nothing(folder):
    (folder.path / "low.wav").write_bytes(sound_bytes(100, format="WAV"))
    (folder.path / "high.ogg").write_bytes(sound_bytes(900, format="OGG"))
    row = {"sku": "A", "title": "Bell", "audio": "high.ogg|low.wav|https://sounds.example/c.mp3"}
    assert folder.load(folder.write_rows(row)).summary == "Created 1, changed 0, unchanged 0, rejected 0."
    low, high = ProductAudio.objects.order_by("-position")
    assert (high.position, low.position, low.seconds) == (0, 1, 0.5)
    download = PictureDownload.objects.get()
    assert (download.kind, download.position, download.url) == ("audio", 2, "https://sounds.example/c.mp3")
    assert folder.load(folder.write_rows(row)).summary == "Created 0, changed 0, unchanged 1, rejected 0."
    folder.load(folder.write_rows({"sku": "A", "title": "Bell", "audio": "low.wav"}))
    assert sounds_of("A") == [low.sha256]
    assert not PictureDownload.objects.exists()


def test_a_bad_sound_costs_itself_only(folder, settings):
    settings.KINDRED_SOUND_MIB = 1
    (folder.path / "a.mp3").write_bytes(picture_bytes())
    (folder.path / "big.wav").write_bytes(bytes(1024**2 + 1))
    (folder.path / "good.flac").write_bytes(sound_bytes())
    names = "a.mp3|big.wav|none.wav|../out.wav|good.flac"
    outcome = folder.load(folder.write_rows({"sku": "A", "title": "Bell", "audio": names}))
    assert len(sounds_of("A")) == 1
    said = " ".join(outcome.errors)
    for reason in (
        "sound 'a.mp3': the file is not a WAV, FLAC, Ogg or MP3 sound",
        "sound 'big.wav' is larger than 1 MiB",
        "unknown sound 'none.wav'",
        "sound '../out.wav' is outside the images folder",
    ):
        assert reason in said


def test_an_export_is_loaded_again_without_its_files(folder):
    sound = ProductAudioFactory(product=ProductFactory(sku="A", title="Bell"))
    text = make_small_file(Product.objects.all())
    assert sound.file.name in text
    (folder.path / "products.csv").write_text(text)
    assert folder.load(folder.path / "products.csv").summary == "Created 0, changed 0, unchanged 1, rejected 0."
    ProductAudioFactory(product=ProductFactory(sku="B"), file=sound.file.name, sha256=sound.sha256, seconds=1)
    Product.objects.get(sku="A").sounds.all().delete()
    folder.load(folder.path / "products.csv")
    assert sounds_of("A") == [sound.sha256]


def test_an_import_that_is_undone_gives_the_sounds_back(settings, tmp_path):
    settings.KINDRED_IMPORT_FOLDER = tmp_path / "imports"
    before = ProductAudioFactory(product=ProductFactory(sku="A"))
    other = ProductAudioFactory(product=ProductFactory(sku="B"))
    desk = UploadDesk()
    upload = desk.import_text(f"sku,title,audio\nA,Bell,{other.file.name}\nC,Drum,{other.file.name}\n")
    assert (sounds_of("A"), sounds_of("C")) == ([other.sha256], [other.sha256])
    undone = desk.undo(upload).undone
    assert (undone["restored"], undone["deleted"], undone["edits"]) == (1, 1, [])
    assert sounds_of("A") == [before.sha256]
    upload = desk.import_text(f"sku,title,audio\nA,Bell,{other.file.name}\n")
    third = ProductAudioFactory(product=Product.objects.get(sku="A"), position=5)
    assert desk.undo(upload).undone["edits"][0]["fields"] == ["sounds"]
    assert sounds_of("A") == [other.sha256, third.sha256]


def test_two_listings_that_are_merged_share_their_sounds_until_they_are_parted(admin_user):
    kept, gone = ProductAudioFactory(position=4), ProductAudioFactory()
    moved = copy_sounds(gone.product_id, kept.product_id, admin_user)
    assert sounds_of(kept.product.sku) == [kept.sha256, gone.sha256]
    assert copy_sounds(gone.product_id, kept.product_id, admin_user) == []
    take_sounds_back(gone.product_id, kept.product_id, moved, admin_user)
    assert list(ProductAudio.objects.filter(Q(pk=kept.pk) | Q(pk=gone.pk))) == list(ProductAudio.objects.all())


def test_pages_play_what_a_product_sounds_like_and_load_nothing_before(client, admin_client):
    sound = ProductAudioFactory(product=ProductFactory(sku="A", title="Bell"))
    page = client.get("/products/A/")
    html = page.content.decode()
    assert f'<audio controls preload="none" src="{sound.file.url}" aria-label="Bell, sound 1, 0.5 s">' in html
    assert f'<path d="{sound.waveform}"/>' in html
    assert "media-src 'self'" in page["Content-Security-Policy"]
    assert sound.waveform in admin_client.get(f"/admin/catalog/product/{sound.product_id}/change/").content.decode()
    assert sound.waveform in admin_client.get("/admin/catalog/productaudio/").content.decode()
    assert "<audio" not in client.get(f"/products/{ProductFactory().sku}/").content.decode()


def test_staff_upload_a_sound_and_hear_what_is_wrong_with_another(admin_client):
    from django.core.files.uploadedfile import SimpleUploadedFile

    product = ProductFactory()
    path = "/admin/catalog/productaudio/add/"
    bad = admin_client.post(path, {"product": product.pk, "position": 0, "file": SimpleUploadedFile("a.wav", b"no")})
    assert "The file is not a WAV, FLAC, Ogg or MP3 sound: save it as one of them." in bad.content.decode()
    good = SimpleUploadedFile("a.txt", sound_bytes())
    assert admin_client.post(path, {"product": product.pk, "position": 0, "file": good}).status_code == 302
    assert product.sounds.get().seconds == 0.5
