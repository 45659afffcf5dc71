"""Sound encoders: aiSFX from its package, and families of checkpoints on tiny ones that are built here."""

from __future__ import annotations

import importlib.util
from functools import partial
from io import BytesIO

import numpy as np
import pytest
import soundfile

from embeddings.encoders.base import EncoderUnavailable, UnknownEncoder
from embeddings.encoders.log_mel import LogMel
from embeddings.encoders.registry import describe, forget_encoders, get_audio_encoder, get_text_encoder
from tests.embeddings.test_encoders_text import save_tokenizer, unit
from tests.factories import picture_bytes, sound_bytes

RATE_HZ = 16_000
TEXTS = ["a red lamp", "lamp", "the small blue vase", "wool"]
needs_sfx = pytest.mark.skipif(
    importlib.util.find_spec("aisfx") is None, reason="pip install --no-deps -r requirements-encoders.txt"
)


@pytest.fixture(autouse=True)
def fresh_registry():
    yield
    forget_encoders()


@pytest.fixture(scope="module")
def transformers():
    from embeddings.encoders.torchvision import compat  # noqa: F401

    import transformers  # isort: skip

    return transformers


def wav(samples: np.ndarray) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


NOISES = [np.random.default_rng(0).normal(size=int(s * RATE_HZ)).astype(np.float32) for s in (1, 0.4, 1.5)]
SOUNDS = [noise / np.abs(noise).max() for noise in NOISES]
FILES = [partial(wav, sound) for sound in SOUNDS]
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


def save_ast(transformers, directory):
    shape = {"num_mel_bins": 32, "max_length": 64}
    network = transformers.ASTModel(transformers.ASTConfig(**SMALL, **shape, patch_size=8)).eval()
    extractor = transformers.ASTFeatureExtractor(**shape)
    return network, extractor, lambda inputs, seconds: network(**inputs).pooler_output, 0.64


def save_framed(transformers, directory, *, family="Wav2Vec2"):
    convolutions = {"conv_dim": [16, 16], "conv_kernel": [10, 8], "conv_stride": [5, 4], "num_conv_pos_embeddings": 8,
                    "num_conv_pos_embedding_groups": 2}  # fmt: skip
    config = getattr(transformers, f"{family}Config")(**SMALL, **convolutions)
    network = getattr(transformers, f"{family}Model")(config).eval()
    extractor = transformers.Wav2Vec2FeatureExtractor()
    return network, extractor, lambda inputs, seconds: network(**inputs).last_hidden_state.mean(1), 20


def save_whisper(transformers, directory):
    layers = {f"{side}_{name}": value for side in ("encoder", "decoder")
              for name, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 32))}  # fmt: skip
    config = transformers.WhisperConfig(d_model=16, vocab_size=60, pad_token_id=0, bos_token_id=1, eos_token_id=2,
                                        decoder_start_token_id=1, suppress_tokens=None, begin_suppress_tokens=None,
                                        **layers)  # fmt: skip
    network = transformers.WhisperModel(config).eval()

    def expect(inputs, seconds):
        return network.get_encoder()(**inputs).last_hidden_state[:, : round(seconds * 50)].mean(1)

    return network, transformers.WhisperFeatureExtractor(), expect, 30


def save_clap(transformers, directory):
    text = {**SMALL, "vocab_size": 60, "max_position_embeddings": 26, "pad_token_id": 0}
    audio = {"num_mel_bins": 32, "spec_size": 64, "patch_embeds_hidden_size": 8, "depths": [1, 1], "hidden_size": 16,
             "num_attention_heads": [1, 2], "window_size": 4, "patch_size": 4, "patch_stride": [4, 4],
             "enable_fusion": False, "num_classes": 3}  # fmt: skip
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=12)
    network = transformers.ClapModel(config).eval()
    save_tokenizer(directory, model_max_length=24)
    extractor = transformers.ClapFeatureExtractor(
        feature_size=32,
        sampling_rate=RATE_HZ,
        max_length_s=2,
        fft_window_size=256,
        hop_length=512,
        frequency_max=8000,
        truncation="rand_trunc",
    )
    return network, extractor, lambda inputs, seconds: network.get_audio_features(**inputs).pooler_output, 2


SAVED = {
    "ast": (save_ast, 16),
    "wav2vec2": (save_framed, 16),
    "hubert": (partial(save_framed, family="Hubert"), 16),
    "wavlm": (partial(save_framed, family="WavLM"), 16),
    "whisper": (save_whisper, 16),
    "clap": (save_clap, 12),
}


@pytest.mark.parametrize("family", list(SAVED))
def test_each_family_gives_the_vectors_of_its_network(transformers, tmp_path, family):
    import torch

    torch.manual_seed(0)
    save, dim = SAVED[family]
    network, extractor, expect, most_s = save(transformers, tmp_path)
    network.save_pretrained(tmp_path)
    extractor.save_pretrained(tmp_path)
    heard = [sound[: int(most_s * RATE_HZ)] for sound in SOUNDS]
    heard = [sound / np.abs(sound).max() for sound in heard]
    with torch.inference_mode():
        inputs = [extractor(sound, sampling_rate=RATE_HZ, return_tensors="pt") for sound in heard]
        rows = [expect(one, len(sound) / RATE_HZ) for one, sound in zip(inputs, heard, strict=True)]
    info = describe(f"dir:{tmp_path}")
    assert (info.dim, "audio" in info.modalities) == (dim, True)
    encoder = get_audio_encoder(f"dir:{tmp_path}")
    for batch_size in (8, 2):
        encoded = encoder.encode_sounds(FILES, batch_size=batch_size)
        np.testing.assert_allclose(encoded.vectors, unit(torch.cat(rows).numpy()), atol=1e-4)
        assert encoded.errors == {}
    if family == "clap":
        assert get_text_encoder(f"dir:{tmp_path}") is encoder
        assert encoder.encode_texts(TEXTS).shape == (4, 12)
    else:
        with pytest.raises(UnknownEncoder, match="encodes no texts"):
            get_text_encoder(f"dir:{tmp_path}")


def test_who_names_an_encoder_of_other_things_hears_which_one_to_name():
    with pytest.raises(UnknownEncoder, match=r"encodes no sounds: name one that does, such as packaged:sfx"):
        get_audio_encoder("packaged:e5-small")


def test_without_its_package_the_encoder_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert describe("packaged:sfx").dim == 512
    with pytest.raises(EncoderUnavailable, match=r"run `pip install --no-deps aisfx==0\.1\.2`"):
        get_audio_encoder("packaged:sfx")


@needs_sfx
def test_sounds_of_any_length_are_encoded_as_if_alone_and_bad_ones_say_why():
    encoder = get_audio_encoder("packaged:sfx")
    files = [
        sound_bytes(440, seconds=5),
        picture_bytes(),
        sound_bytes(900, seconds=0.1),
        wav(np.zeros(8000)),
        sound_bytes(440, seconds=5),
    ]
    told = []
    encoded = encoder.encode_sounds([partial(bytes, file) for file in files], batch_size=2, progress=told.append)
    assert sorted(encoded.errors) == [1, 3]
    assert encoded.errors[1].startswith("The file is not a WAV, FLAC, Ogg or MP3 sound")
    assert encoded.errors[3].startswith("Its first 20 seconds are silent")
    assert sum(told) == 5
    assert np.linalg.norm(encoded.vectors, axis=1) == pytest.approx([1, 0, 1, 0, 1], abs=1e-5)
    alone = encoder.encode_sounds([partial(bytes, files[2])]).vectors[0]
    np.testing.assert_allclose(encoded.vectors[2], alone, atol=1e-5)
    np.testing.assert_allclose(encoded.vectors[0], encoded.vectors[4], atol=1e-6)


@needs_sfx
def test_sfx_gives_the_vector_that_it_gave_and_hears_no_loudness():
    sound = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ)
    files = [partial(wav, sound), partial(wav, sound / 20)]
    loud, quiet = get_audio_encoder("packaged:sfx").encode_sounds(files).vectors
    np.testing.assert_allclose(loud, quiet, atol=1e-3)
    np.testing.assert_allclose(loud[:4], CANONICAL, atol=1e-3)


CANONICAL = [0.0699, 0.0177, 0.0276, 0.0139]


@needs_sfx
def test_families_of_sounds_are_told_apart_better_than_by_their_spectra():
    from benchmarks.sounds import JUDGED, encode_plainly, make_files, score

    files, labels = make_files(JUDGED[2:6], clips=3, seed=2000)
    vectors = get_audio_encoder("packaged:sfx").encode_sounds([partial(bytes, file) for file in files]).vectors
    assert score(vectors, labels) > score(encode_plainly(files), labels) + 0.1


def test_a_spectrum_is_in_bands_of_mel_and_zero_where_nothing_sounds():
    mel = LogMel(rate_hz=RATE_HZ, window=1024, hop=512, bands=40)
    assert mel.filters.sum(0) == pytest.approx(np.ones(40), abs=1e-5)
    times = np.arange(RATE_HZ) / RATE_HZ
    spectrum = mel(np.sin(2 * np.pi * 1000 * times).astype(np.float32))
    assert spectrum.shape == (32, 40)
    centres = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 42)[1:-1] / 2595) - 1)
    assert np.abs(centres - 1000).argmin() == spectrum.mean(0).argmax()
    assert not mel(np.zeros(RATE_HZ, np.float32)).any()
