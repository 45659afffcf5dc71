"""The spec: one line that names an encoder, such as `hf:BAAI/bge-base-en?pooling=cls&prefix=`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl

from embeddings.encoders.base import UnknownEncoder

TEXT_OPTIONS = frozenset({"pooling", "prefix", "max_tokens"})
IMAGE_OPTIONS = frozenset({"pooling", "views", "size", "fit"})
# What may follow the `?`, by kind. `runtime=torch` switches the faster ONNX Runtime off.
OPTIONS: Mapping[str, frozenset[str]] = {
    "packaged": TEXT_OPTIONS | IMAGE_OPTIONS | {"runtime"},
    "hf": TEXT_OPTIONS | IMAGE_OPTIONS | {"revision"},
    "dir": TEXT_OPTIONS | IMAGE_OPTIONS,
    "torchvision": IMAGE_OPTIONS,
    "word2vec": frozenset({"a", "binary"}),
}
VALID_FORMS = (
    "packaged:e5-small, packaged:minilm, packaged:efficientnet-lite2, packaged:efficientnet-lite0, "
    "hf:OWNER/NAME, dir:/PATH, torchvision:resnet50, torchvision:resnet50@/PATH/weights.pth "
    "or word2vec:/PATH/vectors.txt, each with options such as ?pooling=cls&prefix=query:%20"
)


@dataclass(frozen=True)
class EncoderSpec:
    """A spec taken apart. `text` is the spec as it was written."""

    text: str
    kind: str
    name: str  # of the encoder, or the path of a directory or file
    weights_path: str = ""  # what follows `@`: a file of weights, torchvision only
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def parse_spec(text: str) -> EncoderSpec:
    """Take a spec apart. Raise UnknownEncoder, naming the valid forms, where it is none."""
    kind, separator, rest = text.strip().partition(":")
    name, _, query = rest.partition("?")
    if not separator or kind not in OPTIONS or not name:
        raise UnknownEncoder(f"{text!r} names no encoder. Valid forms: {VALID_FORMS}.")
    weights_path = ""
    if kind == "torchvision":
        name, _, weights_path = name.partition("@")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - OPTIONS[kind])
    if unknown:
        raise UnknownEncoder(
            f"{text!r} has the unknown option {unknown[0]!r}. "
            f"A {kind}: encoder takes {', '.join(sorted(OPTIONS[kind]))}."
        )
    return EncoderSpec(text.strip(), kind, name, weights_path, MappingProxyType(options))


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
