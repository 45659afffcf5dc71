"""How families of sentence encoders want their texts, by name and by the files that sentence-transformers writes."""

from __future__ import annotations

import re
from typing import Any

from embeddings.encoders.base import EncoderUnavailable
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.text_declaration import MAX_TOKENS, TextDeclaration

# The first pattern that is found in the checkpoint's name, in lower case, decides. From the publishers' model cards.
FAMILIES: tuple[tuple[str, TextDeclaration], ...] = (
    (r"e5-mistral", TextDeclaration(pooling="last")),
    (r"e5-.*instruct", TextDeclaration(pooling="mean")),  # documents have no instruction, and every product is one
    (r"(^|[^a-z])e5-", TextDeclaration(pooling="mean", prefix="query: ")),
    (r"bge-.*gemma|bge-en-icl", TextDeclaration(pooling="last")),
    (r"bge-", TextDeclaration(pooling="cls")),
    (r"gte-qwen|qwen3-embedding", TextDeclaration(pooling="last")),
    (r"gte-(multilingual|modernbert)|gte-.*-v1\.5|snowflake-arctic-embed", TextDeclaration(pooling="cls")),
    (r"gte-", TextDeclaration(pooling="mean")),
    (r"labse", TextDeclaration(pooling="pooler", max_tokens=256)),
    (r"minilm|mpnet|distiluse", TextDeclaration(pooling="mean")),
)
ROBERTA_TYPES = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})  # their first positions are never used
# What sentence-transformers calls the poolings in 1_Pooling/config.json, older and newer files.
POOLING_FLAGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
    "pooling_mode_max_tokens": "max",
}
POOLING_NAMES = {"mean": "mean", "cls": "cls", "lasttoken": "last", "max": "max"}


def known_declaration(checkpoint: Checkpoint) -> TextDeclaration:
    """Return the declaration of a checkpoint: what its own files say first, then its family, then mean pooling."""
    names = [checkpoint.name, str(checkpoint.config.get("_name_or_path", ""))]
    family = next(
        (known for name in names for pattern, known in FAMILIES if re.search(pattern, name.lower())), TextDeclaration()
    )
    has_modules = bool(checkpoint.read_json("modules.json"))
    return TextDeclaration(
        pooling=(_declared_pooling(checkpoint) if has_modules else None) or family.pooling,
        prefix=_declared_prefix(checkpoint) or family.prefix,
        max_tokens=min(_declared_length(checkpoint) or family.max_tokens, _longest(checkpoint.config)),
    )


def _declared_pooling(checkpoint: Checkpoint) -> str | None:
    """Return the pooling of the module that modules.json calls Pooling, None where there is no such module."""
    modules: list[dict[str, Any]] = checkpoint.read_json("modules.json").get("items", [])
    paths = [module["path"] for module in modules if module.get("type", "").endswith("Pooling")]
    if not paths:
        return None
    config = checkpoint.read_json(f"{paths[0]}/config.json")
    flags = [name for name, value in config.items() if name.startswith("pooling_mode_") and value]
    known = [POOLING_FLAGS[flag] for flag in flags if flag in POOLING_FLAGS]
    if "pooling_mode" in config and config["pooling_mode"] in POOLING_NAMES:
        known = flags = [POOLING_NAMES[config["pooling_mode"]]]
    if len(flags) != 1 or not known:
        raise EncoderUnavailable(
            f"{checkpoint.directory} pools by {', '.join(flags) or config}, which Kindred does not do: "
            "choose one of its poolings with ?pooling=mean, cls, last or max, or another encoder."
        )
    return known[0]


def _declared_prefix(checkpoint: Checkpoint) -> str:
    """Return the prompt that sentence-transformers would use when none is asked for."""
    config = checkpoint.read_json("config_sentence_transformers.json")
    prompts = config.get("prompts") or {}
    return str(prompts.get(config.get("default_prompt_name"), ""))


def _declared_length(checkpoint: Checkpoint) -> int:
    return int(checkpoint.read_json("sentence_bert_config.json").get("max_seq_length") or 0)


def _longest(config: dict[str, Any]) -> int:
    """Return how many tokens the network has positions for, at most MAX_TOKENS unless the files ask for more."""
    positions = int(config.get("max_position_embeddings") or MAX_TOKENS)
    return positions - 2 if config["model_type"] in ROBERTA_TYPES else positions


def dense_modules(checkpoint: Checkpoint) -> list[str]:
    """Return the directories of the Dense modules that follow pooling, as LaBSE and distiluse have."""
    modules: list[dict[str, Any]] = checkpoint.read_json("modules.json").get("items", [])
    return [module["path"] for module in modules if module.get("type", "").endswith("Dense")]


def text_dim(checkpoint: Checkpoint) -> int:
    """Return how long the vectors are."""
    dense = dense_modules(checkpoint)
    if dense:
        return int(checkpoint.read_json(f"{dense[-1]}/config.json")["out_features"])
    config = checkpoint.config
    for key in ("hidden_size", "d_model", "dim", "n_embd"):
        if key in config:
            return int(config[key])
    raise EncoderUnavailable(f"{checkpoint.directory}/config.json does not say how wide the network is (hidden_size).")
