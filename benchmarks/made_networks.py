"""Networks of the usual sizes with random weights, as checkpoints: they cost what trained ones do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from embeddings.encoders.torchvision import compat  # noqa: F401  (before transformers, which imports torchvision)

import transformers  # isort: skip

WORDS = 8000


def save_made(name: str, directory: Path, *, texts: Sequence[str]) -> None:
    """Write `bert-base`, `vit-b-16` or `resnet-50` to a directory that `dir:` reads; words are those of `texts`."""
    torch.manual_seed(0)
    if name == "bert-base":
        tokenizer = train_tokenizer(texts)
        tokenizer.save_pretrained(directory)
        network: Any = transformers.BertModel(transformers.BertConfig(vocab_size=len(tokenizer)))
    elif name == "vit-b-16":
        network = transformers.ViTModel(transformers.ViTConfig())
        transformers.ViTImageProcessor().save_pretrained(directory)
    elif name == "resnet-50":
        network = transformers.ResNetModel(transformers.ResNetConfig())
        transformers.ConvNextImageProcessor(size={"shortest_edge": 224}).save_pretrained(directory)
    else:
        raise SystemExit(f"made:{name} is none of made:bert-base, made:vit-b-16 and made:resnet-50")
    network.save_pretrained(directory)


def train_tokenizer(texts: Sequence[str]) -> Any:
    """Return a WordPiece tokenizer of these texts' words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    unknown, start, end, padding = "[UNK]", "[CLS]", "[SEP]", "[PAD]"
    tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=WORDS, special_tokens=[padding, unknown, start, end], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, 2), (end, 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=padding,
        unk_token=unknown,
        cls_token=start,
        sep_token=end,
        model_max_length=512,
    )
