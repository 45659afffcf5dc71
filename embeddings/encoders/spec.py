"""A spec taken apart: one line that names an encoder, such as `hf:BAAI/bge-base-en?pooling=cls&prefix=`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from embeddings.encoders.base import UnknownEncoder


@dataclass(frozen=True)
class EncoderSpec:
    """What registry.parse_spec makes of a spec. `text` is the spec as it was written."""

    text: str
    kind: str
    name: str  # of the encoder, or the path of a directory or file
    weights_path: str = ""  # what follows `@`: a file of weights, torchvision only
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def choose_option(spec: EncoderSpec, option: str, *, allowed: tuple[str, ...], default: str) -> str:
    """Return the value of `option`, one of `allowed`, or `default` where the spec has none."""
    value = spec.options.get(option, default)
    if value not in allowed:
        raise UnknownEncoder(f"{spec.text!r}: {option}={value} is not one of {', '.join(allowed)}.")
    return value


def number_option(spec: EncoderSpec, option: str, *, default: int, between: tuple[int, int]) -> int:
    """Return the whole number that `option` holds, or `default` where the spec has none."""
    value = spec.options.get(option, str(default))
    low, high = between
    if not value.isdecimal() or not low <= int(value) <= high:
        raise UnknownEncoder(f"{spec.text!r}: {option}={value} is not a whole number from {low} to {high}.")
    return int(value)


def lasting_text(spec: EncoderSpec) -> str:
    """Return the spec without what changes no vector: the runtime. Identities are made of it."""
    name, _, query = spec.text.partition("?")
    options = [part for part in query.split("&") if part and not part.startswith("runtime=")]
    return f"{name}?{'&'.join(options)}" if options else name
