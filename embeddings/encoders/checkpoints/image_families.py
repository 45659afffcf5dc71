"""Known families of picture and joint encoders, by model_type: how wide they are and where their vector is."""

from __future__ import annotations

from typing import Any

from embeddings.encoders.base import UnknownEncoder

# The entry of config.json with the width, and where the vector of a picture is.
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
# Joint encoders: the entry with the width of the space that both towers share.
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


def image_dim(config: dict[str, Any]) -> int:
    """Return how long the vectors of a transformers picture encoder are."""
    model_type = config["model_type"]
    key, _ = TRANSFORMERS_FAMILIES[model_type]
    width = config.get(key, DEFAULT_WIDTHS.get(key))
    if isinstance(width, list):
        return int(width[-1])
    if width is None:
        raise UnknownEncoder(f"config.json of this {model_type} does not say {key}.")
    if key == "embed_dim":  # Swin doubles its width between stages
        return int(width) << (len(config.get("depths", (2, 2, 6, 2))) - 1)
    return int(width)


def joint_dim(config: dict[str, Any]) -> int:
    """Return how long the vectors of a joint encoder are."""
    path = JOINT_FAMILIES[config["model_type"]]
    section = config if len(path) == 1 else config.get(path[0], {})
    default = ALIGN_PROJECTION if config["model_type"] == "align" else DEFAULT_WIDTHS[path[-1]]
    return int(section.get(path[-1], default))
