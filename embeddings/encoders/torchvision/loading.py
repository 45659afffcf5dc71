"""torchvision's classifiers as encoders: described by a table, loaded by network.py. No torch here until one is."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from embeddings.encoders.base import EncoderInfo, ImageEncoder, UnknownEncoder, make_identity
from embeddings.encoders.preprocessing import PREPROCESSING_VERSION
from embeddings.encoders.spec import EncoderSpec
from embeddings.encoders.weights import sha256_of

TORCHVISION_LICENCE = "BSD-3-Clause (code); weights trained on ImageNet"
TORCHVISION_DIMS: dict[str, int] = {
    **dict.fromkeys(("resnet18", "resnet34"), 512),
    **dict.fromkeys(("resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2"), 2048),
    **dict.fromkeys(("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"), 2048),
    **dict.fromkeys(("efficientnet_b0", "efficientnet_b1", "efficientnet_v2_s", "efficientnet_v2_m"), 1280),
    **{"efficientnet_b2": 1408, "efficientnet_b3": 1536, "efficientnet_b4": 1792, "efficientnet_b5": 2048},
    **{"efficientnet_b6": 2304, "efficientnet_b7": 2560, "efficientnet_v2_l": 1280},
    **{"convnext_tiny": 768, "convnext_small": 768, "convnext_base": 1024, "convnext_large": 1536},
    **{"vit_b_16": 768, "vit_b_32": 768, "vit_l_16": 1024, "vit_l_32": 1024, "vit_h_14": 1280},
    **{"swin_t": 768, "swin_s": 768, "swin_b": 1024, "swin_v2_t": 768, "swin_v2_s": 768, "swin_v2_b": 1024},
    **{"mobilenet_v2": 1280, "mobilenet_v3_small": 1024, "mobilenet_v3_large": 1280, "maxvit_t": 512},
}


def describe_torchvision(spec: EncoderSpec) -> EncoderInfo:
    """Return the description of a torchvision encoder: from a table and the hash of its file of weights, if any."""
    path = Path(spec.weights_path)
    if spec.weights_path and not path.is_file():
        raise UnknownEncoder(f"{spec.text!r}: there is no file of weights {path}.")
    weights = sha256_of(path) if spec.weights_path else f"torchvision {version('torchvision')}"
    return EncoderInfo(
        spec=spec.text,
        identity=make_identity(spec.text, weights=weights, declaration={"version": PREPROCESSING_VERSION}),
        dim=torchvision_dim(spec),
        modalities=frozenset({"image"}),
        licence=TORCHVISION_LICENCE,
        size_mb=round(path.stat().st_size / 1e6, 1) if spec.weights_path else 0.0,
    )


def load_torchvision(spec: EncoderSpec) -> ImageEncoder:
    """Return torchvision's `spec.name` with weights from a file or from its publisher. Raise EncoderError."""
    info = describe_torchvision(spec)
    from embeddings.encoders.torchvision.network import load_classifier  # imports torch

    return load_classifier(spec, info)


def torchvision_dim(spec: EncoderSpec) -> int:
    """Return how long the vectors of a torchvision classifier without its last layer are. Raise UnknownEncoder."""
    if spec.name not in TORCHVISION_DIMS:
        raise UnknownEncoder(
            f"{spec.text!r}: {spec.name!r} is not among torchvision's encoders: {', '.join(TORCHVISION_DIMS)}."
        )
    return TORCHVISION_DIMS[spec.name]
