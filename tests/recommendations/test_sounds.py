"""Products that sound alike: found by a product, by an uploaded sound, and by sound and words together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from embeddings import services
from embeddings.encoders.registry import register_encoder, unregister_encoder
from embeddings.inputs import read_fingerprints
from embeddings.modalities.audio import Audio
from embeddings.models import EmbeddingSpace, PendingEmbedding
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import create_space, ensure_live_space, promote
from embeddings.spaces.proposing import propose_modalities
from recommendations.search import encoding
from recommendations.search.queries import encoded_here
from recommendations.search.sounds import prepare_sound, search_sound
from tests.api.callers import errors, problem
from tests.embeddings.shop import embedded_modalities, make_product
from tests.factories import ProductAudioFactory, picture_bytes, sound_bytes
from tests.fakes import FakeAudioEncoder, fake_encoders

pytestmark = pytest.mark.django_db
API = "/api/v1/search/audio/"


@dataclass
class Shop:
    """A live space that knows sounds, and its encoder."""

    space: EmbeddingSpace
    encoder: FakeAudioEncoder


@pytest.fixture
def encoder(settings, monkeypatch) -> Iterator[FakeAudioEncoder]:
    monkeypatch.setattr("embeddings.tasks.embed_pending.apply_async", lambda **_: None)
    settings.KINDRED_TEXT_ENCODER, settings.KINDRED_IMAGE_ENCODER = "fake:text", "fake:image"
    settings.KINDRED_AUDIO_ENCODER = "fake:audio"
    encoder = FakeAudioEncoder()
    register_encoder(encoder)
    with fake_encoders():
        yield encoder
    unregister_encoder("fake:audio")


@pytest.fixture
def shop(encoder) -> Shop:
    for sku, hz in {"LOW": 100, "LOWISH": 180, "HIGH": 2000, "HIGHER": 3500}.items():
        ProductAudioFactory(product=make_product(sku, title="bell", colours=()), hz=hz)
    ProductAudioFactory(product=make_product("ONLY", title="", colours=()), hz=330)
    make_product("MUTE", title="bell", colours=["red"])
    ensure_live_space()
    services.refresh_pending()
    space = create_space("hearing")
    build_space(space)
    promote(space)
    return Shop(EmbeddingSpace.objects.live(), encoder)


def listed(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [result["sku"] for result in answer.json()["results"]]


def send(client, content: bytes, query: str = "", **form):
    file = SimpleUploadedFile("a.bin", content)
    with encoded_here():
        return client.post(f"{API}?limit=2&fields=sku{query}", {"audio": file, **form})


def test_a_new_space_knows_sounds_once_products_have_some_and_the_encoder_is_there(encoder, settings, caplog):
    assert propose_modalities() == {}
    ProductAudioFactory()
    assert propose_modalities() == {"audio": {"encoder": "fake:audio", "weight": Audio.default_weight}}
    settings.KINDRED_FIELD = "radiology"  # compares by pictures and reports, whatever else a case may have
    assert propose_modalities() == {}
    settings.KINDRED_FIELD = "sounds"
    assert propose_modalities() == {"audio": {"encoder": "fake:audio", "weight": 1}}
    settings.KINDRED_FIELD = "homeware"
    settings.KINDRED_AUDIO_ENCODER = "packaged:unheard-of"
    assert propose_modalities() == {}
    assert "New spaces go without audio: 'packaged:unheard-of' names no packaged encoder" in caplog.text


def test_who_embeds_hears_what_products_are_compared_without_and_what_to_do(encoder, settings):
    ProductAudioFactory()
    settings.KINDRED_AUDIO_ENCODER = "packaged:unheard-of"
    output = StringIO()
    call_command("embed_products", stdout=output)
    assert "Products are compared without audio: 'packaged:unheard-of' names no packaged encoder" in output.getvalue()
    assert "Then `spaces create NAME --build` and `spaces promote NAME`" in output.getvalue()


def test_products_are_embedded_by_their_sounds_and_again_when_these_change(shop):
    assert shop.space.list_modalities()["audio"].identity == "fake:audio#1"
    assert embedded_modalities(Product.objects.get(sku="LOW"), shop.space) == ["audio", "fused", "text"]
    assert embedded_modalities(Product.objects.get(sku="ONLY"), shop.space) == ["audio", "fused"]
    mute = Product.objects.get(sku="MUTE")
    before = read_fingerprints([mute.pk])
    ProductAudioFactory(product=mute, hz=2100)
    assert read_fingerprints([mute.pk]) != before
    services.refresh_pending()
    assert embedded_modalities(mute, shop.space) == ["audio", "fused", "image", "text"]
    encoded = shop.encoder.encoded
    mute.sounds.update(position=4)  # encoded before
    services.refresh_pending()
    assert (shop.encoder.encoded, PendingEmbedding.objects.count()) == (encoded, 0)
    mute.sounds.all().delete()
    assert read_fingerprints([mute.pk]) == before


def test_a_product_that_cannot_be_heard_says_which_sound(shop):
    sound = ProductAudioFactory(product=Product.objects.get(sku="MUTE"), hz=300)
    sound.file.storage.delete(sound.file.name)
    services.refresh_pending()
    reason = Product.objects.get(sku="MUTE").pending.reason
    assert reason.startswith("Sound 1 of 1: The sound's file cannot be read")


def test_what_sounds_like_a_product_is_asked_by_modality(shop, client):
    path = "/api/v1/products/LOW/similar/?modality=audio&limit=2&fields=sku&fallback=false"
    assert listed(client.get(path)) == ["LOWISH", "ONLY"]


def test_what_sounds_like_an_upload_is_found(shop, client):
    answer = send(client, sound_bytes(2050, format="WAV"))
    assert listed(answer) == ["HIGH", "HIGHER"]
    assert (answer.json()["mode"], answer["Cache-Control"]) == ("sound", "no-store")
    assert listed(send(client, sound_bytes(2050), "&exclude=HIGH"))[0] == "HIGHER"
    both = send(client, sound_bytes(2050), q="bell")
    assert (both.json()["mode"], set(listed(both)) <= {"HIGH", "HIGHER"}) == ("sound_and_text", True)


def test_a_sound_is_kept_to_ask_for_the_next_page_and_no_longer_than_that(shop, client, settings):
    first = send(client, sound_bytes(2050), "&variants=show").json()
    asked = {"audio_id": first["audio_id"], "cursor": first["next"], "limit": 2, "fields": "sku", "variants": "show"}
    with encoded_here():
        second = client.get(API, asked)
        whole = client.get(API, {"audio_id": first["audio_id"], "limit": 4, "fields": "sku"})
    assert [*(one["sku"] for one in first["results"]), *listed(second)] == listed(whole)
    assert len(set(listed(whole))) == 4
    other = client.get(API, asked | {"in_stock": "true"})
    assert errors(other).keys() == {"cursor"}
    cache.clear()
    assert problem(client.get(API, asked))["detail"] == "This sound is kept no longer. Send it again."
    settings.KINDRED_PHOTO_KEEP_S = 0
    kept = send(client, sound_bytes(2050)).json()
    assert (kept["audio_id"], kept["next"]) == (None, None)


def test_what_cannot_be_heard_is_refused_with_what_to_do(shop, client, settings):
    said = problem(send(client, picture_bytes()))
    assert said["errors"][0]["detail"] == (
        "The sound cannot be used: The file is not a WAV, FLAC, Ogg or MP3 sound: save it as one of them."
    )
    assert errors(client.post(API, {})) == {"audio": "required"}
    settings.KINDRED_SOUND_MIB = 0
    assert "larger than 0 MiB" in problem(send(client, sound_bytes()))["errors"][0]["detail"]


def test_a_space_without_sounds_says_so_and_no_worker_is_asked(encoder, client):
    make_product("A", title="bell", colours=())
    ensure_live_space()
    said = problem(send(client, sound_bytes()))
    assert "the live space has no vectors of sounds" in said["errors"][0]["detail"]


def test_without_a_worker_the_answer_is_503(shop, client, monkeypatch):
    monkeypatch.setattr("recommendations.search.queries.SOUND_DEADLINE_S", 0.01)
    monkeypatch.setattr("recommendations.tasks.answer_query.apply_async", lambda *_, **__: None)
    answer = client.post(API, {"audio": SimpleUploadedFile("a.bin", sound_bytes())})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_only_the_beginning_goes_to_the_worker(shop):
    sent = prepare_sound(sound_bytes(1000, seconds=30, rate=8000, format="WAV"))
    assert len(sent) < 20 * 8000 * 2
    with encoded_here(), CaptureQueriesContext(connection) as queries:
        search_sound(sent, limit=2)
    assert len(queries) < 9


def test_a_worker_warms_up_by_a_sound_as_well(shop):
    before = shop.encoder.encoded
    encoding.warm_up()
    assert shop.encoder.encoded == before + 1


def test_visitors_search_by_a_sound_on_a_page_of_its_own(shop, client):
    assert 'name="audio"' in client.get("/search/sound/").content.decode()
    with encoded_here():
        found = client.post("/search/sound/", {"audio": SimpleUploadedFile("a.bin", sound_bytes(2050))})
    html = found.content.decode()
    assert html.index("/products/HIGH/") < html.index("/products/HIGHER/") < html.index("/products/LOW/")
    refused = client.post("/search/sound/", {"audio": SimpleUploadedFile("a.bin", b"no")})
    assert (refused.status_code, "save it as one of them" in refused.content.decode()) == (400, True)
    assert client.post("/search/sound/").status_code == 400
