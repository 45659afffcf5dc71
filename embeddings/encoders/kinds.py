"""What each kind of spec means: how its encoder is described and loaded. Heavy imports wait until needed."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from embeddings.encoders.base import EncoderInfo, ImageEncoder, TextEncoder, UnknownEncoder, make_identity
from embeddings.encoders.checkpoints import Checkpoint, find_checkpoint
from embeddings.encoders.image_families import image_dim, joint_dim, torchvision_dim
from embeddings.encoders.packaged import describe_packaged, load_packaged_image, load_packaged_text
from embeddings.encoders.preprocessing import PREPROCESSING_VERSION
from embeddings.encoders.spec import EncoderSpec
from embeddings.encoders.text_declaration import override
from embeddings.encoders.text_families import known_declaration, text_dim
from embeddings.encoders.weights import sha256_of
from embeddings.encoders.word_vectors import describe_word_vectors, load_word_vectors

TORCHVISION_LICENCE = "BSD-3-Clause (code); weights trained on ImageNet"


def describe_encoder(spec: EncoderSpec) -> EncoderInfo:
    """Return what is known of an encoder without loading or downloading it. Raise EncoderError."""
    if spec.kind == "packaged":
        return describe_packaged(spec)
    if spec.kind == "word2vec":
        return describe_word_vectors(spec)
    if spec.kind == "torchvision":
        return describe_torchvision(spec)
    return describe_checkpoint(spec, find_checkpoint(spec, may_download=False))


def load_encoder(spec: EncoderSpec, *, modality: str) -> TextEncoder | ImageEncoder:
    """Return the encoder, downloaded first where the spec asks for that. Raise EncoderError."""
    if spec.kind == "packaged":
        return load_packaged_text(spec) if modality == "text" else load_packaged_image(spec)
    if spec.kind == "word2vec":
        return load_word_vectors(spec)
    if spec.kind == "torchvision":
        info = describe_torchvision(spec)
        from embeddings.encoders.torchvision_family import load_torchvision

        return load_torchvision(spec, info)
    return load_checkpoint(spec, find_checkpoint(spec, may_download=True))


def load_checkpoint(spec: EncoderSpec, checkpoint: Checkpoint) -> TextEncoder | ImageEncoder:
    """Return the encoder in a checkpoint: text, picture, or both in one object."""
    info = describe_checkpoint(spec, checkpoint)
    if len(info.modalities) == 2:
        from embeddings.encoders.joint import load_joint

        return load_joint(spec, checkpoint, info)
    if "image" in info.modalities:
        from embeddings.encoders.image import load_checkpoint_image

        return load_checkpoint_image(spec, checkpoint, info)
    from embeddings.encoders.checkpoint_text import load_checkpoint_text

    return load_checkpoint_text(spec, checkpoint, info)


def describe_checkpoint(spec: EncoderSpec, checkpoint: Checkpoint) -> EncoderInfo:
    """Return the description of a checkpoint, from its config.json and the hash of its files."""
    modalities = checkpoint.modalities
    declaration: dict[str, object] = {**spec.options, "version": PREPROCESSING_VERSION}
    if len(modalities) == 2:
        dim = joint_dim(checkpoint.config)
    elif "image" in modalities:
        dim = image_dim(checkpoint.config)
    else:
        declared = override(known_declaration(checkpoint), spec)
        declaration = asdict(declared)
        dim = text_dim(checkpoint)
    return EncoderInfo(
        spec=spec.text,
        identity=make_identity(spec.text, weights=checkpoint.sha256, declaration=declaration),
        dim=dim,
        modalities=modalities,
        licence=checkpoint.licence,
        size_mb=checkpoint.size_mb,
    )


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
