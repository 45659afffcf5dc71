"""torchvision's classifiers without their last layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError

import safetensors.torch
import torch

from embeddings.encoders.base import EncoderInfo, EncoderUnavailable
from embeddings.encoders.batches import NetworkImageEncoder
from embeddings.encoders.on_device import OnDevice
from embeddings.encoders.preprocessing import Preprocessing, choose_fit
from embeddings.encoders.spec import EncoderSpec, number_option
from embeddings.encoders.torch_runtime import choose_device
from embeddings.encoders.torchvision.compat import torchvision
from embeddings.encoders.torchvision.geometry import RESAMPLING
from embeddings.encoders.torchvision.pixels import HALF, FromPixels, PixelNetwork

# What torchvision calls the part of a network that ends in the layer for 1,000 classes.
HEADS = ("fc", "classifier", "heads", "head")


def load_classifier(spec: EncoderSpec, info: EncoderInfo) -> NetworkImageEncoder:
    """Return torchvision's `spec.name` with weights from a file or from its publisher. Raise EncoderUnavailable."""
    preset = torchvision.models.get_model_weights(spec.name).DEFAULT
    how = preprocessing_of(preset.transforms(), spec)
    views = number_option(spec, "views", default=1, between=(1, 2))

    def load() -> FromPixels:
        state = read_weights(Path(spec.weights_path)) if spec.weights_path else _download(spec, preset)
        network = torchvision.models.get_model(spec.name, weights=None)
        dim = remove_head(network)
        if dim != info.dim:
            raise EncoderUnavailable(
                f"{spec.text!r} gives {dim} numbers, not the {info.dim} known: update torchvision."
            )
        _load_state(network, state, spec)
        return FromPixels(network, how, views=views)

    return NetworkImageEncoder(info, PixelNetwork(OnDevice(load, choose_device(HALF)), how))


def remove_head(network: torch.nn.Module) -> int:
    """Replace the last linear layer by nothing and return how many numbers went into it."""
    name = next(name for name in HEADS if hasattr(network, name))
    head = getattr(network, name)
    if isinstance(head, torch.nn.Linear):
        setattr(network, name, torch.nn.Identity())
        return head.in_features
    last, linear = [(key, module) for key, module in head.named_children() if isinstance(module, torch.nn.Linear)][-1]
    setattr(head, last, torch.nn.Identity())
    return linear.in_features


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a .pth or .safetensors file, whatever a training script wrapped them in."""
    if not path.is_file():
        raise EncoderUnavailable(f"There is no file of weights {path}.")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        content: Any = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # pickle, zip and safetensors each have errors of their own
        raise EncoderUnavailable(f"{path} is no file of weights that can be read safely ({error}).") from error
    for key in ("state_dict", "model"):
        content = content.get(key, content)
    return {name.removeprefix("module."): tensor for name, tensor in content.items()}


def _download(spec: EncoderSpec, preset: Any) -> dict[str, torch.Tensor]:
    try:
        state: dict[str, torch.Tensor] = preset.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        raise EncoderUnavailable(
            f"{spec.text!r}: {preset.url} cannot be downloaded ({error}). Download it elsewhere and name the file: "
            f"`torchvision:{spec.name}@/PATH/{Path(preset.url).name}`."
        ) from error
    return state


def _load_state(network: torch.nn.Module, state: dict[str, torch.Tensor], spec: EncoderSpec) -> None:
    """Load everything but the removed head. Raise EncoderUnavailable where the file is of another network."""
    try:
        result = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise EncoderUnavailable(f"{spec.weights_path} does not fit {spec.name}: {error}") from error
    if result.missing_keys:
        raise EncoderUnavailable(
            f"{spec.weights_path} does not fit {spec.name}: it lacks {', '.join(result.missing_keys[:3])}."
        )


def preprocessing_of(transforms: Any, spec: EncoderSpec) -> Preprocessing:
    """Return the declaration that torchvision's preset for these weights makes, with what the spec says otherwise."""
    side = number_option(spec, "size", default=transforms.crop_size[0], between=(32, 1024))
    grown = round(side * transforms.resize_size[0] / transforms.crop_size[0])
    mean, std = tuple(transforms.mean), tuple(transforms.std)
    resample = RESAMPLING[transforms.interpolation]
    return Preprocessing(side=side, resize=grown, mean=mean, std=std, resample=resample, fit=choose_fit(spec))
