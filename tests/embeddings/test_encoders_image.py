"""`hf:`, `dir:` and `torchvision:` picture encoders, and joint ones, on tiny checkpoints built here."""

import io

import numpy as np
import pytest
from PIL import Image

from embeddings.encoders.base import EncoderUnavailable, UnknownEncoder
from embeddings.encoders.preprocessing import Preprocessing, square_pixels
from embeddings.encoders.registry import describe, forget_encoders, get_image_encoder, get_text_encoder
from embeddings.encoders.torchvision.loading import TORCHVISION_DIMS
from tests.embeddings.test_encoders_text import save_tokenizer, unit

SIDE = 32
TEXTS = ["a red lamp", "lamp", "the small blue vase", "x", "wool", "red", "blue red", "a", "on", "table a"]


@pytest.fixture(autouse=True)
def fresh_registry():
    yield
    forget_encoders()


@pytest.fixture(scope="module")
def transformers():
    from embeddings.encoders.torchvision import compat  # noqa: F401

    import transformers  # isort: skip

    return transformers


@pytest.fixture(scope="module")
def pictures():
    """Ten pictures of different sizes, and the loaders of their files."""
    random = np.random.default_rng(3)
    sizes = [(40, 50), (50, 40), (32, 32), (64, 33), (100, 100), (35, 90), (48, 48), (41, 37), (77, 60), (33, 64)]
    pictures = [Image.fromarray(random.integers(0, 255, (height, width, 3), dtype=np.uint8)) for width, height in sizes]
    files = []
    for picture in pictures:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        files.append(buffer.getvalue)
    return pictures, files


SMALL_VIT = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "image_size": SIDE,
    "patch_size": 8,
}  # fmt: skip
SMALL_CONV = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
SMALL_EFFICIENTNET = {
    "hidden_dim": 64, "width_coefficient": 0.05, "depth_coefficient": 1.0, "initializer_range": 0.5,
    "in_channels": [32, 16], "out_channels": [16, 24], "kernel_sizes": [3, 3], "strides": [1, 2],
    "num_block_repeats": [1, 1], "expand_ratios": [1, 6], "depthwise_padding": [], "image_size": SIDE,
}  # fmt: skip
SMALL_SWIN = {
    "embed_dim": 8,
    "depths": [1, 1],
    "num_heads": [2, 2],
    "window_size": 4,
    "image_size": SIDE,
    "patch_size": 4,
}


def first_token(output):
    return output.last_hidden_state[:, 0]


def pooled(output):
    return output.pooler_output.flatten(1)


def mean_of_map(output):
    return output.last_hidden_state.mean((2, 3))


# transformers' name, its settings, its processor, the width, and the vector by the library's own forward.
FAMILIES = {
    "ResNet": ({**SMALL_CONV, "embedding_size": 8, "layer_type": "basic"}, "ConvNextImageProcessor", 32, mean_of_map),
    "ViT": (SMALL_VIT, "ViTImageProcessor", 16, first_token),
    "ConvNext": (SMALL_CONV, "ConvNextImageProcessor", 32, pooled),
    "Dinov2": ({**SMALL_VIT, "mlp_ratio": 2}, "BitImageProcessor", 16, first_token),
    "DINOv3ViT": ({**SMALL_VIT, "num_register_tokens": 2}, "DINOv3ViTImageProcessor", 16, first_token),
    "EfficientNet": (SMALL_EFFICIENTNET, "EfficientNetImageProcessor", 64, mean_of_map),
    "Beit": (SMALL_VIT, "BeitImageProcessor", 16, pooled),
    "Swin": (SMALL_SWIN, "ViTImageProcessor", 16, pooled),
}


def save_family(transformers, directory, family):
    """Write a tiny network with random weights and its processor; return both."""
    import torch

    settings, processor_name, _, _ = FAMILIES[family]
    torch.manual_seed(0)
    network = getattr(transformers, f"{family}Model")(getattr(transformers, f"{family}Config")(**settings)).eval()
    network.save_pretrained(directory)
    processor = getattr(transformers, processor_name)(size={"height": SIDE, "width": SIDE})
    if processor_name in {"ConvNextImageProcessor", "BitImageProcessor"}:
        crop = (
            {"crop_size": {"height": SIDE, "width": SIDE}}
            if processor_name == "BitImageProcessor"
            else {"crop_pct": 0.8}
        )
        processor = getattr(transformers, processor_name)(size={"shortest_edge": SIDE}, **crop)
    processor.save_pretrained(directory)
    return network, processor


def by_the_library(network, processor, pictures, pool):
    """Encode one picture after the other with the library's own processor and forward."""
    import torch

    with torch.inference_mode():
        rows = [pool(network(**processor(images=picture, return_tensors="pt"))) for picture in pictures]
    return unit(torch.cat(rows).numpy())


@pytest.mark.parametrize("family", list(FAMILIES))
def test_each_family_gives_the_vector_of_the_librarys_own_forward(transformers, tmp_path, pictures, family):
    network, processor = save_family(transformers, tmp_path, family)
    expected = by_the_library(network, processor, pictures[0], FAMILIES[family][3])
    encoder = get_image_encoder(f"dir:{tmp_path}")
    assert encoder.info.dim == expected.shape[1] == FAMILIES[family][2]
    assert encoder.info.modalities == {"image"}
    at_once, in_threes = encoder.encode_images(pictures[1]), encoder.encode_images(pictures[1], batch_size=3)
    np.testing.assert_allclose(at_once.vectors, expected, atol=1e-4)
    np.testing.assert_allclose(in_threes.vectors, expected, atol=1e-4)


def test_another_pooling_and_two_views_are_options(transformers, tmp_path, pictures):
    network, processor = save_family(transformers, tmp_path, "ViT")
    mean = by_the_library(network, processor, pictures[0], lambda output: output.last_hidden_state.mean(1))
    vectors = get_image_encoder(f"dir:{tmp_path}?pooling=avg").encode_images(pictures[1]).vectors
    np.testing.assert_allclose(vectors, mean, atol=1e-4)

    def mirrored(images, return_tensors):
        inputs = processor(images=images, return_tensors=return_tensors)
        return {"pixel_values": inputs["pixel_values"].flip(3)}

    both = by_the_library(network, processor, pictures[0], first_token)
    both = unit(both + by_the_library(network, mirrored, pictures[0], first_token))
    vectors = get_image_encoder(f"dir:{tmp_path}?views=2").encode_images(pictures[1]).vectors
    np.testing.assert_allclose(vectors, both, atol=1e-4)


def test_a_picture_checkpoint_is_refused_as_a_text_encoder(transformers, tmp_path):
    save_family(transformers, tmp_path, "ViT")
    with pytest.raises(UnknownEncoder, match="encodes no texts"):
        get_text_encoder(f"dir:{tmp_path}")


def test_a_checkpoint_without_its_preprocessing_is_refused(transformers, tmp_path):
    save_family(transformers, tmp_path, "ViT")
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(EncoderUnavailable, match=r"preprocessor_config.json"):
        get_image_encoder(f"dir:{tmp_path}")


VISION = {**SMALL_VIT, "projection_dim": 12}
TEXT = {
    "vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 24, "projection_dim": 12, "eos_token_id": 3, "pad_token_id": 0, "bos_token_id": 2,
}  # fmt: skip
JOINT = {
    "CLIP": ({"projection_dim": 12}, "CLIPImageProcessor", 12),
    "ChineseCLIP": ({"projection_dim": 12}, "ChineseCLIPImageProcessor", 12),
    "Siglip": ({}, "SiglipImageProcessor", 16),
    "Siglip2": ({}, "Siglip2ImageProcessor", 16),
}


def save_joint(transformers, directory, family):
    """Write a tiny joint network with random weights, its tokenizer and its processor; return network and processor."""
    import torch

    torch.manual_seed(0)
    settings, processor_name, _ = JOINT[family]
    text = {**TEXT, "projection_size": 16} if family.startswith("Siglip") else TEXT
    vision = {**VISION, "num_patches": 16} if family == "Siglip2" else VISION
    config = getattr(transformers, f"{family}Config")(text_config=text, vision_config=vision, **settings)
    network = getattr(transformers, f"{family}Model")(config).eval()
    network.save_pretrained(directory)
    save_tokenizer(directory, model_max_length=24)
    if family == "Siglip2":
        processor = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
    elif family == "Siglip":
        processor = transformers.SiglipImageProcessor(size={"height": SIDE, "width": SIDE})
    else:
        square = {"height": SIDE, "width": SIDE}
        processor = getattr(transformers, processor_name)(size={"shortest_edge": SIDE}, crop_size=square)
    processor.save_pretrained(directory)
    return network, processor


@pytest.mark.parametrize("family", list(JOINT))
def test_each_joint_family_gives_both_towers_from_one_loading(transformers, tmp_path, pictures, family):
    import torch

    network, processor = save_joint(transformers, tmp_path, family)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    with torch.inference_mode():
        images = [network.get_image_features(**processor(images=one, return_tensors="pt")) for one in pictures[0]]
        if family.startswith("Siglip"):  # trained on texts padded to the end, without a mask
            tokens = [tokenizer([text], padding="max_length", max_length=24, return_tensors="pt") for text in TEXTS]
            texts = [network.get_text_features(input_ids=one["input_ids"]) for one in tokens]
        else:
            texts = [network.get_text_features(**tokenizer([text], return_tensors="pt")) for text in TEXTS]
    expected_images = unit(torch.cat([one.pooler_output for one in images]).numpy())
    expected_texts = unit(torch.cat([one.pooler_output for one in texts]).numpy())

    info = describe(f"dir:{tmp_path}")
    assert (info.dim, info.modalities) == (JOINT[family][2], {"text", "image"})
    encoder = get_image_encoder(f"dir:{tmp_path}")
    assert encoder is get_text_encoder(f"dir:{tmp_path}")
    for batch_size in (32, 3):
        vectors = encoder.encode_images(pictures[1], batch_size=batch_size).vectors
        np.testing.assert_allclose(vectors, expected_images, atol=1e-4)
        np.testing.assert_allclose(encoder.encode_texts(TEXTS, batch_size=batch_size), expected_texts, atol=1e-4)


def test_siglip_reads_capital_letters_as_small_ones(transformers, tmp_path):
    save_joint(transformers, tmp_path, "Siglip")
    encoder = get_text_encoder(f"dir:{tmp_path}")
    np.testing.assert_allclose(encoder.encode_texts(["RED lamp"]), encoder.encode_texts(["red lamp"]), atol=1e-6)


@pytest.fixture(scope="module")
def torchvision():
    from embeddings.encoders.torchvision.compat import torchvision

    return torchvision


@pytest.mark.parametrize(
    ("name", "headless"),
    [
        ("resnet18", lambda network, x: network.avgpool(_resnet_map(network, x)).flatten(1)),
        ("efficientnet_b0", lambda network, x: network.avgpool(network.features(x)).flatten(1)),
        ("mobilenet_v2", lambda network, x: network.features(x).mean((2, 3))),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_torchvision_classifier_is_used_without_its_last_layer(
    torchvision, tmp_path, pictures, name, headless, suffix
):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    network = torchvision.models.get_model(name, weights=None).eval()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": {f"module.{key}": value for key, value in network.state_dict().items()}}, path)
    else:
        save_file(network.state_dict(), path)
    transforms = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    with torch.inference_mode():
        rows = [headless(network, transforms(picture)[None]) for picture in pictures[0][:4]]
    encoder = get_image_encoder(f"torchvision:{name}@{path}")
    vectors = encoder.encode_images(pictures[1][:4], batch_size=3).vectors
    # The library resizes as we do; its own order of rounding differs in the last digits.
    np.testing.assert_allclose(vectors, unit(torch.cat(rows).numpy()), atol=1e-4)


def _resnet_map(network, x):
    x = network.maxpool(network.relu(network.bn1(network.conv1(x))))
    return network.layer4(network.layer3(network.layer2(network.layer1(x))))


@pytest.mark.parametrize("name", sorted(TORCHVISION_DIMS))
def test_the_widths_in_the_table_are_those_of_torchvision(torchvision, name):
    import torch

    from embeddings.encoders.torchvision.network import remove_head

    with torch.device("meta"):
        network = torchvision.models.get_model(name, weights=None)
    assert remove_head(network) == TORCHVISION_DIMS[name]


def test_weights_of_another_network_are_refused(torchvision, tmp_path):
    import torch

    torch.save(torchvision.models.get_model("resnet18", weights=None).state_dict(), tmp_path / "weights.pth")
    with pytest.raises(EncoderUnavailable, match=r"does not fit resnet34: it lacks layer1.2"):
        get_image_encoder(f"torchvision:resnet34@{tmp_path}/weights.pth")


def test_a_file_that_would_run_code_when_it_is_read_is_refused(tmp_path):
    import pickle

    class Trap:
        def __reduce__(self):
            return (exit, ())

    (tmp_path / "weights.pth").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(EncoderUnavailable, match="no file of weights that can be read safely"):
        get_image_encoder(f"torchvision:resnet18@{tmp_path}/weights.pth")


def test_weights_that_cannot_be_downloaded_are_named_with_their_address(torchvision, monkeypatch, tmp_path):
    from urllib.error import URLError

    def refuse(*args, **options):
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(EncoderUnavailable, match=r"download.pytorch.org.*torchvision:resnet18@/PATH/resnet18-.*\.pth"):
        get_image_encoder("torchvision:resnet18")


def test_on_a_gpu_the_vectors_are_those_of_the_processor(gpu, transformers, tmp_path, pictures):
    network, processor = save_family(transformers, tmp_path, "ViT")
    expected = by_the_library(network, processor, pictures[0], first_token)
    vectors = get_image_encoder(f"dir:{tmp_path}").encode_images(pictures[1], batch_size=3).vectors
    assert (vectors * expected).sum(1).min() > 0.999  # bf16 keeps 8 bits


@pytest.mark.parametrize("size", [(260, 260), (300, 200), (199, 301), (1000, 333), (64, 65), (7, 50)])
@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
def test_the_squares_without_torch_equal_those_of_torchvision(size, fit):
    from embeddings.encoders.torchvision.geometry import square_transform

    how = Preprocessing(side=96, resize=110, mean=(0, 0, 0), std=(1, 1, 1), fit=fit)
    noise = np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    ours = square_pixels(picture, how)
    assert ours.shape == (96, 96, 3)
    np.testing.assert_array_equal(ours, square_transform(how)(picture).numpy())
