"""Known families of picture encoders: how wide they are and where their vector is. No torch here."""

from __future__ import annotations

from typing import Any

from embeddings.encoders.base import UnknownEncoder
from embeddings.encoders.spec import EncoderSpec

# transformers, by model_type: the entry of config.json with the width, and where the vector of a picture is.
# "pooler": the network's own pooling. "cls": the first token after the last norm, because the pooler of these is a
# layer for their training task, or absent from the checkpoint.
TRANSFORMERS_FAMILIES: dict[str, tuple[str, str]] = {
    "resnet": ("hidden_sizes", "pooler"),
    "regnet": ("hidden_sizes", "pooler"),
    "convnext": ("hidden_sizes", "pooler"),
    "convnextv2": ("hidden_sizes", "pooler"),
    "dinov3_convnext": ("hidden_sizes", "pooler"),
    "efficientnet": ("hidden_dim", "pooler"),
    "vit": ("hidden_size", "cls"),
    "deit": ("hidden_size", "cls"),
    "dinov2": ("hidden_size", "cls"),
    "dinov2_with_registers": ("hidden_size", "cls"),
    "dinov3_vit": ("hidden_size", "cls"),
    "beit": ("hidden_size", "pooler"),
    "swin": ("embed_dim", "pooler"),
    "swinv2": ("embed_dim", "pooler"),
    "clip_vision_model": ("hidden_size", "pooler"),
    "siglip_vision_model": ("hidden_size", "pooler"),
}
# Joint encoders, by model_type: the entry with the width of the space that both towers share.
JOINT_FAMILIES: dict[str, tuple[str, ...]] = {
    "clip": ("projection_dim",),
    "chinese_clip": ("projection_dim",),
    "altclip": ("projection_dim",),
    "metaclip_2": ("projection_dim",),
    "align": ("projection_dim",),
    "siglip": ("vision_config", "hidden_size"),
    "siglip2": ("vision_config", "hidden_size"),
}
# What config.json leaves out where it is the library's default.
DEFAULT_WIDTHS = {"projection_dim": 512, "hidden_size": 768, "hidden_dim": 2560, "embed_dim": 96}
ALIGN_PROJECTION = 640

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


def image_dim(config: dict[str, Any]) -> int:
    """Return how long the vectors of a transformers picture encoder are."""
    kind = config["model_type"]
    key, _ = TRANSFORMERS_FAMILIES[kind]
    width = config.get(key, DEFAULT_WIDTHS.get(key))
    if isinstance(width, list):
        return int(width[-1])
    if width is None:
        raise UnknownEncoder(f"config.json of this {kind} does not say {key}.")
    if key == "embed_dim":  # Swin doubles its width between stages
        return int(width) << (len(config.get("depths", (2, 2, 6, 2))) - 1)
    return int(width)


def joint_dim(config: dict[str, Any]) -> int:
    """Return how long the vectors of a joint encoder are."""
    path = JOINT_FAMILIES[config["model_type"]]
    section = config if len(path) == 1 else config.get(path[0], {})
    default = ALIGN_PROJECTION if config["model_type"] == "align" else DEFAULT_WIDTHS[path[-1]]
    return int(section.get(path[-1], default))


def torchvision_dim(spec: EncoderSpec) -> int:
    """Return how long the vectors of a torchvision classifier without its last layer are. Raise UnknownEncoder."""
    if spec.name not in TORCHVISION_DIMS:
        raise UnknownEncoder(
            f"{spec.text!r}: {spec.name!r} is not among torchvision's encoders: {', '.join(TORCHVISION_DIMS)}."
        )
    return TORCHVISION_DIMS[spec.name]
