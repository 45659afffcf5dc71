"""How a text becomes one vector, by declaration: pooling, prefix and length."""

from __future__ import annotations

from dataclasses import dataclass, replace

from embeddings.encoders.spec import EncoderSpec, choose_option, number_option

POOLINGS = ("mean", "cls", "last", "max", "pooler")
MAX_TOKENS = 512
CHARACTERS_OF_A_TOKEN = 32  # at most, so that a book in a description is cut before it is tokenized, not after
LONGEST = 8192  # tokens; memory grows with the square


@dataclass(frozen=True)
class TextDeclaration:
    """What an encoder was trained with: how token vectors are pooled, what each text begins with, where it is cut."""

    pooling: str = "mean"
    prefix: str = ""
    max_tokens: int = MAX_TOKENS


def override(declared: TextDeclaration, spec: EncoderSpec) -> TextDeclaration:
    """Return `declared` with what the spec says otherwise. Raise UnknownEncoder for a value that cannot be."""
    return replace(
        declared,
        pooling=choose_option(spec, "pooling", allowed=POOLINGS, default=declared.pooling),
        prefix=spec.options.get("prefix", declared.prefix),
        max_tokens=number_option(spec, "max_tokens", default=declared.max_tokens, between=(2, LONGEST)),
    )
